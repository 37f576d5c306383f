"""Jobs between two real stations: counted by what arrived, ended by what is true."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelMove,
)

from core.demo.studies import write_studies
from core.errors import UsageError
from core.events import InstanceStored, JobChanged
from core.model import Job, JobState, Level, Modality, Query, Ref
from core.settings_file import SettingsStore, shipped_config_path
from core.station import Station
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
        station.modalities.put(as_modality(ours, "console"))
        ours.modalities.put(as_modality(station, "pacs"))
        job = station.jobs.wait(station.jobs.import_files([files[0].parents[2]]).id, 60)
        assert (job.state, job.arrived) == (JobState.DONE, len(files))
        yield station


def studies(station: Station) -> list[Ref]:
    query = Query(level=Level.STUDY, keys={"StudyInstanceUID": ""})
    return [
        Ref(level=Level.STUDY, study_uid=match.values["StudyInstanceUID"])
        for match in station.archive.list(query)
    ]


def test_a_move_is_counted_by_arrivals(ours: Station, pacs: Station, files: list[Path]) -> None:
    seen: list[Job] = []
    ours.events.subscribe(lambda e: seen.append(e.job) if isinstance(e, JobChanged) else None)
    job = ours.jobs.wait(ours.jobs.move(ours.modalities.get("pacs"), studies(pacs)).id, 60)
    assert job.state is JobState.DONE, job
    assert job.arrived == job.promised == job.completed == len(files)
    assert job.arrived_bytes == sum(
        i.size for ref in studies(ours) for i in ours.archive.instances(ref)
    )
    assert [j.arrived for j in seen] == sorted(j.arrived for j in seen)
    assert len(studies(ours)) == len(studies(pacs))


def test_two_moves_at_once_do_not_count_each_others_objects(ours: Station, pacs: Station) -> None:
    peer = ours.modalities.get("pacs")
    jobs = {ref.study_uid: ours.jobs.move(peer, [ref]) for ref in studies(pacs)}
    for uid, job in jobs.items():
        ended = ours.jobs.wait(job.id, 60)
        held = ours.archive.instances(Ref(level=Level.STUDY, study_uid=uid))
        assert ended.arrived == len(held) > 0


def test_a_move_to_a_peer_that_cannot_reach_us_says_why(ours: Station, pacs: Station) -> None:
    wrong = Modality(name="console", ae_title="OURS", host="127.0.0.1", port=free_port())
    pacs.modalities.put(wrong, replaces="console")
    job = ours.jobs.wait(ours.jobs.move(ours.modalities.get("pacs"), studies(pacs)[:1]).id, 30)
    assert job.state is JobState.FAILED
    assert job.outcome is not None
    assert job.outcome.status == 0xA702
    assert "destination" in job.outcome.advice


def test_an_unknown_destination_is_told(ours: Station, pacs: Station) -> None:
    job = ours.jobs.wait(
        ours.jobs.move(ours.modalities.get("pacs"), studies(pacs)[:1], "NOBODY").id, 30
    )
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
        job = ours.jobs.wait(ours.jobs.move(liar, [ref]).id, 30)
    finally:
        server.shutdown()
    assert job.state is JobState.FAILED
    assert job.outcome is not None
    assert job.outcome.ok
    assert "sent nothing" in job.note


def test_what_is_sent_arrives_as_it_was(ours: Station, pacs: Station, files: list[Path]) -> None:
    job = ours.jobs.wait(ours.jobs.send(ours.modalities.get("pacs"), paths=files[:3]).id, 30)
    assert (job.state, job.arrived) == (JobState.DONE, 3)
    gone = Modality(name="gone", ae_title="GONE", host="127.0.0.1", port=free_port())
    failed = ours.jobs.wait(ours.jobs.send(gone, paths=files[:3]).id, 30)
    assert (failed.state, failed.arrived, failed.failed) == (JobState.FAILED, 0, 3)


def test_two_files_of_one_object_are_one_object(
    ours: Station, pacs: Station, tmp_path: Path, files: list[Path]
) -> None:
    twin = tmp_path / "twin.dcm"
    twin.write_bytes(files[0].read_bytes())
    job = ours.jobs.wait(
        ours.jobs.send(ours.modalities.get("pacs"), paths=[*files[:2], twin]).id, 30
    )
    assert (job.state, job.promised, job.arrived, job.skipped) == (JobState.DONE, 2, 2, 1)


def test_what_is_not_held_cannot_be_sent(ours: Station, pacs: Station) -> None:
    nothing = Ref(level=Level.STUDY, study_uid="1.2.3")
    job = ours.jobs.wait(ours.jobs.send(ours.modalities.get("pacs"), refs=[nothing]).id, 30)
    assert job.state is JobState.FAILED
    assert job.failures[0].why == "not held here"
    with pytest.raises(UsageError):
        ours.jobs.send(ours.modalities.get("pacs"))


def test_what_a_move_missed_is_known_by_uid_and_a_retry_brings_only_that(
    ours: Station, pacs: Station
) -> None:
    ref = max(studies(pacs), key=lambda ref: len(pacs.archive.instances(ref)))
    total = len(pacs.archive.instances(ref))
    lost = pacs.archive.instances(ref)[:3]
    for one in lost:
        Path(one.path).rename(f"{one.path}.away")
    first = ours.jobs.wait(ours.jobs.move(ours.modalities.get("pacs"), [ref]).id, 60)
    assert first.state is JobState.PARTIAL
    assert (first.arrived, first.promised, first.missing) == (total - 3, total, 3)
    assert {f.what for f in first.failures} == {one.sop_instance_uid for one in lost}

    for one in lost:
        Path(f"{one.path}.away").rename(one.path)
    came: list[str] = []
    ours.events.subscribe(
        lambda e: (
            came.append(e.stored.instance.sop_instance_uid)
            if isinstance(e, InstanceStored)
            else None
        )
    )
    assert ours.jobs.retry(first.id)
    second = ours.jobs.wait(first.id, 60)
    assert second.state is JobState.DONE, second
    assert (second.attempt, second.arrived, second.missing) == (2, total, 0)
    assert sorted(came) == sorted(one.sop_instance_uid for one in lost)


def test_a_retried_send_passes_over_what_was_acknowledged(
    ours: Station, tmp_path: Path, files: list[Path]
) -> None:
    taken: list[str] = []

    def store(event: evt.Event) -> int:
        taken.append(event.request.AffectedSOPInstanceUID)
        return 0xA700 if len(taken) == 2 else 0

    ae = AE(ae_title="PEER")
    ae.supported_contexts = AllStoragePresentationContexts
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    try:
        port = server.socket.getsockname()[1]
        peer = Modality(name="peer", ae_title="PEER", host="127.0.0.1", port=port)
        first = ours.jobs.wait(ours.jobs.send(peer, paths=files[:4]).id, 30)
        assert (first.state, first.arrived, first.failed) == (JobState.PARTIAL, 3, 1)
        assert ours.jobs.retry(first.id)
        second = ours.jobs.wait(first.id, 30)
    finally:
        server.shutdown()
    assert (second.state, second.arrived, second.failed) == (JobState.DONE, 4, 0)
    assert taken[4:] == [taken[1]]


def test_a_retried_move_to_a_third_party_asks_for_what_failed_only(
    ours: Station, pacs: Station
) -> None:
    ref = max(studies(pacs), key=lambda ref: len(pacs.archive.instances(ref)))
    taken: list[str] = []

    def store(event: evt.Event) -> int:
        taken.append(event.request.AffectedSOPInstanceUID)
        return 0xA700 if len(taken) == 2 else 0

    ae = AE(ae_title="THIRD")
    ae.supported_contexts = AllStoragePresentationContexts
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    try:
        port = server.socket.getsockname()[1]
        pacs.modalities.put(Modality(name="third", ae_title="THIRD", host="127.0.0.1", port=port))
        first = ours.jobs.wait(ours.jobs.move(ours.modalities.get("pacs"), [ref], "THIRD").id, 30)
        assert (first.state, first.failed) == (JobState.PARTIAL, 1)
        assert [failure.what for failure in first.failures] == [taken[1]]
        total = len(taken)
        assert ours.jobs.retry(first.id)
        second = ours.jobs.wait(first.id, 30)
    finally:
        server.shutdown()
    assert (second.state, second.failed) == (JobState.DONE, 0)
    assert taken[total:] == [taken[1]]


def test_warnings_of_all_that_was_asked_for_are_counted(ours: Station, pacs: Station) -> None:
    refs = sorted(studies(pacs), key=lambda ref: len(pacs.archive.instances(ref)))[:2]
    ae = AE(ae_title="THIRD")
    ae.supported_contexts = AllStoragePresentationContexts
    handlers = [(evt.EVT_C_STORE, lambda _: 0xB000)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        port = server.socket.getsockname()[1]
        pacs.modalities.put(Modality(name="third", ae_title="THIRD", host="127.0.0.1", port=port))
        job = ours.jobs.wait(ours.jobs.move(ours.modalities.get("pacs"), refs, "THIRD").id, 30)
    finally:
        server.shutdown()
    assert job.warnings == sum(len(pacs.archive.instances(ref)) for ref in refs)


def test_what_is_sent_counts_once_however_it_is_named_and_how_often_it_is_tried(
    ours: Station, pacs: Station, tmp_path: Path, files: list[Path]
) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("no DICOM")
    ours.archive._archive().take_file(files[0])  # type: ignore[attr-defined]
    (study,) = studies(ours)
    job = ours.jobs.send(
        ours.modalities.get("pacs"), refs=[study, study], paths=[files[0], files[1], other]
    )
    ended = ours.jobs.wait(job.id, 30)
    assert (ended.state, ended.promised, ended.arrived) == (JobState.DONE, 2, 2)
    skipped = ended.skipped
    assert ours.jobs.retry(job.id)
    again = ours.jobs.wait(job.id, 30)
    assert (again.state, again.promised, again.arrived) == (JobState.DONE, 2, 2)
    assert again.skipped == skipped


def test_a_job_goes_on_after_a_restart(tmp_path: Path, files: list[Path]) -> None:
    with station_at(tmp_path / "first", "FIRST") as station:
        station.jobs.keep()
        station.change("station.max_jobs", 1)
        gone = Modality(name="gone", ae_title="GONE", host="127.0.0.1", port=free_port())
        ended = station.jobs.wait(station.jobs.send(gone, paths=files[:1]).id, 30)
        waiting = station.jobs.import_files([files[0].parent])
        station.jobs.pause(waiting.id)
        store = SettingsStore.open(station.config_path)
    with Station.open(store, tmp_path / "first" / "data") as station:
        station.jobs.keep()
        assert station.jobs.one(ended.id).state is JobState.FAILED
        job = station.jobs.one(waiting.id)
        assert job.state in (JobState.PAUSED, JobState.DONE)
        station.jobs.resume(waiting.id)
        assert station.jobs.wait(waiting.id, 30).state is JobState.DONE
        assert station.jobs.wait(station.jobs.import_files(files[:1]).id, 30).id > waiting.id
