"""A third make, available everywhere: pynetdicom's own AE as SCU and as SCP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    CTImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from core.model import Level, Modality, Query, Ref
from core.network.scu import Caller
from tests.core.network.fakes import CT, MemoryArchive, Source, make_object, write_object


def _requestor(port: int, *classes: str):
    ae = AE("PYNETDICOM")
    for uid in classes:
        ae.add_requested_context(uid)
    assoc = ae.associate("127.0.0.1", port, ae_title="MODALITTY")
    assert assoc.is_established
    return assoc


def test_it_echoes_and_stores(port: int, archive: MemoryArchive) -> None:
    assoc = _requestor(port, Verification, CTImageStorage)
    assert assoc.send_c_echo().Status == 0
    sent = make_object("1.2.3.4", kib=300)
    assert assoc.send_c_store(sent).Status == 0
    assoc.release()
    assert assoc.is_released
    assert archive.datasets[0] == sent


def test_it_finds(port: int, archive: MemoryArchive) -> None:
    def matches(asked: Dataset) -> Iterator[Dataset]:
        for n in range(5):
            ds = Dataset()
            ds.StudyInstanceUID = f"1.2.{n}"
            ds.PatientName = "Müller" if n else "山田"
            yield ds

    archive.matches = matches
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.PatientName = ""
    assoc = _requestor(port, StudyRootQueryRetrieveInformationModelFind)
    answers = list(assoc.send_c_find(query, StudyRootQueryRetrieveInformationModelFind))
    assoc.release()
    assert [status.Status for status, _ in answers] == [0xFF00] * 5 + [0]
    assert [ds.PatientName for _, ds in answers[:2]] == ["山田", "Müller"]
    assert answers[-1][1] is None


@pytest.fixture
def pacs(settings: Source, tmp_path: Path) -> Iterator[tuple[Modality, list[Dataset]]]:
    """A pynetdicom AE that answers everything; what it was sent."""
    got: list[Dataset] = []

    def on_store(event: evt.Event) -> int:
        ds = event.dataset
        ds.file_meta = event.file_meta
        got.append(ds)
        return 0

    def on_find(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        for n in range(3):
            ds = Dataset()
            ds.QueryRetrieveLevel = "STUDY"
            ds.StudyInstanceUID = f"1.2.{n}"
            yield 0xFF00, ds

    def on_move(event: evt.Event) -> Iterator[object]:
        me = settings.current.modalities["me"]
        yield me.host, me.port
        yield 2
        for n in (1, 2):
            yield 0xFF00, make_object(f"1.2.3.{n}")

    ae = AE("PACS")
    ae.supported_contexts = []
    for uid in (
        Verification,
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelMove,
    ):
        ae.add_supported_context(uid)
    ae.add_supported_context(CT, "1.2.840.10008.1.2")
    ae.add_requested_context(CT, "1.2.840.10008.1.2.1")
    handlers = [(evt.EVT_C_STORE, on_store), (evt.EVT_C_FIND, on_find), (evt.EVT_C_MOVE, on_move)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    yield settings.modality("pacs", server.server_address[1]), got
    server.shutdown()


def test_we_echo_store_find_and_move(
    pacs: tuple[Modality, list[Dataset]],
    me: Modality,
    caller: Caller,
    archive: MemoryArchive,
    tmp_path: Path,
) -> None:
    peer, got = pacs
    assert caller.echo(peer).ok

    path = write_object(tmp_path, "1.2.3.4", kib=300)
    (result,) = caller.store(peer, [path])
    assert result.outcome.ok, result
    assert got[0].file_meta.TransferSyntaxUID == "1.2.840.10008.1.2", "it takes implicit VR only"
    assert got[0].PixelData == dcmread(path).PixelData
    assert got[0].PatientName == dcmread(path).PatientName

    *found, outcome = caller.find(peer, Query(level=Level.STUDY))
    assert outcome.ok
    assert [m.values["StudyInstanceUID"] for m in found] == ["1.2.0", "1.2.1", "1.2.2"]

    *_, last = caller.move(peer, Ref(level=Level.STUDY, study_uid="1"), "MODALITTY", message_id=8)
    assert last.outcome is not None
    assert last.outcome.ok, last
    assert last.counters.completed == 2
    assert [i.sop_instance_uid for i in archive.instances] == ["1.2.3.1", "1.2.3.2"]
