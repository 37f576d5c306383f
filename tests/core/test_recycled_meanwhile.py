"""A study that the quota deletes while it is sent: both sides say which objects did not go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom.uid import ExplicitVRLittleEndian

from benchmarks.soak_traffic import final_counts
from core.events import ArchiveChanged, Event, InstanceStored, MessageHandled
from core.model import Job, JobState, Level, Modality, Ref
from core.station import Station
from tests.core.archive.objects import make
from tests.core.test_get import Getter
from tests.core.test_move_scp import Mover
from tests.core.test_transfers import as_modality, station_at
from tests.peers import dcmtk

OBJECTS = 6
STUDY = Ref(level=Level.STUDY, study_uid="1.1")
UIDS = [f"1.1.1.{number}" for number in range(1, OBJECTS + 1)]


def write(folder: Path, study: str, uid: str, kib: int) -> Path:
    ds = make(uid, StudyInstanceUID=study, SeriesInstanceUID=f"{study}.1")
    ds.add_new(0x7FE00010, "OW", bytes(kib << 10))
    ds.ensure_file_meta()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = folder / f"{uid}.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


class Full:
    """A station whose quota takes one study, and what makes it recycle that, once."""

    def __init__(self, station: Station, folder: Path) -> None:
        self.station = station
        self._new = write(folder, "1.2", "1.2.1.1", 700)
        self._once = threading.Lock()

    def recycle(self) -> None:
        if self._once.acquire(blocking=False):
            told: list[Event] = []
            self.station.events.subscribe(told.append)
            job = self.station.jobs.wait(self.station.jobs.import_files([self._new]).id, 20)
            assert job.state is JobState.DONE, job
            assert [e.uid for e in told if isinstance(e, ArchiveChanged)] == [STUDY.study_uid]


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Station]:
    with station_at(tmp_path / "ours", "OURS") as station:
        yield station


@pytest.fixture
def full(tmp_path: Path, ours: Station) -> Iterator[Full]:
    with station_at(tmp_path / "full", "PACS") as station:
        station.change("station.accept.unknown_callers", "accept")
        station.change("archive.quota_mib", 1)
        station.change("archive.when_full", "recycle-oldest")
        files = [write(tmp_path, "1.1", uid, 100) for uid in UIDS]
        job = station.jobs.wait(station.jobs.import_files(files).id, 20)
        assert (job.state, job.arrived) == (JobState.DONE, OBJECTS)
        station.modalities.put(as_modality(ours, "ours"))
        ours.modalities.put(as_modality(station, "pacs"))
        yield Full(station, tmp_path)


def test_a_move_reports_what_was_recycled_as_failed(full: Full) -> None:
    with Mover(full.station) as mover:
        mover.status = lambda: full.recycle() or 0
        status, identifier = mover.move(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.1")
    got = {str(ds.SOPInstanceUID) for ds in mover.got}
    # The one that was made ready while the first was sent may still go.
    assert 1 <= len(got) <= 2
    assert status.Status == 0xB000
    assert status.NumberOfCompletedSuboperations == len(got)
    assert status.NumberOfFailedSuboperations == OBJECTS - len(got)
    assert identifier is not None
    assert sorted(identifier.FailedSOPInstanceUIDList) == sorted(set(UIDS) - got)


def test_a_get_reports_what_was_recycled_as_failed(full: Full) -> None:
    getter = Getter(full.station)
    getter.on_store = full.recycle
    *_, (status, identifier) = getter.get(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.1")
    got = {str(ds.SOPInstanceUID) for ds in getter.got}
    assert 1 <= len(got) <= 2
    assert (status.Status, status.NumberOfFailedSuboperations) == (0xB000, OBJECTS - len(got))
    assert identifier is not None
    assert sorted(identifier.FailedSOPInstanceUIDList) == sorted(set(UIDS) - got)


@pytest.mark.interop
def test_movescu_hears_how_many_did_not_go(full: Full, tmp_path: Path) -> None:
    station = full.station
    station.events.subscribe(
        lambda event: (
            full.recycle() if isinstance(event, MessageHandled) and event.outgoing else None
        )
    )
    with dcmtk.storescp(tmp_path / "in") as third:
        known = Modality(name="third", ae_title="THIRD", host="127.0.0.1", port=third.port)
        station.modalities.put(known)
        done = dcmtk.run(
            "movescu", "-d", "-S", "-aec", "PACS", "-aem", "THIRD", "-k", "0008,0052=STUDY",
            "-k", "0020,000D=1.1", "127.0.0.1", station.settings.station.port,
        )  # fmt: skip
    came = len(list((tmp_path / "in").iterdir()))
    assert 1 <= came <= 2, done.stdout
    assert final_counts(done.stdout) == (came, OBJECTS - came)
    assert "0xb000" in done.stdout


def on_first(station: Station, act: Callable[[], None]) -> None:
    """Do something before the first object that a station takes is acknowledged."""
    station.events.subscribe(lambda event: act() if isinstance(event, InstanceStored) else None)


@pytest.mark.parametrize("way", ["move", "get"])
def test_our_own_job_tells_in_words_what_the_peer_deleted_under_it(
    full: Full, ours: Station, way: str
) -> None:
    on_first(ours, full.recycle)
    pacs = ours.modalities.get("pacs")
    started = ours.jobs.get(pacs, [STUDY]) if way == "get" else ours.jobs.move(pacs, [STUDY])
    job = ours.jobs.wait(started.id, 30)
    held = {one.sop_instance_uid for one in ours.archive.instances(STUDY)}
    assert 1 <= len(held) <= 2
    assert job.state is JobState.PARTIAL
    gone = OBJECTS - len(held)
    assert (job.arrived, job.failed, job.missing, job.promised) == (len(held), gone, gone, OBJECTS)
    assert job.note == f"{gone} failed at the peer, {gone} missing"
    assert told(job).keys() == set(UIDS) - held
    assert all(told(job).values())


def test_a_send_says_that_an_object_is_no_longer_held(full: Full, ours: Station) -> None:
    on_first(ours, full.recycle)
    station = full.station
    job = station.jobs.wait(station.jobs.send(station.modalities.get("ours"), refs=[STUDY]).id, 30)
    held = {one.sop_instance_uid for one in ours.archive.instances(STUDY)}
    assert job.state is JobState.PARTIAL
    assert told(job).keys() == set(UIDS) - held
    assert all("no longer in the archive" in why for why in told(job).values())


def told(job: Job) -> dict[str, str]:
    return {failure.what: failure.why for failure in job.failures}
