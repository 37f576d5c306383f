"""The listener over the real archive: what goes in is found and comes out; bad names stay in."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from core.archive.archive import Archive
from core.events import EventBus, InstanceStored
from core.model import Level, Match, Modality, OutcomeState, Query, Ref, StoreAction
from core.network.listener import Listener
from core.network.scu import Caller
from core.settings import ArchiveSettings, Duplicates
from tests.core.network.fakes import CT, Recorder, Source, wait_until, write_object
from tests.core.network.raw import Raw, accept_all, p_data, peer, read_message, respond
from tests.core.network.raw import store_command as command_for


@pytest.fixture
def policy() -> list[Duplicates]:
    return [Duplicates.KEEP_FIRST]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "data"


@pytest.fixture
def station(
    settings: Source, bus: EventBus, recorder: Recorder, policy: list[Duplicates], folder: Path
) -> Iterator[Modality]:
    archive = Archive.open(
        folder, settings=lambda: ArchiveSettings(duplicates=policy[0]), events=bus
    )
    listener = Listener(settings, archive, bus)
    port = listener.start(0)
    yield settings.modality("me", port, ae_title="MODALITTY")
    listener.stop(0.0)
    archive.close()


def test_what_went_in_is_found_and_comes_out(
    station: Modality, caller: Caller, settings: Source, tmp_path: Path, recorder: Recorder
) -> None:
    files = [write_object(tmp_path, f"1.2.3.{n}", kib=40, name="Müller^A") for n in range(1, 4)]
    assert all(r.outcome.ok for r in caller.store(station, files))
    for path in (Path(e.stored.instance.path) for e in recorder.wait(InstanceStored, 3)):
        wait_until(path.exists, "the file follows")
        sent = tmp_path / f"{dcmread(path).SOPInstanceUID}.dcm"
        assert dcmread(path) == dcmread(sent)

    keys = {"PatientName": "müller*", "NumberOfStudyRelatedInstances": "", "PatientID": ""}
    match, outcome = caller.find(station, Query(level=Level.STUDY, keys=keys))
    assert outcome.ok
    assert isinstance(match, Match)
    assert match.values["PatientName"] == "Müller^A"
    assert match.values["NumberOfStudyRelatedInstances"] == "3"
    assert match.values["RetrieveAETitle"] == "MODALITTY"

    got: list[str] = []

    def script(raw: Raw) -> None:
        accept_all(raw)
        while True:
            context, request = read_message(raw)
            got.append(request.text(0x1000))
            respond(raw, context, request, 0)

    with peer(script) as port:
        settings.modality("third", port)
        ref = Ref(level=Level.STUDY, study_uid="1.2.3")
        *_, last = caller.move(station, ref, "THIRD", message_id=5)
    assert last.outcome is not None
    assert last.outcome.ok
    assert sorted(got) == ["1.2.3.1", "1.2.3.2", "1.2.3.3"]


@pytest.mark.parametrize(
    ("chosen", "state", "action"),
    [
        (Duplicates.KEEP_FIRST, OutcomeState.OK, StoreAction.KEPT_FIRST),
        (Duplicates.REPLACE, OutcomeState.OK, StoreAction.REPLACED),
        (Duplicates.REFUSE, OutcomeState.FAILED, None),
    ],
)
def test_a_second_object_of_one_uid_goes_by_the_policy(
    chosen: Duplicates,
    state: OutcomeState,
    action: StoreAction | None,
    station: Modality,
    caller: Caller,
    policy: list[Duplicates],
    tmp_path: Path,
    recorder: Recorder,
) -> None:
    policy[0] = chosen
    path = write_object(tmp_path, "1.2.3.4")
    first, second = caller.store(station, [path, path])
    assert first.outcome.ok
    assert second.outcome.state is state
    if action is None:
        assert second.outcome.status == 0x0111
    else:
        assert recorder.wait(InstanceStored, 2)[1].stored.action is action


HOSTILE = ["../../x", "/tmp/x", "a\0b", ".", "..", "1" * 65, "letters", "1.2/../../../y", "\x1b[2J"]


def _element(tag: tuple[int, int], value: str) -> bytes:
    raw = value.encode("latin-1")
    raw += b"\0" * (len(raw) % 2)
    return struct.pack("<HH2sH", *tag, b"UI", len(raw)) + raw


def _objects(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*.dcm") if b"DICM" in p.read_bytes()[:132]]


@pytest.mark.parametrize("in_data_set_too", [False, True])
@pytest.mark.parametrize("uid", HOSTILE)
def test_a_hostile_uid_leaves_nothing_outside_of_the_folder(
    uid: str, in_data_set_too: bool, station: Modality, folder: Path, tmp_path: Path
) -> None:
    said = uid if in_data_set_too else "1.2.3.4"
    elements = [((8, 0x16), CT), ((8, 0x18), said), ((0x20, 0xD), said), ((0x20, 0xE), said)]
    data = b"".join(_element(tag, value) for tag, value in elements)
    with Raw.connect(station.port) as raw:
        raw.associate()
        raw.send(p_data(3, 3, command_for(uid)), p_data(3, 2, data))
        status = raw.answer().status
    if not in_data_set_too:
        assert status == 0xA900, "the data set has another UID"
    wait_until(lambda: len(_objects(folder)) == (status == 0), "the file is where it belongs")
    outside = [p for p in tmp_path.rglob("*") if folder not in (p, *p.parents)]
    assert outside == [folder.parent]
    assert not Path("/tmp/x").exists()
