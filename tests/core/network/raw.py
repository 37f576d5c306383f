"""A peer made of bare bytes, for what no proper implementation would send."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from core.network import command, pdu
from core.network.command import Field, Verb
from core.network.contexts import EXPLICIT_LE, VERIFICATION
from tests.core.network.fakes import CT

SECONDS = 8.0


def request(
    calling: str = "RAW", called: str = "MODALITTY", max_pdu: int = 16384, contexts=None
) -> bytes:
    """An A-ASSOCIATE-RQ for verification (context 1) and CT storage (context 3)."""
    proposed = contexts or (
        pdu.context(1, VERIFICATION, [EXPLICIT_LE]),
        pdu.context(3, CT, [EXPLICIT_LE]),
    )
    return pdu.encode_request(pdu.Associate(calling, called, tuple(proposed), max_pdu))


def item(kind: int, data: bytes) -> bytes:
    """An item of an A-ASSOCIATE PDU."""
    return struct.pack(">BxH", kind, len(data)) + data


def context_item(number: int, abstract: bytes, *syntaxes: bytes) -> bytes:
    """A proposed presentation context, of whatever UIDs."""
    inner = item(0x30, abstract) + b"".join(item(0x40, syntax) for syntax in syntaxes)
    return item(0x20, bytes((number, 0, 0, 0)) + inner)


def proposing(*more: bytes) -> bytes:
    """An A-ASSOCIATE-RQ for verification and CT storage, and these items."""
    body = request()[6:] + b"".join(more)
    return struct.pack(">BxI", 1, len(body)) + body


def p_data(context: int, control: int, data: bytes, *, lie: int = 0) -> bytes:
    """A P-DATA-TF with one presentation data value, whose length may be a lie."""
    header = struct.pack(">BxIIBB", 4, len(data) + 6, len(data) + 2 + lie, context, control)
    return header + data


def store_command(uid: str = "1.2.3.4", message_id: int = 1) -> bytes:
    fields = command.request(Verb.C_STORE_RQ, message_id, CT, data_set=True)
    fields[Field.AFFECTED_SOP_INSTANCE_UID] = uid
    return command.encode(fields)


def echo_command(message_id: int = 1) -> bytes:
    return command.encode(command.request(Verb.C_ECHO_RQ, message_id, VERIFICATION, data_set=False))


class Raw:
    """A TCP connection that speaks PDUs by hand."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(SECONDS)

    def silent(self, seconds: float) -> bool:
        """Whether the other side neither says anything nor leaves within `seconds`."""
        return not select.select([self.sock], [], [], seconds)[0]

    @classmethod
    def connect(cls, port: int) -> Raw:
        return cls(socket.create_connection(("127.0.0.1", port), timeout=SECONDS))

    def send(self, *parts: bytes) -> None:
        self.sock.sendall(b"".join(parts))

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.sock.recv(count - len(data))
            if not piece:
                raise EOFError(f"closed after {len(data)} of {count} bytes")
            data += piece
        return data

    def pdu(self) -> tuple[int, bytes]:
        """Type and body of the next PDU."""
        kind, length = struct.unpack(">BxI", self.read(6))
        return kind, self.read(length)

    def associate(self, **kwargs: object) -> None:
        self.send(request(**kwargs))
        kind, _ = self.pdu()
        assert kind == 2, f"not accepted: PDU type {kind}"

    def answer(self) -> command.Command:
        """The next command set, which came in one piece."""
        kind, body = self.pdu()
        assert kind == 4, f"a PDU of type {kind}: {body!r}"
        return command.decode(body[6:])

    def expect_abort(self) -> tuple[int, int]:
        """Source and reason of the A-ABORT that comes next, and the close after it."""
        kind, body = self.pdu()
        assert kind == 7, f"a PDU of type {kind}: {body!r}"
        self.expect_close()
        return body[2], body[3]

    def expect_close(self) -> None:
        with contextlib.suppress(ConnectionResetError):
            assert self.sock.recv(1) == b""

    def close(self) -> None:
        self.sock.close()

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def peer(script: Callable[[Raw], None]) -> Iterator[int]:
    """A server on a free port that runs `script` on each connection; yields the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    stop = threading.Event()

    def run(raw: Raw) -> None:
        # The other side may go at any point: that is what the tests are about.
        with raw, contextlib.suppress(OSError, EOFError):
            script(raw)

    def loop() -> None:
        while not stop.is_set():
            try:
                sock, _ = listening.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=run, args=(Raw(sock),), daemon=True)
            thread.start()
            threads.append(thread)

    threads: list[threading.Thread] = []
    accepting = threading.Thread(target=loop, daemon=True)
    accepting.start()
    try:
        yield listening.getsockname()[1]
    finally:
        stop.set()
        accepting.join()
        listening.close()
        for thread in threads:
            thread.join(SECONDS)


def accept_all(raw: Raw) -> pdu.Associate:
    """Read an A-ASSOCIATE-RQ and accept every context with its first transfer syntax."""
    kind, body = raw.pdu()
    assert kind == 1
    asked = pdu.decode_associate(kind, memoryview(body))
    for context in asked.contexts:
        context.transfer_syntax = context.transfer_syntax[:1]
        context.result = 0
    raw.send(pdu.encode_accept(pdu.Associate("A", "B", asked.contexts, 16384)))
    return asked


def read_message(raw: Raw) -> tuple[int, command.Command]:
    """Context id and command of the next message, its data set read and dropped."""
    kind, body = raw.pdu()
    if kind == 5:
        raw.send(pdu.RELEASE_RP)
    if kind != 4:
        raise EOFError(f"over, by a PDU of type {kind}")
    length = struct.unpack_from(">I", body)[0]
    found = command.decode(body[6 : 4 + length])
    last = not found.has_data_set
    rest = body[4 + length :]
    while not last:
        if not rest:
            kind, rest = raw.pdu()
            assert kind == 4
        length, _, control = struct.unpack_from(">IBB", rest)
        rest = rest[4 + length :]
        last = bool(control & 2)
    return body[4], found


def respond(
    raw: Raw, context: int, to: command.Command, status: int, data: bytes | None = None, **more: int
) -> None:
    """Send a response; `more` are fields by name, such as REMAINING=3."""
    fields = command.response(to, status, data_set=data is not None)
    fields.update({Field[name]: value for name, value in more.items()})
    parts = [p_data(context, 3, command.encode(fields))]
    if data is not None:
        parts.append(p_data(context, 2, data))
    raw.send(*parts)
