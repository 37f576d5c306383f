"""DCMTK's clients against our listener, and our calls against its servers."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pydicom import dcmread

from core.events import InstanceStored
from core.model import Level, Match, Modality, Outcome, OutcomeState, Query, Ref, Root
from core.network.scu import Caller
from tests.core.network.fakes import (
    MemoryArchive,
    Recorder,
    Source,
    make_object,
    write_object,
)
from tests.peers import dcmtk

pytestmark = pytest.mark.interop

AT = ("-aec", "MODALITTY")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "files"
    folder.mkdir()
    return [write_object(folder, f"1.2.3.4.{n}", kib=64) for n in range(1, 6)]


def test_echoscu(port: int) -> None:
    done = dcmtk.run("echoscu", "-v", *AT, "127.0.0.1", port)
    assert done.returncode == 0, done.stdout
    assert "Received Echo Response (Success)" in done.stdout


def test_storescu_arrives_byte_for_byte(
    port: int, archive: MemoryArchive, files: list[Path]
) -> None:
    done = dcmtk.run("storescu", *AT, "127.0.0.1", port, *files)
    assert done.returncode == 0, done.stdout
    assert len(archive.instances) == 5
    for sent, got in zip(files, archive.datasets, strict=True):
        assert got == dcmread(sent)


@pytest.mark.parametrize("size", [4096, 16384, 131072])
def test_storescu_with_pdus_of_any_size(
    size: int, settings: Source, port: int, archive: MemoryArchive, files: list[Path]
) -> None:
    settings.station(max_pdu=size)
    done = dcmtk.run("storescu", *AT, "-pdu", size, "127.0.0.1", port, *files)
    assert done.returncode == 0, done.stdout
    assert len(archive.instances) == 5


def test_storescu_is_told_of_a_full_disk_and_goes_on(
    port: int, archive: MemoryArchive, files: list[Path]
) -> None:
    archive.full_after = 10_000
    done = dcmtk.run("storescu", "-v", "-nh", *AT, "127.0.0.1", port, *files)
    assert done.stdout.count("Refused: OutOfResources") == 5, done.stdout
    archive.full_after = None
    assert dcmtk.run("storescu", *AT, "127.0.0.1", port, *files).returncode == 0


@pytest.mark.parametrize(
    ("model", "level", "keys"),
    [
        ("-P", "PATIENT", ["PatientID=P1", "PatientName"]),
        ("-P", "STUDY", ["PatientID=P1", "StudyInstanceUID"]),
        ("-S", "STUDY", ["StudyInstanceUID=1.2.3", "PatientName"]),
        ("-S", "SERIES", ["StudyInstanceUID=1.2.3", "SeriesInstanceUID"]),
        ("-S", "IMAGE", ["StudyInstanceUID=1.2.3", "SeriesInstanceUID=1.2.3.1", "SOPInstanceUID"]),
        ("-O", "STUDY", ["PatientID=P1", "StudyInstanceUID"]),
    ],
)
def test_findscu_at_each_level(
    model: str, level: str, keys: list[str], port: int, archive: MemoryArchive, files: list[Path]
) -> None:
    dcmtk.run("storescu", *AT, "127.0.0.1", port, files[0])
    words = [word for key in (f"QueryRetrieveLevel={level}", *keys) for word in ("-k", key)]
    done = dcmtk.run("findscu", "-v", model, *AT, *words, "127.0.0.1", port)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Pending") == 1, done.stdout
    assert "[MODALITTY ]" in done.stdout, "RetrieveAETitle is missing"
    assert "Final Find Response (Success)" in done.stdout


def test_findscu_cancels(port: int, archive: MemoryArchive) -> None:
    def endless(identifier):
        while True:
            yield make_object("1.2")[0x00100000:0x00110000]

    archive.matches = endless
    words = ("-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName", "--cancel", "3")
    done = dcmtk.run("findscu", "-v", "-S", *AT, *words, "127.0.0.1", port, timeout=30)
    assert "Cancel" in done.stdout, done.stdout


def test_movescu_with_storescp_as_third_party(
    settings: Source, port: int, files: list[Path], tmp_path: Path
) -> None:
    dcmtk.run("storescu", *AT, "127.0.0.1", port, *files)
    target = tmp_path / "third"
    with dcmtk.storescp(target, ae_title="THIRD") as third:
        settings.modality("third", third.port)
        words = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3")
        done = dcmtk.run("movescu", "-v", "-S", *AT, "-aem", "THIRD", *words, "127.0.0.1", port)
        assert done.returncode == 0, done.stdout
        assert len(list(target.iterdir())) == 5
        got = {dcmread(path).SOPInstanceUID: dcmread(path) for path in target.iterdir()}
    for path in files:
        sent = dcmread(path)
        assert got[sent.SOPInstanceUID].PixelData == sent.PixelData


def test_movescu_to_nobody(port: int, files: list[Path], settings: Source) -> None:
    dcmtk.run("storescu", *AT, "127.0.0.1", port, *files)
    settings.modality("gone", 9, ae_title="GONE")
    words = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3")
    done = dcmtk.run("movescu", "-v", "-S", *AT, "-aem", "WHO", *words, "127.0.0.1", port)
    assert "MoveDestinationUnknown" in done.stdout, done.stdout
    done = dcmtk.run("movescu", "-d", "-S", *AT, "-aem", "GONE", *words, "127.0.0.1", port)
    assert "SubOperations" in done.stdout, done.stdout
    assert "Failed Suboperations          : 5" in done.stdout, done.stdout


# -- our calls


def test_store_to_storescp(
    caller: Caller, settings: Source, files: list[Path], tmp_path: Path
) -> None:
    target = tmp_path / "peer"
    with dcmtk.storescp(target) as peer:
        modality = settings.modality("storescp", peer.port)
        assert caller.echo(modality).ok
        results = list(caller.store(modality, files))
        assert all(result.outcome.ok for result in results), results
        assert [Path(r.path) for r in results] == files
        assert len(list(target.iterdir())) == 5
    for path in target.iterdir():
        got = dcmread(path)
        sent = dcmread(next(f for f in files if f.name == f"{got.SOPInstanceUID}.dcm"))
        assert got == sent
        assert got.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID


def test_store_to_a_peer_of_implicit_vr_only(
    caller: Caller, settings: Source, files: list[Path], tmp_path: Path
) -> None:
    target = tmp_path / "peer"
    with dcmtk.storescp(target, "+xi") as peer:
        results = list(caller.store(settings.modality("storescp", peer.port), files[:1]))
        assert results[0].outcome.ok, results
    got = dcmread(next(target.iterdir()))
    assert got.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2"
    assert got.PixelData == dcmread(files[0]).PixelData
    assert got.PatientName == "Test^Case"


def test_store_to_a_peer_that_dies(
    caller: Caller, settings: Source, files: list[Path], tmp_path: Path
) -> None:
    with dcmtk.storescp(tmp_path / "peer", "--abort-after") as peer:
        modality = settings.modality("storescp", peer.port)
        results = list(caller.store(modality, files[:3]))
    assert [r.outcome.state for r in results] == [OutcomeState.ABORTED] * 3


@pytest.fixture
def archive_of_dcmtk(
    caller: Caller, settings: Source, port: int, files: list[Path], tmp_path: Path
):
    """A dcmqrscp that knows us and holds the files."""
    with dcmtk.dcmqrscp(tmp_path / "qr", {"us": ("MODALITTY", port)}) as peer:
        modality = settings.modality("qr", peer.port, ae_title="DCMQRSCP")
        results = list(caller.store(modality, files))
        assert all(r.outcome.ok for r in results), results
        yield modality


def test_find_in_dcmqrscp(caller: Caller, archive_of_dcmtk: Modality) -> None:
    keys = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1", "SOPInstanceUID": ""}
    items = list(caller.find(archive_of_dcmtk, Query(level=Level.IMAGE, keys=keys)))
    assert isinstance(items[-1], Outcome)
    assert items[-1].state is OutcomeState.OK
    found = sorted(m.values["SOPInstanceUID"] for m in items[:-1] if isinstance(m, Match))
    assert found == [f"1.2.3.4.{n}" for n in range(1, 6)]
    assert {m.peer for m in items[:-1]} == {"qr"}


def test_find_in_dcmqrscp_without_the_keys_above(
    caller: Caller, archive_of_dcmtk: Modality
) -> None:
    items = list(caller.find(archive_of_dcmtk, Query(level=Level.SERIES)))
    assert len(items) == 1
    assert items[0].state is OutcomeState.FAILED
    assert items[0].status
    assert items[0].status >> 8 in (0xA9, 0xC0)


def test_find_with_a_limit(caller: Caller, archive_of_dcmtk: Modality) -> None:
    keys = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1"}
    items = list(caller.find(archive_of_dcmtk, Query(level=Level.IMAGE, keys=keys, limit=2)))
    assert len(items) == 3
    assert items[-1].ok


@pytest.mark.parametrize("root", [Root.STUDY, Root.PATIENT])
def test_move_from_dcmqrscp_to_ourselves(
    root: Root,
    caller: Caller,
    archive_of_dcmtk: Modality,
    archive: MemoryArchive,
    recorder: Recorder,
) -> None:
    ref = Ref(level=Level.STUDY, patient_id="P1", study_uid="1.2.3")
    responses = list(caller.move(archive_of_dcmtk, ref, "MODALITTY", message_id=4711, root=root))
    assert responses[-1].outcome is not None
    assert responses[-1].outcome.state is OutcomeState.OK, responses
    assert responses[-1].counters.completed == 5
    assert len(archive.instances) == 5
    stored = recorder.wait(InstanceStored, 5)
    assert {(e.originator_ae, e.originator_id) for e in stored} == {("MODALITTY", 4711)}


def test_move_to_a_destination_the_source_does_not_know(
    caller: Caller, archive_of_dcmtk: Modality
) -> None:
    ref = Ref(level=Level.STUDY, study_uid="1.2.3")
    (last,) = caller.move(archive_of_dcmtk, ref, "NOBODY", message_id=1)
    assert last.outcome is not None
    assert last.outcome.status == 0xA801


def test_a_wrong_called_title_is_a_rejection_in_words(
    caller: Caller, settings: Source, archive_of_dcmtk: Modality
) -> None:
    wrong = settings.modality("wrong", archive_of_dcmtk.port)
    outcome = caller.echo(wrong)
    assert outcome.state is OutcomeState.REJECTED
    assert "AE title" in outcome.meaning


def test_arrivals_of_two_moves_at_once_are_told_apart(
    caller: Caller,
    settings: Source,
    archive_of_dcmtk: Modality,
    recorder: Recorder,
) -> None:
    def move(message_id: int) -> None:
        ref = Ref(level=Level.STUDY, study_uid="1.2.3")
        list(caller.move(archive_of_dcmtk, ref, "MODALITTY", message_id=message_id))

    threads = [threading.Thread(target=move, args=(n,)) for n in (100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    ids = [e.originator_id for e in recorder.wait(InstanceStored, 10)]
    assert sorted(ids) == [100] * 5 + [200] * 5
