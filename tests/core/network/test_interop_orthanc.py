"""Our calls against Orthanc, and Orthanc's against our listener."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.events import InstanceStored
from core.model import Level, Modality, OutcomeState, Query, Ref
from core.network.scu import Caller
from tests.core.network.fakes import MemoryArchive, Recorder, Source, write_object
from tests.peers.orthanc import Orthanc

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """One Orthanc for all: it takes its time to end."""
    with Orthanc(tmp_path_factory.mktemp("peer") / "orthanc") as peer:
        yield peer


@pytest.fixture
def orthanc(shared: Orthanc) -> Orthanc:
    """That one, emptied."""
    for identifier in shared.rest("/patients"):
        shared.rest(f"/patients/{identifier}", method="DELETE")
    for name in shared.rest("/modalities"):
        shared.rest(f"/modalities/{name}", method="DELETE")
    return shared


@pytest.fixture
def peer(orthanc: Orthanc, settings: Source, port: int) -> Modality:
    orthanc.know("us", "MODALITTY", port)
    return settings.modality("orthanc", orthanc.port)


def test_a_round_trip(
    peer: Modality,
    orthanc: Orthanc,
    caller: Caller,
    archive: MemoryArchive,
    recorder: Recorder,
    tmp_path: Path,
) -> None:
    assert caller.echo(peer).state is OutcomeState.OK
    files = [write_object(tmp_path, f"1.2.3.4.{n}", kib=64) for n in range(1, 4)]
    assert all(r.outcome.ok for r in caller.store(peer, files))
    assert len(orthanc.rest("/instances")) == 3

    keys = {"StudyInstanceUID": "", "PatientName": "Test*", "NumberOfStudyRelatedInstances": ""}
    match, outcome = caller.find(peer, Query(level=Level.STUDY, keys=keys))
    assert outcome.ok
    assert match.values["StudyInstanceUID"] == "1.2.3"
    assert match.values["NumberOfStudyRelatedInstances"].strip() == "3"

    ref = Ref(level=Level.STUDY, study_uid="1.2.3")
    last = list(caller.move(peer, ref, "MODALITTY", message_id=77))[-1]
    assert last.outcome is not None
    assert last.outcome.state is OutcomeState.OK
    assert len(archive.instances) == 3
    stored = recorder.wait(InstanceStored, 3)
    assert {(e.source, e.originator_id) for e in stored} == {("ORTHANC", 77)}


def test_orthanc_finds_and_retrieves_from_us(
    peer: Modality, orthanc: Orthanc, caller: Caller, me: Modality, tmp_path: Path
) -> None:
    files = [write_object(tmp_path, f"1.2.3.4.{n}", kib=64) for n in range(1, 4)]
    assert all(r.outcome.ok for r in caller.store(me, files))
    assert orthanc.rest("/modalities/us/echo", {}) == {}
    query = {"Level": "Study", "Query": {"StudyInstanceUID": "1.2.3"}}
    found = orthanc.rest("/modalities/us/query", query)
    orthanc.rest(f"/queries/{found['ID']}/answers/0/retrieve", {"TargetAet": "ORTHANC"})
    assert len(orthanc.rest("/instances")) == 3


def test_orthanc_sends_to_us(
    peer: Modality, orthanc: Orthanc, archive: MemoryArchive, tmp_path: Path
) -> None:
    orthanc.upload(*[write_object(tmp_path, f"1.2.3.4.{n}", kib=64) for n in range(1, 4)])
    orthanc.rest("/modalities/us/store", orthanc.rest("/instances"))
    assert len(archive.instances) == 3


def test_orthanc_does_not_list_us(orthanc: Orthanc, settings: Source, caller: Caller) -> None:
    peer = settings.modality("orthanc", orthanc.port)
    (outcome,) = caller.find(peer, Query(level=Level.STUDY))
    assert outcome.state is OutcomeState.ABORTED
    assert "DicomModalities" in outcome.advice
