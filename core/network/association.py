"""One established association, in either role: messages in and out of P-DATA, PS3.8 and PS3.7.

One thread runs it and blocks in it; any other thread may :meth:`Association.end` it. Memory is
bounded: a command set is capped, a data set passes through as fragments and is never collected.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from core import model
from core.network import command, pdu
from core.network.command import Command
from core.network.faults import (
    AbortedError,
    EndedHereError,
    LinkError,
    LostError,
    ProtocolError,
    Reason,
    ReleasedError,
    SilenceError,
)
from core.network.mapped import DataSet, MappedFile
from core.network.wire import BUFFER_SIZE, Buffer, Wire

LINGER = 1.0
"""Seconds in which the peer may read our last words before the socket closes."""
_COMMAND, _LAST = 1, 2  # bits of a message control header, PS3.8 E.2
OVERHEAD = 12
"""Headers count too where size is limited, or fragments without content would never end."""
_MOST_BUFFERS, _MOST_BYTES = 256, 4 << 20  # of what is handed to the wire at once
_MOST_SKIPPED = 16 << 20  # of a data set that nobody wants
_ids = itertools.count(1)


class Context(Struct, frozen=True):
    """An accepted presentation context."""

    id: int
    abstract_syntax: str
    transfer_syntax: str
    reversed: bool = False
    """The requestor is the SCP on it (role selection, PS3.7 D.3.3.4): the acceptor may ask."""
    agreed: bytes = b""
    """What extended negotiation agreed on, a byte per ability (PS3.7 D.3.3.5)."""


class Message(Struct, frozen=True):
    """A command and the context it came on; its data set, if any, is still on the wire."""

    context: Context
    command: Command


def next_id() -> int:
    """An association id, unique in this process."""
    return next(_ids)


def takes_nothing(_: Message) -> bool:
    """Say that a message is no answer to anything of ours."""
    return False


class Association:
    """An established association over `wire`."""

    def __init__(
        self,
        wire: Wire,
        about: model.Association,
        contexts: Mapping[int, Context],
        *,
        max_pdu: int,
        peer_max_pdu: int,
        patience: float,
        refused: Sequence[tuple[str, int]] = (),
    ) -> None:
        """Take over `wire`; `patience` is how many seconds a peer may be silent in mid-message."""
        if 0 < peer_max_pdu < 8:
            raise ProtocolError("a maximum PDU length that fits no data")
        self.about = about
        self.contexts = contexts
        self.refused = refused
        """SOP class and result (PS3.8 9.3.3.2) of each context that was not accepted."""
        self.takes: Callable[[Message], bool] = takes_nothing
        """Shown what comes while a request of the peer is answered; True: it answered one of ours.

        Each side may have one request outstanding, so answer and request may cross (PS3.7 D.3.3.3).
        """
        self.idle_since: float | None = time.monotonic()
        """When it began to wait for a command, None in the middle of a message."""
        self._wire = wire
        self._max_pdu = max_pdu
        self._fragment = (min(peer_max_pdu or BUFFER_SIZE, BUFFER_SIZE) - 6) & ~1
        self._patience = patience
        self._pdu_left = 0

    # -- reading

    def receive(self, patience: float) -> Message:
        """Wait `patience` seconds for the next command; raises a LinkError where none comes."""
        self.idle_since = time.monotonic()
        identifier, control, length = self._next_pdv(patience)
        self.idle_since = None
        if not control & _COMMAND:
            raise ProtocolError("data without a command", Reason.UNEXPECTED_PARAMETER)
        context = self.contexts.get(identifier)
        if context is None:
            raise ProtocolError(f"presentation context {identifier} was not accepted")
        return Message(context, command.decode(self._rest_of_command(identifier, control, length)))

    def _rest_of_command(self, identifier: int, control: int, length: int) -> bytearray:
        whole = bytearray()
        taken = 0
        while True:
            taken += length + OVERHEAD
            if taken > command.MAX_COMMAND:
                raise ProtocolError("a command set without end")
            if length:
                whole += self._take(length)
            if control & _LAST:
                return whole
            other, control, length = self._next_pdv(self._patience)
            if other != identifier or not control & _COMMAND:
                raise ProtocolError("a command set with foreign fragments in it")

    def data(self, message: Message) -> Iterator[memoryview]:
        """The data set of `message` piece by piece; each piece is valid until the next."""
        control = 0
        empty = 0
        while not control & _LAST:
            identifier, control, length = self._next_pdv(self._patience)
            if identifier != message.context.id or control & _COMMAND:
                raise ProtocolError("a data set with foreign fragments in it")
            empty = 0 if length else empty + 1
            if empty > 1000:
                raise ProtocolError("a data set of endless empty fragments")
            deadline = time.monotonic() + self._patience
            while length:
                piece = self._wire.some(length, deadline)
                length -= len(piece)
                self._pdu_left -= len(piece)
                yield piece

    def read_data(self, message: Message, limit: int) -> bytes:
        """The data set of `message` as a whole, empty where it has none.

        Raises ProtocolError where it is larger than `limit` bytes.
        """
        whole = bytearray()
        if message.command.has_data_set:
            for piece in self.data(message):
                if len(whole) + len(piece) > limit:
                    raise ProtocolError(f"an identifier larger than {limit} bytes")
                whole += piece
        return bytes(whole)

    def skip_data(self, message: Message) -> None:
        """Read the data set of `message` to its end and forget it.

        Raises ProtocolError where there is no end to it.
        """
        room = _MOST_SKIPPED
        if message.command.has_data_set:
            for piece in self.data(message):
                room -= len(piece) + OVERHEAD
                if room < 0:
                    raise ProtocolError("a data set without end, where none is due")

    def readable(self, seconds: float = 0.0) -> bool:
        """Whether the peer said something (or left) within `seconds`."""
        return self._pdu_left > 0 or self._wire.readable(seconds)

    @property
    def ended(self) -> str:
        """Why this side was told to end it, empty while it was not."""
        return self._wire.ended

    def cancelled(self, message_id: int) -> bool:
        """Whether a C-CANCEL for `message_id` has come; anything else now breaks the protocol.

        Raises EndedHereError where this side was told to end.
        """
        if self._wire.ended:
            raise EndedHereError(self._wire.ended)
        while self.readable():
            message = self.receive(self._patience)
            if self.takes(message):
                continue
            if message.command.verb != command.Verb.C_CANCEL_RQ:
                raise ProtocolError("a request while another is answered", Reason.UNEXPECTED_PDU)
            if message.command.responds_to == message_id:
                return True
        return False

    def _take(self, length: int) -> memoryview:
        self._pdu_left -= length
        return self._wire.take(length, time.monotonic() + self._patience)

    def _next_pdv(self, patience: float) -> tuple[int, int, int]:
        """Context id, message control header and length of the next presentation data value."""
        if not self._pdu_left:
            self._pdu_left = self._next_p_data(patience)
        if self._pdu_left < 6:
            raise ProtocolError("a P-DATA PDU too short for a presentation data value")
        header = self._take(6)
        length, identifier, control = pdu.PDV_HEADER.unpack(header)
        if length < 2 or length - 2 > self._pdu_left:
            raise ProtocolError("a presentation data value longer than its PDU")
        return identifier, control, length - 2

    def _next_p_data(self, patience: float) -> int:
        header = self._wire.take(6, time.monotonic() + patience)
        kind, length = pdu.HEADER.unpack(header)
        if kind == pdu.Type.P_DATA:
            # Some peers count the header into the maximum; nothing is allocated for it here.
            if length > self._max_pdu + 12:
                raise ProtocolError(f"a PDU of {length} bytes, where {self._max_pdu} were agreed")
            return int(length)
        if kind not in (pdu.Type.ABORT, pdu.Type.RELEASE_RQ, pdu.Type.RELEASE_RP):
            raise pdu.unexpected(kind)
        if length != 4:
            raise ProtocolError("a PDU of a wrong length")
        body = bytes(self._wire.take(4, time.monotonic() + self._patience))
        if kind == pdu.Type.ABORT:
            raise AbortedError(body[2], body[3])
        if kind == pdu.Type.RELEASE_RQ:
            raise ReleasedError("released by the peer")
        raise pdu.unexpected(kind)

    # -- writing

    def send(
        self,
        context: Context,
        commands: bytes,
        data: DataSet | None = None,
        *,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        """Send a command set and, where given, its data set, which is not copied.

        Raises EndedHereError where `stop` says so in the middle of it.
        """
        buffers = self.pack(context, commands, is_command=True)
        if data is not None:
            buffers = itertools.chain(buffers, self.pack(context, data, is_command=False))
        for number, batch in enumerate(_batches(buffers)):
            if number and stop is not None and stop():
                raise EndedHereError("cancelled")
            self.send_packed(batch)

    def send_packed(self, buffers: Sequence[Buffer]) -> None:
        """Send what :meth:`pack` made, of one message or of many."""
        try:
            self._wire.send(buffers, self._patience)
        except LostError as exc:
            raise self._goodbye() or exc from exc

    def _goodbye(self) -> LinkError | None:
        """How the peer took its leave, where it did: what is written after that only breaks."""
        try:
            if not self._pdu_left:
                self._next_p_data(0.0)
        except (AbortedError, ReleasedError) as exc:
            return exc
        except LinkError:
            pass
        return None

    def pack(self, context: Context, data: DataSet, *, is_command: bool) -> Iterator[Buffer]:
        """P-DATA PDUs of `data`, headers and pieces by turns, the last marked as such."""
        bits = _COMMAND if is_command else 0
        view = data if isinstance(data, MappedFile) else memoryview(data)
        total, step = len(view), self._fragment
        for offset in range(0, max(total, 1), step):
            size = min(step, total - offset)
            control = bits | (_LAST if offset + size >= total else 0)
            yield pdu.P_DATA_HEADERS.pack(pdu.Type.P_DATA, size + 6, size + 2, context.id, control)
            yield view[offset : offset + size]

    # -- the end

    def hurry_when(self, hurried: Callable[[], bool]) -> None:
        """Have no patience with a peer that stalls in mid-message once `hurried` says so."""
        self._wire.hurried = hurried

    def end(self, why: str) -> None:
        """Make the thread of this association abort it; from any thread."""
        self._wire.end(why)

    def release(self, patience: float) -> None:
        """Release in good order as requestor, PS3.8 7.2; whatever goes wrong, it is closed."""
        self._wire.hurried = None
        try:
            self._wire.send([pdu.RELEASE_RQ], patience)
            self._await_release(time.monotonic() + patience)
        except LinkError:
            self._wire.last_words(pdu.abort(0, 0))
        self._wire.close()

    def _await_release(self, deadline: float) -> None:
        while True:
            kind, length = pdu.HEADER.unpack(self._wire.take(6, deadline))
            if kind in (pdu.Type.RELEASE_RP, pdu.Type.ABORT):
                return
            if kind == pdu.Type.RELEASE_RQ:  # a release collision
                self._wire.send([pdu.RELEASE_RP], 1.0)
            while length:
                length -= len(self._wire.some(min(length, BUFFER_SIZE), deadline))

    def close(self, cause: LinkError) -> str:
        """Say goodbye as `cause` asks for, close, and return the reason in words."""
        words = {ReleasedError: pdu.RELEASE_RP, AbortedError: b"", LostError: b""}.get(type(cause))
        if isinstance(cause, ProtocolError):
            words = pdu.abort(2, cause.reason)
        elif isinstance(cause, SilenceError):
            words = pdu.abort(2, Reason.UNSPECIFIED)
        elif words is None:
            words = pdu.abort(0, 0)
        if words:
            self._wire.last_words(words)
        self._wire.close(LINGER if words else 0.0)
        return str(cause)


def _batches(buffers: Iterable[Buffer]) -> Iterator[list[Buffer]]:
    """Buffers by the dozen, and not more than is good to hold at once."""
    batch: list[Buffer] = []
    size = 0
    for buffer in buffers:
        batch.append(buffer)
        size += len(buffer)
        if size >= _MOST_BYTES or len(batch) >= _MOST_BUFFERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
