"""One TCP connection: reused read buffer, gathered writes, a time limit on every wait.

Used by one thread; :meth:`Wire.end` may be called from any other and wakes it. The socket never
blocks: data that is there costs one system call, and only an empty (or full) socket is waited for.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence

from core.network.faults import EndedHereError, LostError, SilenceError

BUFFER_SIZE = 1 << 20
_CALL = (1).to_bytes(8, sys.byteorder)  # as eventfd(2) wants it; a pipe takes anything
_MAX_BUFFERS = 512  # below IOV_MAX (1024) of every system
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # of Linux
STALL = 2.0
"""Seconds without a byte after which a peer is left that nobody waits for any more."""
_SLICE = 0.25  # a full send buffer cannot be woken, so it is looked at this often

Buffer = bytes | bytearray | memoryview


class Waker:
    """What a wait for a socket can be ended by, from any thread.

    On Linux it is one descriptor, elsewhere the two of a pipe. To make one raises OSError where
    there are no more.
    """

    def __init__(self) -> None:
        ends = (os.eventfd(0),) if sys.platform == "linux" else os.pipe()
        self._lock = threading.Lock()
        self._ends: tuple[int, ...] = ends
        self.fd = ends[0]
        """Readable once it was called."""

    def call(self) -> None:
        """End the wait, the present one or the next; after :meth:`close` nothing."""
        with self._lock:
            if self._ends:
                os.write(self._ends[-1], _CALL)

    def close(self) -> None:
        """Let it go; also repeatedly."""
        with self._lock:
            ends, self._ends = self._ends, ()
        for end in ends:
            os.close(end)


class Wire:
    """A connected socket with deadlines in seconds of `time.monotonic`."""

    def __init__(self, sock: socket.socket, waker: Waker | None = None) -> None:
        """Take a socket over, and what ends the wait for it; raises OSError where that lacks."""
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        # Anonymous pages cost nothing until data arrives: an idle association stays small.
        self._view = memoryview(mmap.mmap(-1, BUFFER_SIZE))
        self._start = 0
        self._end = 0
        self._ended = ""
        self.hurried: Callable[[], bool] | None = None
        """Says that whoever stalls is to be left soon, with EndedHereError."""
        self.security = ""
        """What protects the connection, in words; empty where nothing does."""
        self._waker = waker or Waker()
        self._readable = select.poll()
        self._readable.register(sock, select.POLLIN)
        self._readable.register(self._waker.fd, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(sock, select.POLLOUT)

    # -- from any thread

    def end(self, why: str) -> None:
        """Make the next or present wait raise EndedHereError; from any thread, also repeatedly.

        The socket is left alone. What comes in behind the shutdown of its reading half is answered
        by a reset, which overtakes our A-ABORT; and to OpenSSL the end of its input would be an
        attack, after which nothing can be said.
        """
        if not self._ended:
            self._ended = why
            self._waker.call()

    @property
    def ended(self) -> str:
        """Why :meth:`end` was called, empty while it was not."""
        return self._ended

    # -- reading

    def readable(self, seconds: float = 0.0) -> bool:
        """Whether something can be read (data, or the end of it) within `seconds`."""
        if self._start < self._end:
            return True
        return bool(self._readable.poll(max(0.0, seconds) * 1000))

    def take(self, count: int, deadline: float) -> memoryview:
        """The next `count` bytes, at most BUFFER_SIZE; valid until the next read."""
        if self._start == self._end:
            self._start = self._end = 0
        if self._start + count > BUFFER_SIZE:
            held = self._end - self._start
            self._view[:held] = bytes(self._view[self._start : self._end])
            self._start, self._end = 0, held
        while self._end - self._start < count:
            self._fill(deadline)
        return self._consume(count)

    def some(self, limit: int, deadline: float) -> memoryview:
        """Between 1 and `limit` of the next bytes; valid until the next read."""
        if self._start == self._end:
            self._start = self._end = 0
            self._fill(deadline)
        return self._consume(min(limit, self._end - self._start))

    def _consume(self, count: int) -> memoryview:
        start = self._start
        self._start = start + count
        return self._view[start : self._start]

    def _fill(self, deadline: float) -> None:
        while True:
            if self._ended:
                raise EndedHereError(self._ended)
            try:
                count = self._receive(self._view[self._end :])
            except BlockingIOError:
                self._wait_readable(deadline)
                continue
            except OSError as exc:
                raise self._lost(exc) from exc
            if count:
                self._end += count
                return
            raise self._lost(None)

    def _receive(self, view: memoryview) -> int:
        return self._sock.recv_into(view)

    def _wait_readable(self, deadline: float) -> None:
        began = time.monotonic()
        self._acknowledge()
        while (left := deadline - time.monotonic()) > 0:
            part = left if self.hurried is None else min(_SLICE, left)
            if self._readable.poll(part * 1000):
                return
            self._leave_if_stalled(began)
        raise SilenceError("the peer sent nothing within the time limit")

    def _leave_if_stalled(self, since: float) -> None:
        if self.hurried is not None and time.monotonic() - since > STALL and self.hurried():
            raise EndedHereError("cancelled")

    def _acknowledge(self) -> None:
        """Acknowledge at once what came, for a peer may hold the rest back until then.

        Many write a header and what follows it one by one, and leave Nagle's algorithm on: that
        costs 40 ms a message.
        """
        if _QUICKACK is not None:
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def _lost(self, cause: OSError | None) -> Exception:
        if self._ended:
            return EndedHereError(self._ended)
        if cause is None:
            return LostError("the peer closed the connection")
        return LostError(f"the connection broke: {cause.strerror or cause}", cause)

    # -- writing

    def send(self, buffers: Sequence[Buffer], patience: float) -> None:
        """Send all of `buffers`; `patience` is how many seconds the peer may take nothing."""
        pending = [memoryview(part) for part in buffers]
        first = 0
        while first < len(pending):
            sent = self._send_some(pending[first : first + _MAX_BUFFERS], patience)
            while first < len(pending) and sent >= len(pending[first]):
                sent -= len(pending[first])
                first += 1
            if sent:
                pending[first] = pending[first][sent:]

    def _send_some(self, buffers: list[memoryview], patience: float) -> int:
        began = time.monotonic()
        while True:
            if self._ended:
                raise EndedHereError(self._ended)
            try:
                return self._transmit(buffers)
            except BlockingIOError:
                self._writable.poll(_SLICE * 1000)
            except OSError as exc:
                raise self._lost(exc) from exc
            self._leave_if_stalled(began)
            if time.monotonic() > began + patience:
                raise SilenceError("the peer took nothing within the time limit")

    def _transmit(self, buffers: Sequence[memoryview]) -> int:
        return self._sock.sendmsg(buffers)

    # -- the end

    def last_words(self, data: bytes) -> None:
        """Try to send `data` without waiting; a peer that does not read loses it."""
        with contextlib.suppress(OSError):
            self._sock.send(data)

    def close(self, linger: float = 0.0) -> None:
        """Close; with `linger`, let the peer read our last words first, so many seconds at most.

        Closing with unread input makes TCP reset the connection, and a reset overtakes what was
        sent before it (an A-ABORT or an A-ASSOCIATE-RJ).
        """
        with contextlib.suppress(KeyError):  # closed before
            self._readable.unregister(self._waker.fd)
        self._waker.close()
        if linger:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_WR)
                self._drain(time.monotonic() + linger)
        self._sock.close()

    def _drain(self, deadline: float) -> None:
        while (left := deadline - time.monotonic()) > 0:
            if not self._readable.poll(left * 1000) or not self._sock.recv_into(self._view):
                return
