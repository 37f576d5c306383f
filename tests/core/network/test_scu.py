"""What our calls make of peers that misbehave: an outcome in words, soon, and nothing left open."""

from __future__ import annotations

import errno
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import UsageError
from core.events import AssociationEnded, AssociationRejected, MessageHandled
from core.model import Level, Match, Modality, Outcome, OutcomeState, Query, Ref
from core.network import association, command, connect, finding, identifier, line, part10, pdu, wire
from core.network.command import Verb
from core.network.contexts import EXPLICIT_LE
from core.network.scu import Caller
from tests.core.network.fakes import CT, MemoryArchive, Recorder, Source, make_object, write_object
from tests.core.network.raw import Raw, accept_all, p_data, peer, read_message, respond

STUDY = Query(level=Level.STUDY, keys={"PatientName": ""})
REF = Ref(level=Level.STUDY, study_uid="1.2.3")


def _identifier(**values: str) -> bytes:
    ds = make_object("1.2")[0x00100010:0x00100011]
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return identifier.encode(ds, EXPLICIT_LE)


# -- openings


def _silent(raw: Raw) -> None:
    raw.sock.recv(1 << 16)
    raw.read(1)


def _half(raw: Raw) -> None:
    raw.sock.recv(1 << 16)
    raw.send(b"\2\0\0")
    raw.read(1)


def _reset(raw: Raw) -> None:
    raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def _says(data: bytes) -> Callable[[Raw], None]:
    def script(raw: Raw) -> None:
        raw.pdu()
        raw.send(data)

    return script


def _refuses_contexts(raw: Raw) -> None:
    _, body = raw.pdu()
    asked = pdu.decode_associate(1, memoryview(body))
    for context in asked.contexts:
        context.result = 3
    raw.send(pdu.encode_accept(pdu.Associate("A", "B", asked.contexts, 16384)))
    raw.pdu()
    raw.send(pdu.RELEASE_RP)


OPENINGS = {
    "silent": (_silent, OutcomeState.TIMEOUT, "not answered"),
    "half a header": (_half, OutcomeState.TIMEOUT, "not answered"),
    "closes": (lambda raw: None, OutcomeState.ABORTED, ""),
    "resets": (_reset, OutcomeState.ABORTED, ""),
    "rejects": (_says(pdu.reject(1, 1, 3)), OutcomeState.REJECTED, "our AE title"),
    "aborts": (_says(pdu.abort(2, 1)), OutcomeState.ABORTED, "unrecognised PDU"),
    "http": (_says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), OutcomeState.ABORTED, "protocol"),
    "a huge answer": (_says(b"\2\0\xff\xff\xff\xf0"), OutcomeState.ABORTED, "protocol"),
    "a damaged answer": (_says(b"\2\0\0\0\0\x60" + b"\xff" * 96), OutcomeState.ABORTED, "an item"),
    "no contexts": (_refuses_contexts, OutcomeState.FAILED, "SOP class"),
}


@pytest.mark.parametrize("name", OPENINGS)
def test_an_opening_that_fails_is_said_in_words(
    name: str, settings: Source, caller: Caller, recorder: Recorder
) -> None:
    script, state, words = OPENINGS[name]
    settings.station(acse_timeout=0.3)
    with peer(script) as port:
        modality = settings.modality("bad", port)
        start = time.monotonic()
        outcome = caller.echo(modality)
        assert time.monotonic() - start < 15, "acse_timeout did not count"
    assert outcome.state is state, outcome
    assert words in outcome.meaning
    assert outcome.advice
    recorder.wait(AssociationRejected)
    assert caller.associations() == ()


def test_a_closed_port(settings: Source, caller: Caller) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = caller.echo(settings.modality("closed", port))
    assert outcome.state is OutcomeState.UNREACHABLE
    assert "refused" in outcome.meaning


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 70, "a..b", "a\0b", ""])
def test_a_name_that_does_not_resolve(host: str, settings: Source, caller: Caller) -> None:
    outcome = caller.echo(settings.modality("lost", 104, host=host))
    assert outcome.state is OutcomeState.UNREACHABLE
    assert outcome.advice


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("port", [70000, 0, -1])
def test_a_port_that_cannot_be(host: str, port: int, settings: Source, caller: Caller) -> None:
    outcome = caller.echo(settings.modality("lost", port, host=host))
    assert outcome.state is OutcomeState.UNREACHABLE


@pytest.mark.parametrize("title", ["", "  ", "X" * 17, "ÄPFEL", "a\\b", "a\nb"])
def test_a_title_that_is_none_is_misuse(title: str, caller: Caller) -> None:
    peer = Modality(ae_title=title, host="127.0.0.1", port=9)
    with pytest.raises(UsageError, match="AE title"):
        caller.echo(peer)
    with pytest.raises(UsageError, match="AE title"):
        caller.move(peer, REF, title, message_id=1)


def test_tcp_that_is_not_answered(settings: Source, caller: Caller) -> None:
    settings.station(connect_timeout=0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        # A listener whose queue is full drops what else comes, as a firewall does.
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        start = time.monotonic()
        outcome = caller.echo(settings.modality("drop", address[1]))
        assert time.monotonic() - start < 8, "connect_timeout did not count"
        for filler in fillers:
            filler.close()
    assert outcome.state is OutcomeState.UNREACHABLE
    assert "time-out" in outcome.meaning


def test_a_lack_of_memory_or_descriptors_is_told(
    me: Modality, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks(_: socket.socket) -> wire.Wire:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(connect, "Wire", lacks)
    outcome = caller.echo(me)
    assert outcome.state is OutcomeState.UNREACHABLE
    assert "Too many open files" in outcome.meaning


def test_close_ends_a_call_that_waits(settings: Source, caller: Caller) -> None:
    waiting = threading.Event()

    def script(raw: Raw) -> None:
        accept_all(raw)
        read_message(raw)
        waiting.set()
        raw.read(1)

    settings.station(dimse_timeout=60.0)
    with peer(script) as port:
        modality = settings.modality("slow", port)
        outcomes: list[Outcome] = []
        calling = threading.Thread(target=lambda: outcomes.append(caller.echo(modality)))
        calling.start()
        assert waiting.wait(5)
        caller.close()
        calling.join(3)
        assert not calling.is_alive()
    assert outcomes[0].state is OutcomeState.CANCELLED


def test_close_ends_a_call_that_still_associates(settings: Source, caller: Caller) -> None:
    settings.station(acse_timeout=60.0)
    with peer(_silent) as port:
        modality = settings.modality("slow", port)
        calling = threading.Thread(target=caller.echo, args=(modality,))
        calling.start()
        caller.close()
        calling.join(3)
        assert not calling.is_alive()


# -- answers


def _answers(*steps: Callable[[Raw, int, object], None]) -> Callable[[Raw], None]:
    """A peer that accepts, reads one request, does `steps`, and then what the caller asks."""

    def script(raw: Raw) -> None:
        accept_all(raw)
        context, request = read_message(raw)
        for step in steps:
            step(raw, context, request)
        while True:
            read_message(raw)

    return script


def test_an_echo_that_is_never_answered(
    settings: Source, caller: Caller, recorder: Recorder
) -> None:
    settings.station(dimse_timeout=0.3)
    with peer(_answers()) as port:
        outcome = caller.echo(settings.modality("mute", port))
    assert outcome.state is OutcomeState.TIMEOUT
    assert "request was not answered" in outcome.meaning
    assert "time limit" in recorder.wait(AssociationEnded)[0].reason


def test_an_answer_to_another_message(settings: Source, caller: Caller) -> None:
    step = lambda raw, cx, rq: respond(raw, cx, rq, 0, MESSAGE_ID_BEING_RESPONDED_TO=99)  # noqa: E731
    with peer(_answers(step)) as port:
        outcome = caller.echo(settings.modality("odd", port))
    assert outcome.state is OutcomeState.ABORTED


def test_a_peer_that_releases_instead_of_answering(settings: Source, caller: Caller) -> None:
    with peer(_answers(lambda raw, cx, rq: raw.send(pdu.RELEASE_RQ))) as port:
        outcome = caller.echo(settings.modality("odd", port))
    assert outcome.state is OutcomeState.ABORTED
    assert "released" in outcome.meaning


def test_a_release_that_is_not_answered_harms_nothing(
    settings: Source, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "_RELEASE_PATIENCE", 0.2)

    def script(raw: Raw) -> None:
        accept_all(raw)
        context, request = read_message(raw)
        respond(raw, context, request, 0)
        raw.read(1 << 16)

    with peer(script) as port:
        assert caller.echo(settings.modality("odd", port)).ok


def test_a_failure_comes_with_the_comment_of_the_peer(
    settings: Source, caller: Caller, recorder: Recorder
) -> None:
    with peer(_answers(lambda raw, cx, rq: respond(raw, cx, rq, 0xA900))) as port:
        (outcome,) = caller.find(settings.modality("odd", port), STUDY)
    assert (outcome.state, outcome.status) == (OutcomeState.FAILED, 0xA900)
    assert recorder.wait(MessageHandled)[0].outgoing


def test_matches_come_as_they_arrive(settings: Source, caller: Caller) -> None:
    go_on = threading.Event()

    def one(raw: Raw, context: int, request: object) -> None:
        respond(raw, context, request, 0xFF00, _identifier(PatientID="1"))

    def rest(raw: Raw, context: int, request: object) -> None:
        assert go_on.wait(5)
        respond(raw, context, request, 0xFF01, _identifier(PatientID="2"))
        respond(raw, context, request, 0)

    with peer(_answers(one, rest)) as port:
        items = caller.find(settings.modality("slow", port), STUDY)
        first = next(items)
        go_on.set()
        second, outcome = items
    assert isinstance(first, Match)
    assert (first.values["PatientID"], first.incomplete) == ("1", False)
    assert isinstance(second, Match)
    assert second.incomplete
    assert outcome.ok


def test_an_identifier_that_does_not_decode_is_a_match_all_the_same(
    settings: Source, caller: Caller
) -> None:
    def step(raw: Raw, context: int, request: object) -> None:
        respond(raw, context, request, 0xFF00, b"\x08\0\x52\0CS\xff\x7fSTUDY")
        respond(raw, context, request, 0xFF00, _identifier(PatientID="2"))
        respond(raw, context, request, 0)

    with peer(_answers(step)) as port:
        broken, whole, outcome = caller.find(settings.modality("odd", port), STUDY)
    assert broken.incomplete
    assert whole.values["PatientID"] == "2"
    assert outcome.ok


def _endless(raw: Raw, context: int, request: object) -> None:
    while True:
        respond(raw, context, request, 0xFF00, _identifier(PatientID="1"))
        if raw.sock.getblocking():
            raw.sock.settimeout(5)


def test_a_query_without_end_is_cut_off_where_the_peer_ignores_a_cancel(
    settings: Source, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "CANCEL_PATIENCE", 0.3)
    cancel = threading.Event()
    with peer(_answers(_endless)) as port:
        items = caller.find(settings.modality("endless", port), STUDY, cancel)
        next(items)
        cancel.set()
        *_, outcome = items
    assert outcome.state is OutcomeState.CANCELLED
    assert "cut off" in outcome.meaning


def test_a_query_that_brought_what_was_wanted_has_not_failed_however_it_ends(
    settings: Source, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The peer ignores C-CANCEL, and is cut off."""
    monkeypatch.setattr(finding, "_LIMIT_PATIENCE", 0.3)
    with peer(_answers(_endless)) as port:
        modality = settings.modality("endless", port)
        items = list(caller.find(modality, Query(level=Level.STUDY, limit=10)))
    assert len(items) == 11
    assert items[-1].state is OutcomeState.WARNING
    assert "limit of 10" in items[-1].meaning
    assert "cut off" in items[-1].meaning


def test_a_limit_cancels_and_says_that_there_is_more(settings: Source, caller: Caller) -> None:
    def two(raw: Raw, context: int, request: object) -> None:
        for _ in range(2):
            respond(raw, context, request, 0xFF00, _identifier(PatientID="1"))
        _, cancel = read_message(raw)
        assert cancel.verb == 0x0FFF
        respond(raw, context, request, 0xFE00)

    with peer(_answers(two)) as port:
        modality = settings.modality("polite", port)
        *found, outcome = caller.find(modality, Query(level=Level.STUDY, limit=2))
    assert len(found) == 2
    assert outcome.state is OutcomeState.WARNING
    assert "limit of 2" in outcome.meaning


def test_a_person_cancels_a_query(settings: Source, caller: Caller) -> None:
    cancel = threading.Event()

    def one(raw: Raw, context: int, request: object) -> None:
        respond(raw, context, request, 0xFF00, _identifier(PatientID="1"))
        _, message = read_message(raw)
        assert message.verb == 0x0FFF
        respond(raw, context, request, 0xFE00)

    with peer(_answers(one)) as port:
        items = caller.find(settings.modality("polite", port), STUDY, cancel)
        next(items)
        threading.Timer(0.05, cancel.set).start()
        (outcome,) = items
    assert outcome.state is OutcomeState.CANCELLED


def test_a_query_that_is_let_go_ends_its_association(
    settings: Source, caller: Caller, recorder: Recorder
) -> None:
    with peer(_answers(_endless)) as port:
        items = caller.find(settings.modality("endless", port), STUDY)
        next(items)
        items.close()
        assert "given up" in recorder.wait(AssociationEnded)[0].reason
    assert caller.associations() == ()


@pytest.mark.parametrize("keys", [{"NoSuchKeyword": "x"}, {"Rows": "many"}, {"zzzz,zzzz": ""}])
def test_a_query_that_cannot_be_asked(keys: dict[str, str], caller: Caller) -> None:
    nobody = Modality(ae_title="X", host="127.0.0.1", port=9)
    with pytest.raises(UsageError):
        caller.find(nobody, Query(level=Level.STUDY, keys=keys))


# -- moves


def test_a_move_with_odd_counters_is_told_as_it_is(settings: Source, caller: Caller) -> None:
    def step(raw: Raw, context: int, request: object) -> None:
        respond(raw, context, request, 0xFF00, REMAINING=0, COMPLETED=65535, FAILED=3)
        respond(raw, context, request, 0xFF00)
        respond(raw, context, request, 0)

    with peer(_answers(step)) as port:
        first, second, last = caller.move(settings.modality("odd", port), REF, "ME", message_id=1)
    assert (first.counters.completed, first.counters.failed) == (65535, 3)
    assert second.counters.completed is None
    assert last.outcome is not None
    assert last.outcome.ok


def test_a_move_names_what_failed(settings: Source, caller: Caller) -> None:
    def step(raw: Raw, context: int, request: object) -> None:
        data = _identifier(FailedSOPInstanceUIDList=["1.2", "1.3"])
        respond(raw, context, request, 0xB000, data, COMPLETED=1, FAILED=2)

    with peer(_answers(step)) as port:
        (last,) = caller.move(settings.modality("odd", port), REF, "ME", message_id=1)
    assert last.failed_uids == ("1.2", "1.3")
    assert last.outcome is not None
    assert last.outcome.state is OutcomeState.WARNING


def test_a_move_that_is_dropped_midway(settings: Source, caller: Caller) -> None:
    def step(raw: Raw, context: int, request: object) -> None:
        respond(raw, context, request, 0xFF00, REMAINING=5, COMPLETED=2)
        raise EOFError

    with peer(_answers(step)) as port:
        first, last = caller.move(settings.modality("odd", port), REF, "ME", message_id=1)
    assert last.counters == first.counters
    assert last.outcome is not None
    assert last.outcome.state is OutcomeState.ABORTED


def test_a_move_without_pending_waits_while_objects_arrive(
    settings: Source, caller: Caller
) -> None:
    settings.station(dimse_timeout=0.2)
    lives = iter([True, True])
    done = threading.Event()

    def step(raw: Raw, context: int, request: object) -> None:
        assert done.wait(5)
        respond(raw, context, request, 0)

    def is_alive() -> bool:
        alive = next(lives, None)
        if alive is None:
            done.set()
        return True

    with peer(_answers(step)) as port:
        modality = settings.modality("mute", port)
        (last,) = caller.move(modality, REF, "ME", message_id=1, is_alive=is_alive)
    assert last.outcome is not None
    assert last.outcome.ok


def test_a_move_without_any_sign_of_life_times_out(settings: Source, caller: Caller) -> None:
    settings.station(dimse_timeout=0.2)
    with peer(_answers()) as port:
        modality = settings.modality("mute", port)
        (last,) = caller.move(modality, REF, "ME", message_id=1, is_alive=lambda: False)
    assert last.outcome is not None
    assert last.outcome.state is OutcomeState.TIMEOUT


# -- stores


def test_a_store_that_breaks_goes_on_with_the_next_object(
    settings: Source, caller: Caller, tmp_path: Path
) -> None:
    seen: list[str] = []

    def script(raw: Raw) -> None:
        accept_all(raw)
        while True:
            context, request = read_message(raw)
            uid = request.text(0x1000)
            seen.append(uid)
            if uid == "1.2.2":
                return
            respond(raw, context, request, 0)

    files = [write_object(tmp_path, f"1.2.{n}") for n in range(1, 5)]
    with peer(script) as port:
        results = list(caller.store(settings.modality("picky", port), files))
    assert seen == ["1.2.1", "1.2.2", "1.2.3", "1.2.4"]
    assert [r.outcome.state.value for r in results] == ["ok", "aborted", "ok", "ok"]


def test_objects_that_cannot_be_read_are_results_too(
    me: Modality, caller: Caller, archive: MemoryArchive, tmp_path: Path
) -> None:
    text = tmp_path / "text.dcm"
    text.write_text("no dicom")
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(b"\0" * 128 + b"DICM\2\0\0\0UL\4\0")
    missing = tmp_path / "missing.dcm"
    good = write_object(tmp_path, "1.2.3.4")
    results = {r.path: r.outcome for r in caller.store(me, [text, cut, missing, good])}
    assert [results[str(p)].state.value for p in (text, cut, missing, good)] == (
        ["failed", "failed", "failed", "ok"]
    )
    assert len(archive.instances) == 1


@pytest.mark.parametrize("bad", ["1" * 70, "1.2.\xe9", "abc"])
@pytest.mark.parametrize("tag", [0x00020002, 0x00020010])
def test_an_object_of_no_class_or_syntax_fails_alone(
    tag: int, bad: str, me: Modality, caller: Caller, tmp_path: Path
) -> None:
    uids = {0x00020002: CT, 0x00020003: "1.2.4", 0x00020010: EXPLICIT_LE, tag: bad}
    fields = [(uid.encode("latin-1") + b"\0" * (len(uid) % 2), key) for key, uid in uids.items()]
    meta = b"".join(
        struct.pack("<HH2sH", 2, key & 0xFFFF, b"UI", len(raw)) + raw for raw, key in fields
    )
    damaged = tmp_path / "damaged.dcm"
    damaged.write_bytes(b"\0" * 128 + b"DICM" + meta + _identifier(PatientID="1"))
    results = list(caller.store(me, [damaged, write_object(tmp_path, "1.2.3")]))
    assert [r.outcome.ok for r in results] == [False, True]
    assert "no UID" in results[0].outcome.meaning


@pytest.mark.parametrize("bad", ["1" * 70, "1.2.\xe9", "abc"])
def test_a_class_that_is_no_uid_is_not_asked_for(
    bad: str, settings: Source, caller: Caller, archive: MemoryArchive
) -> None:
    asked = []

    def script(raw: Raw) -> None:
        asked.append(accept_all(raw))
        context, request = read_message(raw)
        if request.verb == Verb.C_FIND_RQ:
            classes = f"{CT}\\{bad}".encode("latin-1")
            head = struct.pack("<HH2sH", 0x0008, 0x0062, b"UI", len(classes))
            respond(raw, context, request, 0xFF00, head + classes)
        respond(raw, context, request, 0)
        read_message(raw)

    with peer(script) as port:
        *_, last = caller.get(settings.modality("odd", port), REF, archive)
    assert last.outcome is not None
    assert last.outcome.ok
    assert {str(context.abstract_syntax) for context in asked[-1].contexts[1:]} == {CT}


def test_the_next_object_is_made_ready_while_the_peer_has_one(
    settings: Source, caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with it is told in its turn."""
    files = [write_object(tmp_path, f"1.2.{n}") for n in range(1, 4)]
    opened: list[str] = []
    ready = threading.Event()
    open_object = part10.open_object

    def opens(path: Path) -> object:
        opened.append(path.name)
        if len(opened) == len(files) + 2:  # each was looked at before the association
            path.unlink()
            ready.set()
        return open_object(path)

    def script(raw: Raw) -> None:
        accept_all(raw)
        while True:
            context, request = read_message(raw)
            assert ready.wait(5), "the next object is not looked at before the answer"
            respond(raw, context, request, 0)

    monkeypatch.setattr(part10, "open_object", opens)
    with peer(script) as port:
        results = list(caller.store(settings.modality("slow", port), files))
    assert opened == [path.name for path in (*files, *files)]
    assert [r.outcome.state.value for r in results] == ["ok", "failed", "ok"]
    assert [r.sop_instance_uid for r in results] == ["1.2.1", "1.2.2", "1.2.3"]


def test_a_cancelled_store_leaves_the_rest(
    me: Modality, caller: Caller, archive: MemoryArchive, tmp_path: Path
) -> None:
    cancel = threading.Event()
    states = []
    files = [write_object(tmp_path, f"1.2.{n}") for n in range(1, 5)]
    for result in caller.store(me, files, cancel=cancel):
        states.append(result.outcome.state.value)
        cancel.set()
    assert states == ["ok", "cancelled", "cancelled", "cancelled"]
    assert len(archive.instances) == 1


def test_more_sop_classes_than_one_association_holds(
    me: Modality, caller: Caller, archive: MemoryArchive, tmp_path: Path
) -> None:
    files = [write_object(tmp_path, f"1.2.{n}", sop_class=f"1.2.826.0.{n}") for n in range(1, 100)]
    results = list(caller.store(me, files))
    assert all(r.outcome.ok for r in results)
    assert len(archive.instances) == 99


def test_a_cancel_does_not_deny_what_the_peer_acknowledges(
    settings: Source, caller: Caller, tmp_path: Path
) -> None:
    cancel = threading.Event()

    def script(raw: Raw) -> None:
        accept_all(raw)
        context, request = read_message(raw)
        cancel.set()
        respond(raw, context, request, 0)
        read_message(raw)

    files = [write_object(tmp_path, f"1.2.{n}") for n in range(2)]
    with peer(script) as port:
        modality = settings.modality("slow", port)
        results = list(caller.store(modality, files, cancel=cancel))
    assert [r.outcome.state.value for r in results] == ["ok", "cancelled"]


def test_a_cancel_ends_the_sending_of_a_large_object(
    settings: Source, caller: Caller, tmp_path: Path, recorder: Recorder
) -> None:
    cancel = threading.Event()
    taken = 0

    def script(raw: Raw) -> None:
        nonlocal taken
        accept_all(raw)
        while data := raw.sock.recv(1 << 16):
            taken += len(data)
            cancel.set()

    path = write_object(tmp_path, "1.2.3", kib=30_000)
    with peer(script) as port:
        (result,) = caller.store(settings.modality("slow", port), [path], cancel=cancel)
    assert result.outcome.state is OutcomeState.CANCELLED
    assert taken < 30 << 20


@pytest.mark.parametrize("lingers", [False, True])
def test_an_abort_in_the_middle_of_an_object_is_heard(
    lingers: bool, settings: Source, caller: Caller, tmp_path: Path
) -> None:
    """What is written after it breaks first, and says nothing of the reason."""

    def script(raw: Raw) -> None:
        accept_all(raw)
        raw.read(100_000)
        raw.send(pdu.abort(0, 0))
        if lingers:
            raw.sock.shutdown(socket.SHUT_WR)
            raw.read(500_000)

    path = write_object(tmp_path, "1.2.3", kib=30_000)
    with peer(script) as port:
        (result,) = caller.store(settings.modality("full", port), [path])
    assert "application aborted" in result.outcome.meaning


@pytest.mark.parametrize("taken", [False, True], ids=["a query", "an object"])
def test_a_cancel_does_not_wait_for_a_peer_that_stalls_in_the_middle(
    taken: bool,
    settings: Source,
    caller: Caller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither for the rest of half an answer, nor for room to send the rest of an object."""
    settings.station(network_timeout=60.0, dimse_timeout=60.0)
    monkeypatch.setattr(wire, "STALL", 0.2)
    cancel, over = threading.Event(), threading.Event()

    def script(raw: Raw) -> None:
        accept_all(raw)
        if not taken:
            context, request = read_message(raw)
            answer = command.encode(command.response(request, 0))
            raw.send(p_data(context, 3, answer)[:20])
        cancel.set()
        over.wait(20.0)

    with peer(script) as port:
        stalls = settings.modality("stalls", port)
        if taken:
            path = write_object(tmp_path, "1.2.3", kib=30_000)
            outcome = next(iter(caller.store(stalls, [path], cancel=cancel))).outcome
        else:
            (outcome,) = caller.find(stalls, STUDY, cancel)
        over.set()
    assert outcome.state is OutcomeState.CANCELLED


def test_a_data_set_without_end_behind_the_last_answer_is_cut_off(
    settings: Source, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(association, "_MOST_SKIPPED", 100_000)

    def script(raw: Raw) -> None:
        accept_all(raw)
        context, request = read_message(raw)
        last = command.encode(command.response(request, 0, data_set=True))
        raw.send(p_data(context, 3, last))
        for _ in range(100_000):  # 1.6 GB, unless it is stopped
            raw.send(p_data(context, 0, b"x" * 16000))

    with peer(script) as port:
        (outcome,) = caller.find(settings.modality("endless", port), STUDY)
    assert outcome.state is OutcomeState.ABORTED
    assert "protocol" in outcome.meaning
