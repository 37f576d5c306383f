"""Whom the listener lets in, how many, and how it ends."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from core.errors import ListenError
from core.events import (
    AssociationEnded,
    AssociationOpened,
    AssociationRejected,
    EventBus,
    Listening,
    Notice,
)
from core.model import Modality, Operation, OutcomeState
from core.network import pdu
from core.network.listener import Listener
from core.network.scu import Caller
from core.settings import Accept, UnknownCallers
from tests.core.network.fakes import MemoryArchive, Recorder, Source, wait_until, write_object
from tests.core.network.raw import (
    Raw,
    context_item,
    echo_command,
    p_data,
    proposing,
    request,
    store_command,
)


def test_a_port_in_use_is_an_error_that_names_it(
    settings: Source, archive: MemoryArchive, bus: EventBus
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"127.0.0.1:{port}"):
            Listener(settings, archive, bus).start(port)


def test_a_host_that_no_name_can_be_is_told(
    settings: Source, archive: MemoryArchive, bus: EventBus
) -> None:
    settings.station(host="\xe9" * 70)
    with pytest.raises(ListenError, match="cannot listen on"):
        Listener(settings, archive, bus).start(0)


def test_start_and_stop_are_told(recorder: Recorder, listener: Listener) -> None:
    assert listener.address is not None
    listener.stop(0.0)
    assert [e.port > 0 for e in recorder.of(Listening)] == [True, False]
    assert listener.address is None


def test_a_stopped_listener_starts_again(listener: Listener, settings: Source) -> None:
    listener.stop(0.0)
    port = listener.start(0)
    with Raw.connect(port) as raw:
        raw.associate()


def test_who_calls_before_the_disk_is_ready_is_kept_waiting_and_not_refused(
    listener: Listener, archive: MemoryArchive
) -> None:
    listener.stop(0.0)
    port = listener.start(0, patience=60)
    with Raw.connect(port) as raw:
        raw.send(request())
        assert raw.silent(0.2)
        archive.is_ready.set()
        kind, _ = raw.pdu()
        assert kind == 0x02, "A-ASSOCIATE-AC"


def test_a_wrong_called_title_is_rejected(port: int, recorder: Recorder) -> None:
    with Raw.connect(port) as raw:
        raw.send(request(called="OTHER"))
        assert raw.pdu() == (3, bytes((0, 1, 1, 7)))
        raw.expect_close()
    event = recorder.wait(AssociationRejected)[0]
    assert (event.calling, event.called) == ("RAW", "OTHER")
    assert "MODALITTY" in event.reason


def test_a_wrong_called_title_is_taken_where_it_is_not_checked(settings: Source, port: int) -> None:
    settings.station(
        accept=Accept(unknown_callers=UnknownCallers.ACCEPT, check_called_ae_title=False)
    )
    with Raw.connect(port) as raw:
        raw.associate(called="OTHER")


def test_another_application_context_is_rejected(port: int) -> None:
    data = request().replace(b"1.2.840.10008.3.1.1.1", b"1.2.840.10008.3.1.1.9")
    with Raw.connect(port) as raw:
        raw.send(data)
        assert raw.pdu() == (3, bytes((0, 1, 1, 2)))


def test_another_protocol_version_is_rejected(port: int) -> None:
    data = request()
    with Raw.connect(port) as raw:
        raw.send(data[:6] + b"\0\2" + data[8:])
        assert raw.pdu() == (3, bytes((0, 1, 2, 2)))


def test_an_unknown_caller_is_refused(settings: Source, port: int) -> None:
    settings.station(accept=Accept(unknown_callers=UnknownCallers.REFUSE))
    with Raw.connect(port) as raw:
        raw.send(request(calling="STRANGER"))
        assert raw.pdu() == (3, bytes((0, 1, 1, 3)))


def test_an_unknown_caller_may_echo_only(settings: Source, port: int, recorder: Recorder) -> None:
    settings.station(accept=Accept(unknown_callers=UnknownCallers.ECHO_ONLY))
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(p_data(1, 3, echo_command()))
        assert raw.answer().status == 0
    first, second = recorder.wait(AssociationOpened)[0].contexts[:2]
    assert "Explicit" in first.accepted
    assert first.offered == ("Explicit VR Little Endian",)
    assert "not allowed" in second.why


def test_a_context_that_is_no_good_is_refused_alone(
    settings: Source, port: int, recorder: Recorder
) -> None:
    settings.modality("raw", 104)
    with Raw.connect(port) as raw:
        raw.send(proposing(context_item(5, b"1." * 40 + b"1", b"1.2.840.10008.1.2")))
        kind, body = raw.pdu()
        assert kind == 2
        answer = pdu.decode_associate(kind, memoryview(body))
        assert {cx.context_id: cx.result for cx in answer.contexts} == {1: 0, 3: 0, 5: 3}
        raw.send(p_data(1, 3, echo_command()))
        assert raw.answer().status == 0
    assert recorder.wait(AssociationOpened)[0].contexts[2].sop_class == "no UID"


def test_titles_are_compared_with_case_and_without_outer_spaces(
    settings: Source, port: int
) -> None:
    settings.modality("raw", 104, ae_title=" RAW ")
    settings.station(accept=Accept(unknown_callers=UnknownCallers.REFUSE))
    with Raw.connect(port) as raw:
        raw.associate(calling="RAW")
    with Raw.connect(port) as raw:
        raw.send(request(calling="raw"))
        assert raw.pdu()[0] == 3


def test_what_a_modality_may_not_do_is_refused(settings: Source, port: int) -> None:
    settings.modality("raw", 104, allow=(Operation.STORE,))
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(p_data(1, 3, echo_command()))
        raw.expect_abort()  # the context was not accepted


def test_an_edit_counts_for_an_open_association(
    settings: Source, port: int, archive: MemoryArchive
) -> None:
    settings.modality("raw", 104)
    with Raw.connect(port) as raw:
        raw.associate()
        settings.modality("raw", 104, allow=(Operation.ECHO,))
        raw.send(p_data(3, 3, store_command()), p_data(3, 2, b"x" * 100))
        assert raw.answer().status == 0x0124
        raw.send(p_data(1, 3, echo_command(2)))
        assert raw.answer().status == 0
    assert archive.incoming == []


def test_one_too_many_is_told_so_at_once(settings: Source, port: int, recorder: Recorder) -> None:
    settings.station(max_associations_per_address=2)
    with Raw.connect(port) as one, Raw.connect(port) as two, Raw.connect(port) as three:
        one.associate()
        two.associate(calling="TWO")
        start = time.monotonic()
        three.send(request())
        assert three.pdu() == (3, bytes((0, 2, 3, 2)))
        assert time.monotonic() - start < 15, "it waited for a time limit"
    assert "limit" in recorder.wait(AssociationRejected)[0].reason


def test_the_limit_for_all_holds_too(settings: Source, port: int) -> None:
    settings.station(max_associations=1)
    with Raw.connect(port) as one, Raw.connect(port) as two:
        one.associate()
        two.send(request())
        assert two.pdu() == (3, bytes((0, 2, 3, 2)))


def test_two_hundred_silent_connections_lock_nobody_out(
    port: int, me: Modality, caller: Caller, listener: Listener
) -> None:
    silent = [Raw.connect(port) for _ in range(200)]
    try:
        start = time.monotonic()
        assert caller.echo(me).state is OutcomeState.OK
        assert time.monotonic() - start < 15, "it waited for the silent ones"
        assert sum(t.name.startswith("from ") for t in threading.enumerate()) <= 60
    finally:
        for raw in silent:
            raw.close()


def test_a_lack_of_descriptors_does_not_end_the_listener(
    port: int, listener: Listener, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.socket.accept
    failures = [OSError(24, "Too many open files")] * 3

    def accept(self: socket.socket) -> tuple[socket.socket, object]:
        if failures:
            raise failures.pop()
        return real(self)

    monkeypatch.setattr(socket.socket, "accept", accept)
    with Raw.connect(port) as raw:
        raw.associate()
    assert ["Too many open files" in e.text for e in recorder.of(Notice)] == [True]


def test_a_person_aborts_one_association(port: int, listener: Listener, recorder: Recorder) -> None:
    with Raw.connect(port) as one, Raw.connect(port) as two:
        one.associate(calling="ONE")
        two.associate(calling="TWO")
        recorder.wait(AssociationOpened, 2)
        live = {a.peer: a for a in listener.associations()}
        assert listener.abort(live["ONE"].id)
        assert one.expect_abort() == (0, 0)
        assert "person" in recorder.wait(AssociationEnded)[0].reason
        two.send(p_data(1, 3, echo_command()))
        assert two.answer().status == 0
        assert [a.peer for a in listener.associations()] == ["TWO"]
        assert not listener.abort(live["ONE"].id)


def test_who_is_sending_can_read_the_abort(
    port: int, listener: Listener, recorder: Recorder
) -> None:
    """A reset would overtake it: what still comes is read for a moment."""
    with Raw.connect(port) as raw:
        raw.associate()
        (opened,) = recorder.wait(AssociationOpened)
        raw.send(p_data(3, 3, store_command()))
        assert listener.abort(opened.association.id)
        assert not raw.silent(5.0), "the abort is there"
        for _ in range(50):
            raw.send(p_data(3, 0, b"x" * 1000))
        assert raw.expect_abort() == (0, 0)


def test_closing_lets_an_object_come_in_whole(
    port: int, listener: Listener, archive: MemoryArchive
) -> None:
    data = b"\x08\x00\x18\x00UI\x08\x001.2.3.4\x00"
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(p_data(3, 3, store_command()), p_data(3, 0, data[:4]))
        wait_until(lambda: archive.incoming, "the object begins to come")
        closing = threading.Thread(target=listener.stop, args=(5.0,))
        closing.start()
        raw.send(p_data(3, 2, data[4:]))
        assert raw.answer().status == 0
        assert raw.expect_abort() == (0, 0)
        closing.join(5)
    assert not closing.is_alive()
    assert len(archive.instances) == 1


def test_closing_waits_no_longer_than_its_grace(
    port: int, listener: Listener, archive: MemoryArchive
) -> None:
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(p_data(3, 3, store_command()), p_data(3, 0, b"1234"))
        wait_until(lambda: archive.incoming, "the object begins to come")
        start = time.monotonic()
        listener.stop(0.2)
        assert time.monotonic() - start < 15, "it waited for the peer"
        assert raw.expect_abort() == (0, 0)
    assert archive.incoming[0].state == "discarded"


def test_a_fault_of_ours_ends_one_association_only(
    port: int, archive: MemoryArchive, me: Modality, caller: Caller, tmp_path, caplog
) -> None:
    def broken(incoming: object) -> None:
        raise RuntimeError("a bug")

    archive.before_commit = broken
    results = list(caller.store(me, [write_object(tmp_path, "1.2.3.4")]))
    assert results[0].outcome.state is OutcomeState.ABORTED
    assert "a bug" in caplog.text
    assert caller.echo(me).ok
