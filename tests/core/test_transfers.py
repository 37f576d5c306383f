"""Jobs between two real stations: counted by what arrived, ended by what is true."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelMove,
)

from core.demo import write_studies
from core.errors import UsageError
from core.events import EventBus, JobChanged
from core.model import Job, JobKind, JobState, Level, Modality, Query, Ref
from core.settings_file import SettingsStore, shipped_config_path
from core.station import Station
from core.transfers import JobQueue, Progress
from tests.peers.processes import free_port


def station_at(folder: Path, ae_title: str) -> Station:
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text(shipped_config_path().read_text())
    store = SettingsStore.open(config)
    store.change("station.host", "127.0.0.1")
    store.change("station.port", free_port())
    store.change("station.ae_title", ae_title)
    store.change("station.dimse_timeout", 10)
    station = Station.open(store, folder / "data")
    station.listen()
    return station


def as_modality(station: Station, name: str) -> Modality:
    own = station.settings.station
    return Modality(name=name, ae_title=own.ae_title, host="127.0.0.1", port=own.port)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_studies(tmp_path_factory.mktemp("studies"), datetime.date(2026, 1, 15))


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Station]:
    with station_at(tmp_path / "ours", "OURS") as station:
        yield station


@pytest.fixture
def pacs(tmp_path: Path, ours: Station, files: list[Path]) -> Iterator[Station]:
    with station_at(tmp_path / "pacs", "PACS") as station:
        station.put_modality(as_modality(ours, "console"))
        ours.put_modality(as_modality(station, "pacs"))
        job = station.wait(station.import_files([files[0].parents[2]]).id, 60)
        assert (job.state, job.arrived) == (JobState.DONE, len(files))
        yield station


def studies(station: Station) -> list[Ref]:
    query = Query(level=Level.STUDY, keys={"StudyInstanceUID": ""})
    return [
        Ref(level=Level.STUDY, study_uid=match.values["StudyInstanceUID"])
        for match in station.list(query)
    ]


def test_a_move_is_counted_by_arrivals(ours: Station, pacs: Station, files: list[Path]) -> None:
    seen: list[Job] = []
    ours.events.subscribe(lambda e: seen.append(e.job) if isinstance(e, JobChanged) else None)
    job = ours.wait(ours.move(ours.modality("pacs"), studies(pacs)).id, 60)
    assert job.state is JobState.DONE, job
    assert job.arrived == job.promised == job.completed == len(files)
    assert job.arrived_bytes == sum(i.size for ref in studies(ours) for i in ours.instances(ref))
    assert [j.arrived for j in seen] == sorted(j.arrived for j in seen)
    assert len(studies(ours)) == len(studies(pacs))


def test_two_moves_at_once_do_not_count_each_others_objects(ours: Station, pacs: Station) -> None:
    peer = ours.modality("pacs")
    jobs = {ref.study_uid: ours.move(peer, [ref]) for ref in studies(pacs)}
    for uid, job in jobs.items():
        ended = ours.wait(job.id, 60)
        held = ours.instances(Ref(level=Level.STUDY, study_uid=uid))
        assert ended.arrived == len(held) > 0


def test_a_move_to_a_peer_that_cannot_reach_us_says_why(ours: Station, pacs: Station) -> None:
    wrong = Modality(name="console", ae_title="OURS", host="127.0.0.1", port=free_port())
    pacs.put_modality(wrong, replaces="console")
    job = ours.wait(ours.move(ours.modality("pacs"), studies(pacs)[:1]).id, 30)
    assert job.state is JobState.FAILED
    assert job.outcome is not None
    assert job.outcome.status == 0xA702
    assert "destination" in job.outcome.advice


def test_an_unknown_destination_is_told(ours: Station, pacs: Station) -> None:
    job = ours.wait(ours.move(ours.modality("pacs"), studies(pacs)[:1], "NOBODY").id, 30)
    assert job.state is JobState.FAILED
    assert job.outcome is not None
    assert job.outcome.status == 0xA801


def test_success_with_nothing_sent_is_no_success(ours: Station) -> None:
    def lie(event: evt.Event) -> Iterator[object]:
        yield ("127.0.0.1", ours.settings.station.port)
        yield 0

    ae = AE(ae_title="LIAR")
    ae.add_supported_context(StudyRootQueryRetrieveInformationModelMove)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_MOVE, lie)])
    try:
        port = server.socket.getsockname()[1]
        liar = Modality(name="liar", ae_title="LIAR", host="127.0.0.1", port=port)
        ref = Ref(level=Level.STUDY, study_uid="1.2.3")
        job = ours.wait(ours.move(liar, [ref]).id, 30)
    finally:
        server.shutdown()
    assert job.state is JobState.FAILED
    assert job.outcome is not None
    assert job.outcome.ok
    assert "sent nothing" in job.note


def test_what_is_sent_arrives_as_it_was(ours: Station, pacs: Station, files: list[Path]) -> None:
    job = ours.wait(ours.send(ours.modality("pacs"), paths=files[:3]).id, 30)
    assert (job.state, job.arrived) == (JobState.DONE, 3)
    gone = Modality(name="gone", ae_title="GONE", host="127.0.0.1", port=free_port())
    failed = ours.wait(ours.send(gone, paths=files[:3]).id, 30)
    assert (failed.state, failed.arrived, failed.failed) == (JobState.FAILED, 0, 3)


def test_what_is_not_held_cannot_be_sent(ours: Station, pacs: Station) -> None:
    nothing = Ref(level=Level.STUDY, study_uid="1.2.3")
    job = ours.wait(ours.send(ours.modality("pacs"), refs=[nothing]).id, 30)
    assert job.state is JobState.FAILED
    assert job.failures[0].why == "not held here"
    with pytest.raises(UsageError):
        ours.send(ours.modality("pacs"))


class TestQueue:
    def work(self, queue: JobQueue, gate: threading.Event, started: threading.Semaphore) -> Job:
        def wait(progress: Progress) -> None:
            started.release()
            gate.wait(30)
            progress.end_by_counts("nothing")

        return queue.start(Job(id=0, kind=JobKind.SEND, title="x"), wait)

    def test_only_so_many_run_at_once_and_a_waiting_one_can_be_cancelled(self) -> None:
        queue = JobQueue(EventBus(), lambda: 2)
        gate, started = threading.Event(), threading.Semaphore(0)
        jobs = [self.work(queue, gate, started) for _ in range(4)]
        assert started.acquire(timeout=5)
        assert started.acquire(timeout=5)
        assert not started.acquire(timeout=0.05)
        assert queue.cancel(jobs[3].id)
        assert queue.wait(jobs[3].id, 5).state is JobState.CANCELLED
        gate.set()
        assert all(queue.wait(job.id, 5).state.ended for job in jobs)
        assert not queue.cancel(jobs[0].id)
        queue.close()

    def test_work_that_breaks_is_a_failed_job_and_the_next_one_runs(self) -> None:
        queue = JobQueue(EventBus(), lambda: 1)

        def broken(progress: Progress) -> None:
            raise ZeroDivisionError("oh")

        job = queue.start(Job(id=0, kind=JobKind.IMPORT, title="x"), broken)
        ended = queue.wait(job.id, 5)
        assert ended.state is JobState.FAILED
        assert "oh" in ended.note
        gate, started = threading.Event(), threading.Semaphore(0)
        gate.set()
        assert queue.wait(self.work(queue, gate, started).id, 5).state.ended
        queue.close()
