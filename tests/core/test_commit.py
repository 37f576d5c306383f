"""Storage commitment as a job: counted by the peer's report, and able to wait, end and go on."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined]

from core.demo.studies import write_studies
from core.model import Job, JobKind, JobState, Level, Modality, Ref
from core.settings_file import SettingsStore
from core.station import Station
from tests.core.test_transfers import as_modality, station_at, studies
from tests.peers.processes import eventually


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_studies(tmp_path_factory.mktemp("studies"), datetime.date(2026, 1, 15))[:4]


@pytest.fixture
def ours(tmp_path: Path, files: list[Path]) -> Iterator[Station]:
    with station_at(tmp_path / "ours", "OURS") as station:
        assert station.jobs.wait(station.jobs.import_files(files).id, 30).state is JobState.DONE
        yield station


@pytest.fixture
def pacs(tmp_path: Path, ours: Station, files: list[Path]) -> Iterator[Station]:
    with station_at(tmp_path / "pacs", "PACS") as station:
        station.modalities.put(as_modality(ours, "console"))
        ours.modalities.put(as_modality(station, "pacs"))
        assert station.jobs.wait(station.jobs.import_files(files).id, 30).state is JobState.DONE
        yield station


class Silent:
    """A peer that takes requests and never reports."""

    def __init__(self, ours: Station) -> None:
        self.asked = threading.Semaphore(0)
        ae = AE(ae_title="SILENT")
        ae.maximum_associations = 20
        ae.add_supported_context(StorageCommitmentPushModel)
        self.server = ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_ACTION, self._take)]
        )
        port = self.server.socket.getsockname()[1]
        self.peer = Modality(name="silent", ae_title="SILENT", host="127.0.0.1", port=port)
        ours.modalities.put(self.peer)

    def _take(self, event: evt.Event) -> tuple[int, None]:
        self.asked.release()
        return 0, None


@pytest.fixture
def silent(ours: Station) -> Iterator[Silent]:
    made = Silent(ours)
    yield made
    made.server.shutdown()


def ended(station: Station, job: Job) -> Job:
    return station.jobs.wait(job.id, 30)


def test_what_was_lost_is_named_and_a_retry_asks_for_that_only(
    ours: Station, pacs: Station
) -> None:
    refs = studies(ours)
    lost = pacs.archive.instances(studies(pacs)[0])[0]
    Path(lost.path).rename(f"{lost.path}.away")
    job = ended(ours, ours.jobs.commit(ours.modalities.get("pacs"), refs))
    assert (job.kind, job.state) == (JobKind.COMMIT, JobState.PARTIAL)
    assert (job.promised, job.arrived, job.failed) == (4, 3, 1)
    assert [f.what for f in job.failures] == [lost.sop_instance_uid]
    Path(f"{lost.path}.away").rename(lost.path)
    assert ours.jobs.retry(job.id)
    job = ended(ours, job)
    assert (job.state, job.promised, job.arrived, job.failed) == (JobState.DONE, 4, 4, 0)


def test_files_are_asked_for_as_well(ours: Station, pacs: Station, files: list[Path]) -> None:
    job = ended(ours, ours.jobs.commit(ours.modalities.get("pacs"), paths=files))
    assert job.state is JobState.DONE
    assert job.arrived == len(files)


def test_a_job_that_waits_is_cancelled_at_once(ours: Station, silent: Silent) -> None:
    job = ours.jobs.commit(silent.peer, studies(ours))
    assert silent.asked.acquire(timeout=10)
    assert ours.jobs.cancel(job.id)
    assert ours.jobs.wait(job.id, 5).state is JobState.CANCELLED


def test_a_report_that_never_comes_is_said(ours: Station, silent: Silent) -> None:
    ours.change("station.commit_timeout", 0.2)
    ours.change("station.commit_report_timeout", 0.5)
    job = ended(ours, ours.jobs.commit(silent.peer, studies(ours)))
    assert job.state is JobState.FAILED
    assert "no report" in job.note
    assert job.outcome is not None
    assert "our AE title" in job.outcome.advice


def test_without_a_listener_nobody_waits_for_a_call(
    ours: Station, silent: Silent, files: list[Path]
) -> None:
    ours.change("station.commit_timeout", 0.2)
    store = SettingsStore.open(ours.config_path)
    with Station.open(store, ours.data_folder, reads_only=True) as beside:
        job = ended(beside, beside.jobs.commit(silent.peer, paths=files[:1]))
    assert job.state is JobState.FAILED
    assert job.outcome is not None
    assert "our listener is not open" in job.outcome.advice


def test_waiting_for_reports_holds_up_no_transfer(
    ours: Station, silent: Silent, files: list[Path]
) -> None:
    waiting = [ours.jobs.commit(silent.peer, studies(ours)) for _ in range(6)]
    for _ in waiting:
        assert silent.asked.acquire(timeout=10)
    assert ended(ours, ours.jobs.import_files(files[:1])).state is JobState.DONE
    assert all(ours.jobs.one(job.id).state is JobState.RUNNING for job in waiting)


def test_a_restart_asks_again(ours: Station, silent: Silent) -> None:
    ours.jobs.keep()
    ours.jobs.commit(silent.peer, studies(ours))
    assert silent.asked.acquire(timeout=10)
    ours.close()
    store = SettingsStore.open(ours.config_path)
    with Station.open(store, ours.data_folder) as again:
        again.jobs.keep()
        assert silent.asked.acquire(timeout=10)
        (job,) = [job for job in again.jobs.all() if job.kind is JobKind.COMMIT]
        assert job.state is JobState.RUNNING


def test_what_is_not_held_cannot_be_asked_for(ours: Station, pacs: Station) -> None:
    nothing = Ref(level=Level.STUDY, study_uid="1.2.3")
    job = ended(ours, ours.jobs.commit(ours.modalities.get("pacs"), [nothing]))
    assert job.state is JobState.FAILED
    assert job.failures[0].why == "not held here"


def test_a_promise_is_kept_by_the_next_run(ours: Station, pacs: Station) -> None:
    """The station that promised is closed before it can report; the next one reports."""
    pacs.modalities.put(Modality(name="console", ae_title="OURS", host="127.0.0.1", port=1),
                      replaces="console")  # fmt: skip
    ours.change("station.commit_timeout", 0.1)
    job = ours.jobs.commit(ours.modalities.get("pacs"), studies(ours))
    kept = pacs.data_folder / "commitments"
    eventually(lambda: list(kept.glob("*.json")), what="a promise on disk")
    pacs.close()
    assert list(kept.glob("*.json"))
    store = SettingsStore.open(pacs.config_path)
    with Station.open(store, pacs.data_folder) as again:
        again.modalities.put(as_modality(ours, "console"), replaces="console")
        again.listen()
        assert ended(ours, job).state is JobState.DONE
        eventually(lambda: not list(kept.glob("*.json")), what="the promise kept")
