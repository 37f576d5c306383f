"""A look at one object of a peer: by C-GET and by C-MOVE, kept nowhere unless asked."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
)

from core.errors import OutOfResourcesError
from core.events import InstanceStored
from core.model import JobState, Level, Modality, Outcome, OutcomeState, Query, Ref, Retrieve
from core.model.look import Look
from core.settings_file import SettingsStore
from core.station import Station
from core.transfers import look_taker
from core.transfers.look_files import LookFile, LookFolder
from tests.core.test_transfers import as_modality, station_at
from tests.peers import dcmtk
from tests.peers.orthanc import Orthanc
from tests.samples import sample_file
from tests.tui.console import image_object, write_studies

STUDY = Ref(level=Level.STUDY, study_uid="1.2.3.2")
SERIES = Ref(level=Level.SERIES, study_uid="1.2.3.2", series_uid="1.2.3.2.1")
ONE = Ref(
    level=Level.IMAGE,
    study_uid="1.2.3.2",
    series_uid="1.2.3.2.1",
    sop_instance_uid="1.2.3.2.1.1",
)


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Station]:
    with station_at(tmp_path / "ours", "OURS") as station:
        yield station


@pytest.fixture
def pacs(tmp_path: Path, ours: Station) -> Iterator[Station]:
    write_studies(tmp_path / "files", 2)
    with station_at(tmp_path / "pacs", "PACS") as station:
        station.modalities.put(as_modality(ours, "console"))
        ours.modalities.put(as_modality(station, "pacs"))
        job = station.jobs.import_files([tmp_path / "files"])
        assert station.jobs.wait(job.id, 30).arrived == 8
        yield station


def peer(station: Station, way: Retrieve = Retrieve.GET, **changes: Any) -> Modality:
    return replace(station.modalities.get("pacs"), name="", retrieve=way, **changes)


def last(station: Station, modality: Modality, ref: Ref) -> Look | Outcome:
    *said, end = station.looks.fetch(modality, ref)
    assert all(isinstance(words, str) for words in said)
    assert not isinstance(end, str)
    return end


def look(station: Station, modality: Modality, ref: Ref) -> Look:
    end = last(station, modality, ref)
    assert isinstance(end, Look), end
    return end


def files_of(station: Station) -> list[Path]:
    return sorted((station.data_folder / "looks").glob("*"))


def is_empty(station: Station) -> bool:
    query = Query(level=Level.STUDY, keys={"StudyInstanceUID": ""})
    return not list(station.archive.list(query))


@pytest.mark.parametrize("way", list(Retrieve))
@pytest.mark.parametrize("ref", [STUDY, SERIES, ONE])
def test_one_instance_is_fetched_and_not_kept(
    ours: Station, pacs: Station, way: Retrieve, ref: Ref
) -> None:
    stored: list[object] = []
    ours.events.subscribe(lambda e: stored.append(e) if isinstance(e, InstanceStored) else None)
    found = look(ours, peer(ours, way), ref)
    uid = found.instance.sop_instance_uid
    assert (found.way, found.held) == (way, False)
    assert uid == ("1.2.3.2.1.1" if ref is ONE else "1.2.3.2.1.2")
    assert Path(found.instance.path).stat().st_mode & 0o777 == 0o600
    assert {row.keyword: row.value for row in ours.objects.dump(uid)}["SOPInstanceUID"] == uid
    assert (ours.objects.picture(uid).width, ours.objects.picture(uid).height) == (16, 16)
    assert is_empty(ours)
    assert not stored
    ours.looks.close(found)
    assert files_of(ours) == []


def test_what_is_kept_stays_when_the_look_is_closed(ours: Station, pacs: Station) -> None:
    found = look(ours, peer(ours), ONE)
    ours.looks.keep(found)
    ours.looks.close(found)
    assert files_of(ours) == []
    (held,) = ours.archive.instances(ONE)
    assert Path(held.path).exists()
    again = look(ours, peer(ours), ONE)
    assert (again.held, again.way, again.instance.path) == (True, None, held.path)
    ours.looks.close(again)
    assert Path(held.path).exists()


def test_a_file_that_a_crash_left_goes_at_the_next_start(ours: Station, pacs: Station) -> None:
    found = look(ours, peer(ours), ONE)
    left = ours.data_folder / "looks" / "left.dcm"
    left.write_bytes(b"of a process that is no more")
    other = Station.open(SettingsStore.open(ours.config_path), ours.data_folder)
    assert files_of(ours) == [Path(found.instance.path)], "that one is being looked at"
    other.close()
    ours.close()
    assert files_of(ours) == []


def test_the_other_way_is_tried_where_the_modalitys_own_does_not_work(
    ours: Station, pacs: Station
) -> None:
    pacs.modalities.remove("console")  # C-MOVE: an unknown destination
    pacs.change("station.accept.unknown_callers", "accept")
    found = look(ours, peer(ours, Retrieve.MOVE), SERIES)
    assert found.way is Retrieve.GET


def test_a_peer_that_is_not_there_is_said_at_once(ours: Station, pacs: Station) -> None:
    pacs.stop_listening()
    end = last(ours, peer(ours), STUDY)
    assert isinstance(end, Outcome)
    assert end.state is OutcomeState.UNREACHABLE
    assert end.advice


def test_a_full_disk_is_named(
    ours: Station, pacs: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(self: LookFile, data: bytes) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(LookFile, "write", no_room)
    end = last(ours, peer(ours), ONE)
    assert isinstance(end, Outcome)
    assert "no room left" in end.meaning
    assert "make room" in end.advice
    assert files_of(ours) == []


def test_what_is_too_large_is_refused_and_leaves_nothing(
    ours: Station, pacs: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_taker, "LIMIT", 300)
    end = last(ours, peer(ours), ONE)
    assert isinstance(end, Outcome)
    assert "too large to look at" in end.meaning
    assert files_of(ours) == []


def test_only_so_many_are_open_at_once(tmp_path: Path) -> None:
    folder = LookFolder(tmp_path / "looks")
    for _ in range(8):
        folder.new()
    with pytest.raises(OutOfResourcesError, match="close one"):
        folder.new()
    folder.remove_all()
    assert not list((tmp_path / "looks").iterdir())


def test_a_cancelled_look_leaves_nothing(ours: Station, pacs: Station) -> None:
    cancel = threading.Event()
    items = ours.looks.fetch(peer(ours), STUDY, cancel)
    assert isinstance(next(items), str)
    cancel.set()
    *_, end = items
    assert isinstance(end, Outcome)
    assert end.state is OutcomeState.CANCELLED
    assert files_of(ours) == []


# -- peers that do as they like


class OddPacs:
    """Knows one series, moves what a test says, and may leave out the Move Originator."""

    def __init__(self, ours: Station, *sends: Dataset, originator: bool = True) -> None:
        self.sends, self.originator = sends, originator
        self.statuses: list[int] = []
        self._destination = ("127.0.0.1", ours.settings.station.port)
        ae = AE("ODD")
        ae.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
        ae.add_supported_context(StudyRootQueryRetrieveInformationModelMove)
        handlers = [(evt.EVT_C_FIND, self._find), (evt.EVT_C_MOVE, self._move)]
        self.server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.modality = Modality(
            name="odd", ae_title="ODD", host="127.0.0.1", port=self.server.server_address[1]
        )
        ours.modalities.put(self.modality)

    def __enter__(self) -> OddPacs:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        yield 0xA900, None

    def _move(self, event: Any) -> Iterator[Any]:
        sender = AE("ODD")
        sender.requested_contexts = AllStoragePresentationContexts[:120]
        link = sender.associate(*self._destination, ae_title="OURS")
        for ds in self.sends:
            origin = (
                {"originator_aet": "OURS", "originator_id": event.request.MessageID}
                if self.originator
                else {}
            )
            self.statuses.append(link.send_c_store(ds, **origin).Status)
        link.release()
        yield None, None  # pynetdicom wants an address first: what was sent has been sent by then
        yield None, None


def odd_object(image: int = 1) -> Dataset:
    return image_object(2, 1, image)


def test_a_peer_that_sends_another_instance_is_refused(ours: Station) -> None:
    with OddPacs(ours, odd_object(2)) as odd:
        end = last(ours, odd.modality, ONE)
    assert isinstance(end, Outcome)
    assert odd.statuses == [0xA900]
    assert "not the object that was asked for" in end.meaning
    assert is_empty(ours)
    assert files_of(ours) == []


def test_a_peer_that_sends_nothing_is_said_to(ours: Station) -> None:
    with OddPacs(ours) as odd:
        end = last(ours, odd.modality, ONE)
    assert isinstance(end, Outcome)
    assert not end.ok
    assert "C-MOVE: " in end.meaning
    assert "C-GET: " in end.meaning


def test_the_first_that_comes_will_do_where_the_peer_does_not_tell(ours: Station) -> None:
    with OddPacs(ours, odd_object(1), odd_object(2)) as odd:
        found = look(ours, odd.modality, SERIES)
    assert found.instance.sop_instance_uid == "1.2.3.2.1.1"
    assert odd.statuses == [0, 0xA900]
    assert "any instance" in found.note
    assert is_empty(ours)


def test_what_comes_without_move_originator_is_the_archives(ours: Station) -> None:
    """It may be on its way to us anyhow, and a success answered means that it is kept."""
    with OddPacs(ours, odd_object(1), originator=False) as odd:
        found = look(ours, odd.modality, ONE)
    assert odd.statuses == [0]
    assert found.held
    assert ours.archive.instances(ONE)
    assert files_of(ours) == []


def test_what_others_send_meanwhile_is_the_archives(ours: Station, pacs: Station) -> None:
    items = ours.looks.fetch(peer(ours, Retrieve.MOVE), ONE)
    assert isinstance(next(items), str)
    job = pacs.jobs.send(
        pacs.modalities.get("console"), refs=[Ref(level=Level.STUDY, study_uid="1.2.3.1")]
    )
    *_, end = items
    assert isinstance(end, Look)
    assert not end.held
    assert pacs.jobs.wait(job.id, 30).state is JobState.DONE
    assert len(ours.archive.instances(Ref(level=Level.STUDY, study_uid="1.2.3.1"))) == 4


# -- peers of other makes


@pytest.mark.interop
@pytest.mark.parametrize("way", list(Retrieve))
def test_orthanc(ours: Station, orthanc: Orthanc, tmp_path: Path, way: Retrieve) -> None:
    write_studies(tmp_path / "files", 2)
    orthanc.upload(*sorted((tmp_path / "files").iterdir()), sample_file("JPEG2000.dcm"))
    ours.change("station.accept.unknown_callers", "accept")
    orthanc.know("ours", "OURS", ours.settings.station.port)
    at = Modality(ae_title="ORTHANC", host="127.0.0.1", port=orthanc.port, retrieve=way)
    found = look(ours, at, STUDY)
    assert (found.way, found.instance.sop_instance_uid) == (way, "1.2.3.2.1.2")
    sample = str(dcmread(sample_file("JPEG2000.dcm")).StudyInstanceUID)
    squeezed = look(ours, at, Ref(level=Level.STUDY, study_uid=sample))
    assert squeezed.instance.transfer_syntax_uid.startswith("1.2.840.10008.1.2.4.")
    assert ours.objects.picture(squeezed.instance.sop_instance_uid).width
    assert is_empty(ours)


@pytest.mark.interop
@pytest.mark.parametrize("way", list(Retrieve))
def test_dcmqrscp(ours: Station, tmp_path: Path, way: Retrieve) -> None:
    write_studies(tmp_path / "files", 2)
    ours.change("station.accept.unknown_callers", "accept")
    known = {"ours": ("OURS", ours.settings.station.port)}
    with dcmtk.dcmqrscp(tmp_path / "qr", known) as qr:
        files = sorted((tmp_path / "files").iterdir())
        sent = dcmtk.run("storescu", "-aec", "DCMQRSCP", "127.0.0.1", qr.port, *files)
        assert sent.returncode == 0, sent.stdout
        at = Modality(ae_title="DCMQRSCP", host="127.0.0.1", port=qr.port, retrieve=way)
        found = look(ours, at, SERIES)
        assert (found.way, found.instance.sop_instance_uid) == (way, "1.2.3.2.1.2")
        assert is_empty(ours)
        nothing = last(ours, at, replace(ONE, sop_instance_uid=generate_uid()))
        assert isinstance(nothing, Outcome)
        assert not nothing.ok


def test_the_data_folder_is_private_also_where_a_look_makes_it(tmp_path: Path) -> None:
    folder = LookFolder(tmp_path / "data/looks")
    folder.new()
    folder.remove_all()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
