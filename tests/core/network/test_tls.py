"""TLS both ways: who is let in, what each fault is called, and that nobody holds up another."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from pathlib import Path

import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, Verification

from core.errors import ListenError, SettingsError
from core.events import AssociationOpened, AssociationRejected, EventBus, Listening, Notice
from core.model import Level, Modality, Outcome, OutcomeState, Query, Ref
from core.network import association, pdu
from core.network.listener import Listener
from core.network.scu import Caller
from core.settings import TlsListen, TlsVersion
from tests.core.network import raw, secured
from tests.core.network.fakes import (
    CT,
    MemoryArchive,
    Recorder,
    Source,
    make_object,
    source,
    wait_until,
    write_object,
)
from tests.core.network.raw import SECONDS, Raw, echo_command, p_data, store_command
from tests.core.network.secured import Pki
from tests.peers.certificates import have_openssl

pytestmark = pytest.mark.skipif(not have_openssl(), reason="openssl makes the certificates")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def settings(pki: Pki) -> Source:
    return source(tls=pki.settings())


@pytest.fixture
def tls_port(listener: Listener) -> int:
    assert listener.tls_address is not None
    return listener.tls_address[1]


@pytest.fixture
def me(settings: Source, tls_port: int) -> Modality:
    """Our own listener as a modality, reached by TLS."""
    return settings.modality("me", tls_port, ae_title="MODALITTY", tls=True)


def _still_serves(port: int, context: ssl.SSLContext) -> None:
    with secured.connect(port, context) as one:
        one.associate()
        one.send(p_data(1, 3, echo_command()))
        assert one.answer().status == 0


# -- both sides in good order


def test_everything_goes_by_tls(
    me: Modality, caller: Caller, archive: MemoryArchive, recorder: Recorder, tmp_path: Path
) -> None:
    assert caller.echo(me).ok
    files = [write_object(tmp_path, f"1.2.3.4.{n}", kib=2000) for n in range(3)]
    assert all(r.outcome.ok for r in caller.store(me, files))
    assert archive.datasets[2].PixelData == make_object("1.2.3.4.2", kib=2000).PixelData
    *found, outcome = caller.find(me, Query(level=Level.STUDY, keys={"StudyInstanceUID": ""}))
    assert outcome.ok
    assert len(found) == 3
    opened = [e.association for e in recorder.of(AssociationOpened)]
    assert len(opened) == 6, "each of the three is told by both sides"
    assert {a.outgoing for a in opened} == {True, False}
    for about in opened:
        assert about.tls.startswith("TLSv1.3 TLS_")
        assert about.tls.endswith(" modalitty"), "the name in the peer's certificate"


def test_a_move_goes_on_by_tls_to_a_tls_listener(
    me: Modality, caller: Caller, archive: MemoryArchive, recorder: Recorder, tmp_path: Path
) -> None:
    files = [write_object(tmp_path, f"1.2.3.4.{n}", kib=64) for n in range(3)]
    assert all(r.outcome.ok for r in caller.store(me, files))
    ref = Ref(level=Level.STUDY, study_uid="1.2.3")
    last = list(caller.move(me, ref, "MODALITTY", message_id=5))[-1]
    assert last.outcome is not None
    assert last.outcome.ok
    assert len(archive.instances) == 6
    assert all(e.association.tls for e in recorder.of(AssociationOpened))


def test_the_plain_port_is_open_beside_it(port: int, tls_port: int, recorder: Recorder) -> None:
    assert port != tls_port
    with Raw.connect(port) as one:
        one.associate()
    (event,) = recorder.of(Listening)
    assert recorder.of(Notice) == [], "30 days are enough"
    assert (event.port, event.tls_port) == (port, tls_port)


def test_the_plain_port_can_be_closed(
    settings: Source, pki: Pki, archive: MemoryArchive, bus: EventBus
) -> None:
    settings.station(tls=pki.settings(listen=TlsListen.ONLY))
    listener = Listener(settings, archive, bus)
    port = listener.start(0, 0)
    try:
        assert listener.address == listener.tls_address == ("127.0.0.1", port)
        _still_serves(port, pki.client(pki.peer))
    finally:
        listener.stop(0.0)


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_both_versions_are_spoken(version: str, tls_port: int, pki: Pki) -> None:
    context = pki.client(pki.peer)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    _still_serves(tls_port, context)


def test_a_certificate_that_was_renewed_counts_at_once(
    settings: Source, tls_port: int, pki: Pki, tmp_path: Path
) -> None:
    certificate, key = tmp_path / "us.pem", tmp_path / "us.key"
    settings.station(tls=pki.settings(certificate=str(certificate), key=str(key)))
    for name in ("first", "renewed"):
        made = pki.ours.issue(name)
        key.write_bytes(made.key.read_bytes())
        certificate.write_bytes(made.certificate.read_bytes())
        with secured.connect(tls_port, pki.client(pki.peer)) as one:
            assert (("commonName", name),) in one.sock.getpeercert()["subject"]


def test_one_certificate_can_be_trusted_by_itself(
    settings: Source, pki: Pki, tls_port: int
) -> None:
    """A device's own certificate in `ca`, without the CA that signed it."""
    settings.station(tls=pki.settings(ca=str(pki.stranger.certificate)))
    _still_serves(tls_port, pki.client(pki.stranger))
    with pytest.raises((ssl.SSLError, OSError)):
        _still_serves(tls_port, pki.client(pki.peer))


def test_callers_without_certificate_where_none_is_asked_for(
    settings: Source, pki: Pki, tls_port: int
) -> None:
    settings.station(tls=pki.settings(require_client_certificate=False))
    _still_serves(tls_port, pki.client())
    with pytest.raises((ssl.SSLError, OSError)):
        _still_serves(tls_port, pki.client(pki.stranger))


# -- a third make


def test_pynetdicom_calls_us(tls_port: int, pki: Pki, archive: MemoryArchive) -> None:
    ae = AE("PYNETDICOM")
    ae.add_requested_context(Verification)
    ae.add_requested_context(CTImageStorage)
    context = pki.client(pki.peer)
    assoc = ae.associate("127.0.0.1", tls_port, ae_title="MODALITTY", tls_args=(context, None))
    assert assoc.is_established
    assert assoc.send_c_echo().Status == 0
    sent = make_object("1.2.3.4", kib=300)
    assert assoc.send_c_store(sent).Status == 0
    assoc.release()
    assert archive.datasets[0] == sent


def test_we_call_pynetdicom(settings: Source, pki: Pki, caller: Caller, tmp_path: Path) -> None:
    got: list[bytes] = []

    def on_store(event: evt.Event) -> int:
        got.append(event.dataset.PixelData)
        return 0

    ae = AE("PACS")
    ae.add_supported_context(Verification)
    ae.add_supported_context(CT)
    server = ae.start_server(
        ("127.0.0.1", 0),
        block=False,
        ssl_context=pki.server(pki.peer, wants_ours=True),
        evt_handlers=[(evt.EVT_C_STORE, on_store)],
    )
    try:
        peer = settings.modality("pacs", server.server_address[1], tls=True)
        assert caller.echo(peer).ok
        (result,) = caller.store(peer, [write_object(tmp_path, "1.2.3.4", kib=300)])
        assert result.outcome.ok
        assert got == [make_object("1.2.3.4", kib=300).PixelData]
    finally:
        server.shutdown()


# -- callers that are not let in


def _refused(port: int, context: ssl.SSLContext, recorder: Recorder) -> str:
    with pytest.raises((ssl.SSLError, OSError)):
        _still_serves(port, context)
    return str(recorder.wait(AssociationRejected)[-1].reason)


def test_a_caller_without_certificate_is_refused(
    tls_port: int, pki: Pki, recorder: Recorder
) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)certificate.required"):
        _still_serves(tls_port, pki.client())
    assert "showed no certificate" in recorder.wait(AssociationRejected)[0].reason
    _still_serves(tls_port, pki.client(pki.peer))


def test_a_caller_of_a_foreign_ca_is_refused(tls_port: int, pki: Pki, recorder: Recorder) -> None:
    assert "no CA that we trust" in _refused(tls_port, pki.client(pki.stranger), recorder)


def test_a_caller_whose_certificate_has_expired_is_refused(
    tls_port: int, pki: Pki, recorder: Recorder
) -> None:
    assert "has expired" in _refused(tls_port, pki.client(pki.expired), recorder)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_versions_are_refused(tls_port: int, pki: Pki, recorder: Recorder) -> None:
    context = pki.client(pki.peer)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert "no TLS version in common" in _refused(tls_port, context, recorder)


def test_ciphers_without_an_aead_are_refused(tls_port: int, pki: Pki, recorder: Recorder) -> None:
    context = pki.client(pki.peer)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+SHA:!AESGCM:@SECLEVEL=0")
    assert "no TLS cipher suite in common" in _refused(tls_port, context, recorder)


def test_tls_1_2_is_refused_where_1_3_is_the_minimum(
    settings: Source, tls_port: int, pki: Pki, recorder: Recorder
) -> None:
    settings.station(tls=pki.settings(minimum_version=TlsVersion.V1_3))
    context = pki.client(pki.peer)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert "version" in _refused(tls_port, context, recorder)


def test_plain_dicom_at_the_tls_port_is_told_so(
    tls_port: int, settings: Source, caller: Caller, recorder: Recorder
) -> None:
    with Raw.connect(tls_port) as one:
        one.send(raw.request())
        assert one.expect_abort() == (2, 0)
    assert "speaks no TLS" in recorder.wait(AssociationRejected)[0].reason
    outcome = caller.echo(settings.modality("me", tls_port, ae_title="MODALITTY"))
    assert outcome.state is OutcomeState.ABORTED


def test_tls_at_the_plain_port_is_told_so(port: int, pki: Pki, recorder: Recorder) -> None:
    with pytest.raises(ssl.SSLError):
        _still_serves(port, pki.client(pki.peer))
    assert recorder.wait(AssociationRejected)[0].reason == "speaks TLS to our plain port"


# -- callers that misbehave


GARBAGE = {
    "http": b"GET / HTTP/1.1\r\n\r\n",
    "zeros": b"\0" * 100,
    "a record of garbage": b"\x16\x03\x01\x00\x20" + b"\xff" * 32,
    "a record beyond any limit": b"\x16\x03\x01\xff\xff" + b"\x01" * 1000,
    "an alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "ssl 2": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_dropped(name: str, tls_port: int, pki: Pki, recorder: Recorder) -> None:
    with Raw.connect(tls_port) as one:
        one.send(GARBAGE[name])
        while True:
            try:
                if not one.sock.recv(1000):
                    break
            except ConnectionResetError:
                break
    assert recorder.wait(AssociationRejected)[0].reason
    _still_serves(tls_port, pki.client(pki.peer))


STALLS = {
    "nothing": b"",
    "half a header": b"\x16\x03",
    "half a hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("name", STALLS)
def test_a_stalled_handshake_is_dropped_and_holds_nobody_up(
    name: str, settings: Source, tls_port: int, port: int, pki: Pki, recorder: Recorder
) -> None:
    settings.station(acse_timeout=2.0)
    stalled = [Raw.connect(tls_port) for _ in range(10)]
    try:
        for one in stalled:
            one.send(STALLS[name])
        _still_serves(tls_port, pki.client(pki.peer))
        with Raw.connect(port) as plain:
            plain.associate()
        assert recorder.of(AssociationRejected) == [], "the others were served meanwhile"
        for one in stalled:
            one.expect_close()
    finally:
        for one in stalled:
            one.close()
    reasons = [event.reason for event in recorder.wait(AssociationRejected, 10)]
    assert all("time limit" in reason for reason in reasons), reasons


def test_silent_connections_give_way_to_others(tls_port: int, pki: Pki) -> None:
    silent = [Raw.connect(tls_port) for _ in range(100)]
    try:
        _still_serves(tls_port, pki.client(pki.peer))
    finally:
        for one in silent:
            one.close()


def test_a_handshake_without_request_is_dropped(
    settings: Source, tls_port: int, pki: Pki, recorder: Recorder
) -> None:
    settings.station(acse_timeout=0.3)
    with secured.connect(tls_port, pki.client(pki.peer)) as one:
        assert one.sock.recv(1) == b"", "TLS says goodbye too"
    assert "time limit" in recorder.wait(AssociationRejected)[0].reason


def test_closing_ends_a_handshake_at_once(
    tls_port: int, listener: Listener, recorder: Recorder
) -> None:
    with Raw.connect(tls_port) as one:
        one.send(b"\x16\x03\x01\x02\x00\x01")
        wait_until(lambda: any(t.name.startswith("from ") for t in threading.enumerate()), "taken")
        start = time.monotonic()
        listener.stop(0.0)
        assert time.monotonic() - start < 15, "it waited for the handshake"


def test_a_cut_without_goodbye_leaves_no_half_object(
    tls_port: int, pki: Pki, archive: MemoryArchive
) -> None:
    with secured.connect(tls_port, pki.client(pki.peer)) as one:
        one.associate()
        one.send(p_data(3, 3, store_command()), p_data(3, 0, b"x" * 5000))
        wait_until(lambda: archive.incoming, "the object begins to come")
        one.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket.close(one.sock)
    wait_until(lambda: archive.incoming[0].state == "discarded", "the half object is discarded")


def test_a_person_aborts_an_association_under_tls(
    tls_port: int, pki: Pki, listener: Listener, recorder: Recorder
) -> None:
    with secured.connect(tls_port, pki.client(pki.peer)) as one:
        one.associate()
        recorder.wait(AssociationOpened)
        (live,) = listener.associations()
        assert live.tls.endswith(" ct1")
        assert listener.abort(live.id)
        assert one.expect_abort() == (0, 0)


def test_closing_ends_all_associations_at_once(
    settings: Source, tls_port: int, pki: Pki, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each peer may take its time to close; the next one need not wait for that."""
    settings.station(network_timeout=60.0)
    monkeypatch.setattr(association, "LINGER", 2 * SECONDS)
    with contextlib.ExitStack() as stack:
        calls = [
            stack.enter_context(secured.connect(tls_port, pki.client(pki.peer))) for _ in range(3)
        ]
        for one in calls:
            one.associate()
        stopping = threading.Thread(target=listener.stop, args=(0.0,))
        stopping.start()
        assert [one.pdu()[0] for one in calls] == [7, 7, 7]
    stopping.join()


def test_messages_that_share_a_record_are_all_answered(tls_port: int, pki: Pki) -> None:
    """What OpenSSL holds already does not show on the socket."""
    with secured.connect(tls_port, pki.client(pki.peer)) as one:
        one.associate()
        one.send(*(p_data(1, 3, echo_command(n)) for n in range(1, 6)))
        assert [one.answer().responds_to for _ in range(5)] == [1, 2, 3, 4, 5]


def test_a_pdu_in_the_smallest_records_is_understood(tls_port: int, pki: Pki) -> None:
    with secured.connect(tls_port, pki.client(pki.peer)) as one:
        for byte in raw.request():
            one.send(bytes((byte,)))
        assert one.pdu()[0] == 2


# -- our calls, and what stands against them


def _called(settings: Source, caller: Caller, port: int, **fields: object) -> Outcome:
    return caller.echo(settings.modality("peer", port, tls=True, **fields))


def _answer(one: Raw) -> None:
    raw.accept_all(one)
    while True:
        context, command = raw.read_message(one)
        raw.respond(one, context, command, 0)


def test_a_peer_of_a_foreign_ca_is_not_trusted(settings: Source, caller: Caller, pki: Pki) -> None:
    with secured.peer(_answer, pki.server(pki.stranger)) as port:
        outcome = _called(settings, caller, port)
    assert outcome.state is OutcomeState.REJECTED
    assert "no CA that we trust" in outcome.meaning
    assert "station.tls.ca" in outcome.advice


def test_a_peer_whose_certificate_has_expired(settings: Source, caller: Caller, pki: Pki) -> None:
    with secured.peer(_answer, pki.server(pki.expired)) as port:
        outcome = _called(settings, caller, port)
    assert outcome.state is OutcomeState.REJECTED
    assert "has expired" in outcome.meaning


def test_the_name_is_checked_where_one_is_given(settings: Source, caller: Caller, pki: Pki) -> None:
    with secured.peer(_answer, pki.server(pki.peer)) as port:
        assert _called(settings, caller, port).ok, "127.0.0.1 is not in it, and not asked for"
        assert _called(settings, caller, port, tls_host_name="ct1.test").ok
        outcome = _called(settings, caller, port, tls_host_name="ct2.test")
        assert outcome.state is OutcomeState.REJECTED
        assert "another name" in outcome.meaning
        assert "tls_host_name" in outcome.advice
        assert "another name" in _called(settings, caller, port, tls_host_name="..").meaning


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_peer_that_wants_a_certificate(
    version: str, settings: Source, caller: Caller, pki: Pki
) -> None:
    context = pki.server(pki.peer, wants_ours=True)
    context.maximum_version = ssl.TLSVersion[version]
    with secured.peer(_answer, context) as port:
        assert _called(settings, caller, port).ok
        tls = pki.settings(listen=TlsListen.OFF, certificate="", key="")
        settings.station(tls=tls)
        outcome = _called(settings, caller, port)
    assert outcome.state in (OutcomeState.REJECTED, OutcomeState.ABORTED)
    assert "certificate" in outcome.meaning + outcome.advice
    assert "log" in outcome.advice or "station.tls.certificate" in outcome.advice


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_peer_that_does_not_trust_ours(
    version: str, settings: Source, caller: Caller, pki: Pki
) -> None:
    context = pki.server(pki.peer, wants_ours=True)
    context.maximum_version = ssl.TLSVersion[version]
    stranger = pki.stranger
    settings.station(tls=pki.settings(certificate=str(stranger.certificate), key=str(stranger.key)))
    with secured.peer(_answer, context) as port:
        outcome = _called(settings, caller, port)
    assert outcome.state is OutcomeState.REJECTED
    assert "refuses our certificate" in outcome.meaning


def test_a_peer_that_speaks_plain_dicom(settings: Source, caller: Caller) -> None:
    def complain(one: Raw) -> None:
        one.sock.recv(4096)
        one.send(b"\x07\0\0\0\0\x04\0\0\x02\x01")

    with raw.peer(complain) as port:
        outcome = _called(settings, caller, port)
    assert outcome.state is OutcomeState.ABORTED
    assert "speaks no TLS" in outcome.meaning
    assert "tls = false" in outcome.advice


def test_a_peer_that_closes_at_the_hello(settings: Source, caller: Caller) -> None:
    with raw.peer(lambda one: one.read(6) and None) as port:
        outcome = _called(settings, caller, port)
    assert outcome.state is OutcomeState.ABORTED
    assert "during the TLS handshake" in outcome.meaning
    assert "plain" in outcome.advice


def test_a_peer_that_is_silent_at_the_hello(settings: Source, caller: Caller) -> None:
    settings.station(acse_timeout=0.3)
    done = threading.Event()
    with raw.peer(lambda one: done.wait(5) and None) as port:
        outcome = _called(settings, caller, port)
        done.set()
    assert outcome.state is OutcomeState.TIMEOUT
    assert "handshake" in outcome.meaning


def test_a_peer_that_speaks_tls_where_we_do_not(settings: Source, caller: Caller, pki: Pki) -> None:
    with secured.peer(_answer, pki.server(pki.peer)) as port:
        outcome = caller.echo(settings.modality("peer", port))
    assert outcome.state is OutcomeState.ABORTED
    assert "TLS" in outcome.meaning + outcome.advice


def test_the_alert_of_a_tls_peer_is_understood(settings: Source, caller: Caller) -> None:
    def alert(one: Raw) -> None:
        one.pdu()
        one.send(b"\x15\x03\x03\x00\x02\x02\x46")

    with raw.peer(alert) as port:
        outcome = caller.echo(settings.modality("peer", port))
    assert outcome.state is OutcomeState.ABORTED
    assert "speaks TLS" in outcome.meaning
    assert "tls = true" in outcome.advice


def test_a_call_is_cancelled_in_the_handshake(settings: Source, caller: Caller) -> None:
    cancel = threading.Event()
    with raw.peer(lambda one: cancel.wait(30) and None) as port:
        peer = settings.modality("peer", port, tls=True)
        threading.Timer(0.2, cancel.set).start()
        start = time.monotonic()
        (outcome,) = caller.find(peer, Query(level=Level.STUDY), cancel)
    assert outcome.state in (OutcomeState.CANCELLED, OutcomeState.ABORTED)
    assert time.monotonic() - start < 15, "it waited for the handshake"


def test_a_file_that_shrinks_while_it_is_sent_is_an_error_and_no_crash(
    settings: Source, caller: Caller, pki: Pki, tmp_path: Path
) -> None:
    """A mapped file that was cut short is SIGBUS for whoever reads it by hand."""
    path = write_object(tmp_path, "1.2.3.4", kib=8000)

    def cut(one: Raw) -> None:
        raw.accept_all(one)
        one.pdu()
        with path.open("r+b") as file:
            file.truncate(4096)
        while True:
            one.pdu()

    with secured.peer(cut, pki.server(pki.peer)) as port:
        (result,) = caller.store(settings.modality("peer", port, tls=True), [path])
    assert not result.outcome.ok


def test_an_abort_in_the_middle_of_an_object_is_heard_under_tls(
    settings: Source, caller: Caller, pki: Pki, tmp_path: Path
) -> None:
    def abort(one: Raw) -> None:
        raw.accept_all(one)
        one.read(100_000)
        one.send(pdu.abort(0, 0))
        socket.socket.close(one.sock)

    path = write_object(tmp_path, "1.2.3.4", kib=30_000)
    with secured.peer(abort, pki.server(pki.peer)) as port:
        (result,) = caller.store(settings.modality("full", port, tls=True), [path])
    assert "application aborted" in result.outcome.meaning


# -- our own files


def test_a_certificate_that_expires_soon_is_told(
    settings: Source, archive: MemoryArchive, bus: EventBus, recorder: Recorder, pki: Pki
) -> None:
    soon = pki.ours.issue("soon", days=3)
    settings.station(tls=pki.settings(certificate=str(soon.certificate), key=str(soon.key)))
    listener = Listener(settings, archive, bus)
    listener.start(0, 0)
    listener.stop(0.0)
    assert ["expires in 2 days" in event.text for event in recorder.of(Notice)] == [True]


def test_files_that_cannot_be_used_close_the_listener_and_say_why(
    settings: Source, archive: MemoryArchive, bus: EventBus, pki: Pki
) -> None:
    settings.station(tls=pki.settings(key=str(pki.peer.key)))
    with pytest.raises(ListenError, match=r"station\.tls\.key: .*does not belong") as caught:
        Listener(settings, archive, bus).start(0, 0)
    assert "\n" not in str(caught.value)


def test_a_tls_port_in_use_is_an_error_that_names_it(
    settings: Source, archive: MemoryArchive, bus: EventBus
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=rf"127.0.0.1:{port}.*station\.tls\.port"):
            Listener(settings, archive, bus).start(0, port)


def test_files_that_vanish_are_told_to_both_sides(
    settings: Source,
    me: Modality,
    tls_port: int,
    pki: Pki,
    caller: Caller,
    recorder: Recorder,
    tmp_path: Path,
) -> None:
    settings.station(tls=pki.settings(certificate="/nowhere/us.pem"))
    with pytest.raises(SettingsError, match=r"station\.tls\.certificate: /nowhere/us.pem: No such"):
        caller.echo(me)
    (result,) = caller.store(me, [write_object(tmp_path, "1.2.3.4")])
    assert result.outcome.state is OutcomeState.FAILED, "as the job's objects are told"
    assert "station.tls.certificate: /nowhere/us.pem: No such file" in result.outcome.meaning
    with pytest.raises((ssl.SSLError, OSError)):
        _still_serves(tls_port, pki.client(pki.peer))
    reasons = [event.reason for event in recorder.wait(AssociationRejected, 2)]
    assert any("/nowhere/us.pem" in reason for reason in reasons)
