"""C-FIND and C-MOVE as SCP, asked by our own caller and by bare bytes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from pydicom import Dataset

from core.errors import UsageError
from core.events import MessageHandled
from core.model import Counters, Level, Match, Modality, OutcomeState, Query, Ref, Root
from core.network import command, contexts, identifier, pdu
from core.network.command import Field, Verb
from core.network.contexts import EXPLICIT_LE
from core.network.scu import Caller
from tests.core.network.fakes import MemoryArchive, Recorder, Source, wait_until, write_object
from tests.core.network.raw import Raw, accept_all, p_data, peer, read_message, respond

STUDY_FIND = contexts.FIND[Root.STUDY]
REF = Ref(level=Level.STUDY, study_uid="1.2.3")


@pytest.fixture
def held(me: Modality, caller: Caller, archive: MemoryArchive, tmp_path: Path) -> None:
    files = [write_object(tmp_path, f"1.2.3.{n}") for n in range(1, 5)]
    assert all(r.outcome.ok for r in caller.store(me, files))


def _study(number: int) -> Dataset:
    ds = Dataset()
    ds.StudyInstanceUID = f"1.2.{number}"
    ds.PatientName = f"Name^{number}"
    return ds


def test_every_match_comes_once_and_in_order(
    me: Modality, caller: Caller, archive: MemoryArchive
) -> None:
    archive.matches = lambda asked: (_study(n) for n in range(3000))
    query = Query(level=Level.STUDY, keys={"PatientName": "", "RetrieveAETitle": ""})
    *found, outcome = caller.find(me, query)
    assert outcome.ok
    assert [m.values["StudyInstanceUID"] for m in found] == [f"1.2.{n}" for n in range(3000)]
    assert {m.values["RetrieveAETitle"] for m in found} == {"MODALITTY"}
    assert {m.values["QueryRetrieveLevel"] for m in found} == {"STUDY"}


def test_a_query_that_does_not_fit_is_told_why(
    me: Modality, caller: Caller, archive: MemoryArchive
) -> None:
    def refuse(asked: Dataset) -> Iterator[Dataset]:
        raise UsageError("StudyInstanceUID is missing")

    archive.matches = refuse
    (outcome,) = caller.find(me, Query(level=Level.SERIES))
    assert (outcome.status, outcome.comment) == (0xA900, "StudyInstanceUID is missing")


def _find(raw: Raw, data: bytes, message_id: int = 1) -> None:
    fields = command.request(Verb.C_FIND_RQ, message_id, STUDY_FIND, data_set=True)
    raw.send(p_data(1, 3, command.encode(fields)), p_data(1, 2, data))


def test_an_identifier_of_garbage_is_refused_and_the_association_goes_on(
    port: int, held: None
) -> None:
    with Raw.connect(port) as raw:
        raw.associate(contexts=(pdu.context(1, STUDY_FIND, [EXPLICIT_LE]),))
        _find(raw, b"\xff" * 40)
        assert raw.answer().status == 0xA900


def test_an_identifier_beyond_all_measure_is_aborted(port: int) -> None:
    with Raw.connect(port) as raw:
        raw.associate(contexts=(pdu.context(1, STUDY_FIND, [EXPLICIT_LE]),))
        fields = command.request(Verb.C_FIND_RQ, 1, STUDY_FIND, data_set=True)
        raw.send(p_data(1, 3, command.encode(fields)))
        for _ in range(identifier.MAX_IDENTIFIER // 16000 + 2):
            raw.send(p_data(1, 0, b"x" * 16000))
        assert raw.expect_abort()[0] == 2


def test_a_cancel_ends_the_answers(port: int, archive: MemoryArchive, recorder: Recorder) -> None:
    produced = []

    def endless(asked: Dataset) -> Iterator[Dataset]:
        while True:
            produced.append(1)
            yield _study(len(produced))

    archive.matches = endless
    ds = _study(0)
    ds.QueryRetrieveLevel = "STUDY"
    with Raw.connect(port) as raw:
        raw.associate(contexts=(pdu.context(1, STUDY_FIND, [EXPLICIT_LE]),))
        _find(raw, identifier.encode(ds, EXPLICIT_LE), message_id=9)
        assert raw.answer().status == 0xFF00
        raw.send(p_data(1, 3, command.cancel(9)))
        status = 0xFF00
        while status == 0xFF00:
            _, body = raw.pdu()
            if body[5] & 1:
                status = command.decode(body[6:]).status
    assert status == 0xFE00
    assert recorder.wait(MessageHandled)[0].status == 0xFE00


def test_a_cancel_is_seen_while_nothing_matches(
    port: int, archive: MemoryArchive, recorder: Recorder
) -> None:
    looking = threading.Event()

    def nothing(asked: Dataset) -> Iterator[None]:
        while True:
            looking.set()
            yield None

    archive.matches = nothing
    ds = _study(0)
    ds.QueryRetrieveLevel = "STUDY"
    with Raw.connect(port) as raw:
        raw.associate(contexts=(pdu.context(1, STUDY_FIND, [EXPLICIT_LE]),))
        _find(raw, identifier.encode(ds, EXPLICIT_LE), message_id=9)
        assert looking.wait(10)
        raw.send(p_data(1, 3, command.cancel(9)))
        assert raw.answer().status == 0xFE00


def test_a_cancel_that_comes_too_late_is_ignored(port: int, held: None) -> None:
    ds = _study(0)
    with Raw.connect(port) as raw:
        raw.associate(contexts=(pdu.context(1, STUDY_FIND, [EXPLICIT_LE]),))
        for message_id in (1, 2):
            _find(raw, identifier.encode(ds, EXPLICIT_LE), message_id)
            assert raw.answer().status == 0
            raw.send(p_data(1, 3, command.cancel(message_id)))


def test_a_second_request_while_one_is_answered_is_aborted(
    port: int, archive: MemoryArchive
) -> None:
    def endless(asked: Dataset) -> Iterator[Dataset]:
        while True:
            yield _study(1)

    archive.matches = endless
    with Raw.connect(port) as raw:
        raw.associate(contexts=(pdu.context(1, STUDY_FIND, [EXPLICIT_LE]),))
        data = identifier.encode(_study(0), EXPLICIT_LE)
        _find(raw, data, 1)
        _find(raw, data, 2)
        kind = 4
        while kind == 4:
            kind, body = raw.pdu()
        assert (kind, body[2]) == (7, 2)


def test_a_move_sends_to_a_third_party(
    me: Modality, caller: Caller, settings: Source, held: None
) -> None:
    got: list[tuple[str, str, int | None]] = []

    def script(raw: Raw) -> None:
        accept_all(raw)
        while True:
            context, request = read_message(raw)
            got.append(
                (
                    request.text(Field.AFFECTED_SOP_INSTANCE_UID),
                    request.text(Field.MOVE_ORIGINATOR_AE_TITLE),
                    request.number(Field.MOVE_ORIGINATOR_MESSAGE_ID),
                )
            )
            respond(raw, context, request, 0)

    with peer(script) as port:
        settings.modality("third", port)
        *_, last = caller.move(me, REF, "THIRD", message_id=321)
    assert last.outcome is not None
    assert last.outcome.state is OutcomeState.OK
    assert last.counters == Counters(completed=4, failed=0, warnings=0)
    assert got == [(f"1.2.3.{n}", "MODALITTY", 321) for n in range(1, 5)]


def test_a_move_tells_what_failed_and_why_not_all(
    me: Modality, caller: Caller, settings: Source, held: None
) -> None:
    statuses = iter([0, 0xA700, 0xB000, 0])

    def script(raw: Raw) -> None:
        accept_all(raw)
        while True:
            context, request = read_message(raw)
            respond(raw, context, request, next(statuses))

    with peer(script) as port:
        settings.modality("third", port)
        *_, last = caller.move(me, REF, "THIRD", message_id=1)
    assert last.outcome is not None
    assert last.outcome.status == 0xB000
    assert last.counters == Counters(completed=2, failed=1, warnings=1)
    assert last.failed_uids == ("1.2.3.2",)


def test_a_destination_that_cannot_be_reached(
    me: Modality, caller: Caller, settings: Source, held: None
) -> None:
    with peer(lambda raw: None) as port:
        pass
    settings.modality("gone", port)
    *_, last = caller.move(me, REF, "GONE", message_id=1)
    assert last.outcome is not None
    assert last.outcome.status == 0xA702
    assert last.counters.failed == 4
    assert len(last.failed_uids) == 4


def test_what_is_no_uid_is_listed_as_failed_as_it_is(
    me: Modality, caller: Caller, settings: Source, archive: MemoryArchive, held: None
) -> None:
    archive.instances = [
        replace(instance, sop_instance_uid=uid)
        for instance, uid in zip(archive.instances, ("1.2.x", "1" * 80, "1.\xe9", ""), strict=True)
    ]
    with peer(lambda raw: None) as port:
        pass
    settings.modality("gone", port)
    *_, last = caller.move(me, REF, "GONE", message_id=1)
    assert last.outcome is not None
    assert last.outcome.status == 0xA702
    assert last.counters.failed == 4
    assert last.failed_uids == ("1.2.x", "1" * 80, "1.?")


def test_an_unknown_destination(me: Modality, caller: Caller, held: None) -> None:
    (last,) = caller.move(me, REF, "WHO", message_id=1)
    assert last.outcome is not None
    assert last.outcome.status == 0xA801
    assert "WHO" in last.outcome.comment


def test_a_move_of_nothing_succeeds_with_nothing(
    me: Modality, caller: Caller, settings: Source, held: None
) -> None:
    settings.modality("third", 9)
    ref = Ref(level=Level.STUDY, study_uid="9.9.9")
    (last,) = caller.move(me, ref, "THIRD", message_id=1)
    assert last.outcome is not None
    assert last.outcome.ok
    assert last.counters == Counters(completed=0, failed=0, warnings=0)


def test_a_cancelled_move_stops(me: Modality, caller: Caller, settings: Source, held: None) -> None:
    cancel = threading.Event()
    go_on = threading.Event()
    sent = []

    def script(raw: Raw) -> None:
        accept_all(raw)
        while True:
            context, request = read_message(raw)
            sent.append(request)
            cancel.set()
            assert go_on.wait(5)
            respond(raw, context, request, 0)

    with peer(script) as port:
        settings.modality("third", port)
        threading.Timer(0.5, go_on.set).start()
        *_, last = caller.move(me, REF, "THIRD", message_id=1, cancel=cancel)
    assert last.outcome is not None
    assert last.outcome.state is OutcomeState.CANCELLED
    assert last.outcome.status == 0xFE00
    assert last.counters == Counters(remaining=3, completed=1, failed=0, warnings=0)
    assert len(sent) == 1


def test_a_requestor_that_goes_ends_the_sub_operations(
    port: int, settings: Source, held: None
) -> None:
    over = threading.Event()

    def script(raw: Raw) -> None:
        accept_all(raw)
        try:
            while True:
                context, request = read_message(raw)
                asker.close()
                respond(raw, context, request, 0)
        finally:
            over.set()

    uid = contexts.MOVE[Root.STUDY]
    ds = Dataset()
    ds.QueryRetrieveLevel = "STUDY"
    ds.StudyInstanceUID = "1.2.3"
    fields = command.request(Verb.C_MOVE_RQ, 1, uid, data_set=True)
    fields[Field.MOVE_DESTINATION] = "THIRD"
    with peer(script) as third, Raw.connect(port) as asker:
        settings.modality("third", third)
        asker.associate(contexts=(pdu.context(1, uid, [EXPLICIT_LE]),))
        data = identifier.encode(ds, EXPLICIT_LE)
        asker.send(p_data(1, 3, command.encode(fields)), p_data(1, 2, data))
        assert over.wait(5)


def test_a_ref_without_its_uid_is_misuse(me: Modality, caller: Caller) -> None:
    with pytest.raises(UsageError, match="SeriesInstanceUID"):
        caller.move(me, Ref(level=Level.SERIES, study_uid="1.2"), "X", message_id=1)


def test_a_move_by_patient_root_names_the_patient(
    me: Modality, caller: Caller, settings: Source, held: None, archive: MemoryArchive
) -> None:
    asked: list[Dataset] = []
    archive.select = lambda ds, root, **_: asked.append(ds) or []
    settings.modality("third", 9)
    ref = Ref(level=Level.STUDY, patient_id="P1", study_uid="1.2.3")
    list(caller.move(me, ref, "THIRD", message_id=1, root=Root.PATIENT))
    list(caller.move(me, ref, "THIRD", message_id=1))
    assert [ds.get("PatientID") for ds in asked] == ["P1", None]
    assert [ds.StudyInstanceUID for ds in asked] == ["1.2.3", "1.2.3"]


def test_names_beyond_ascii_are_asked_for_in_utf_8(
    me: Modality, caller: Caller, archive: MemoryArchive
) -> None:
    asked: list[Dataset] = []

    def look(ds: Dataset) -> Iterator[Dataset]:
        asked.append(ds)
        yield _study(1)

    archive.matches = look
    match, outcome = caller.find(me, Query(level=Level.STUDY, keys={"PatientName": "山田*"}))
    assert isinstance(match, Match)
    assert outcome.ok
    assert asked[0].PatientName == "山田*"
    assert asked[0].SpecificCharacterSet == "ISO_IR 192"
    wait_until(lambda: caller.associations() == (), "the association is released")
