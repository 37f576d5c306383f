"""Blocking calls of the station, made from a screen.

Each runs in a daemon thread, which cannot hold up exit as an executor's threads would, and its
answer comes back as a posted message.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from textual.message import Message
from textual.message_pump import MessagePump

from core.errors import ModalittyError
from tui import libraries
from tui.bridge import FRAME, post

log = logging.getLogger(__name__)

T = TypeVar("T")


class Answered(Message, bubble=False):
    """A call that ran in a thread has an answer; `deliver` hands it over in the screen's thread."""

    def __init__(self, deliver: Callable[[], None]) -> None:
        super().__init__()
        self.deliver = deliver


@dataclass(frozen=True)
class _Job(Generic[T]):
    caller: Calls
    group: str
    turn: int
    then: Callable[[T], None]
    failed: Callable[[ModalittyError], None]
    leads: bool = False

    def answer(self, value: T) -> None:
        self._post(lambda: self.then(value))

    def fail(self, error: ModalittyError) -> None:
        self._post(lambda: self.failed(error))

    def _post(self, deliver: Callable[[], None]) -> None:
        post(self.caller.target, Answered(lambda: self._if_current(deliver)))

    def _if_current(self, deliver: Callable[[], None]) -> None:
        if self.leads:
            self.caller.leading -= 1
        if self.caller.turn(self.group) == self.turn:
            deliver()


class Calls:
    """Blocking calls of one screen: each in a daemon thread, its answer posted back to `target`.

    Calls of one `group` are exclusive: the answer of an earlier one is dropped. An empty group is
    never exclusive. A call that raises something unforeseen is answered like one that fails.
    """

    def __init__(self, target: MessagePump, failed: Callable[[ModalittyError], None]) -> None:
        self.target = target
        self._failed = failed
        self._turns: dict[str, int] = {}
        self.leading = 0
        """How many calls are under way that what is typed meanwhile waits for, a moment."""

    def turn(self, group: str) -> int:
        """The number of the latest call of a group."""
        return self._turns.get(group, 0)

    def forget(self, group: str) -> None:
        """Drop the answers of calls of `group` that are still under way."""
        self._turns[group] = self.turn(group) + 1

    def ask(
        self,
        work: Callable[[], T],
        then: Callable[[T], None],
        *,
        group: str = "",
        failed: Callable[[ModalittyError], None] | None = None,
        leads: bool = False,
    ) -> None:
        """Run `work` in a thread, then `then` with its result in the screen's thread.

        `leads`: it is quick, and its answer is what the next key is for.
        """
        job = self._job(group, then, failed, leads)
        self.leading += leads
        _start(lambda: job.answer(work()), job)

    def stream(
        self,
        work: Callable[[], Iterable[T]],
        then: Callable[[list[T]], None],
        *,
        group: str,
        done: Callable[[], None],
        failed: Callable[[ModalittyError], None] | None = None,
    ) -> None:
        """Run a generator in a thread; hand its items over in batches, then call `done`."""
        job = self._job(group, then, failed)
        end: _Job[Any] = _Job(self, group, job.turn, lambda _: done(), job.failed)
        _start(lambda: _deliver(work(), job, end), job)

    def _job(
        self,
        group: str,
        then: Callable[[T], None],
        failed: Callable[[ModalittyError], None] | None,
        leads: bool = False,
    ) -> _Job[T]:
        if group:
            self.forget(group)
        return _Job(self, group, self.turn(group), then, failed or self._failed, leads)


BATCH = 1000
"""Items of a stream that are handed over at once, at most."""


def _deliver(items: Iterable[T], job: _Job[list[T]], end: _Job[Any]) -> None:
    """Gather items for a frame's time, the first one at once, so that rows show as they come."""
    batch: list[T] = []
    ticker = _Ticker()
    for item in items:
        batch.append(item)
        if ticker.due() or len(batch) >= BATCH:
            job.answer(batch)
            batch = []
    if batch:
        job.answer(batch)
    end.answer(None)


class _Ticker:
    """Says at most once per frame that it is time."""

    def __init__(self) -> None:
        self._last = 0.0

    def due(self) -> bool:
        now = time.monotonic()
        if now - self._last < FRAME:
            return False
        self._last = now
        return True


def _start(work: Callable[[], None], job: _Job[Any]) -> None:
    threading.Thread(target=_guard, args=(work, job), daemon=True, name="modalitty-call").start()


def _guard(work: Callable[[], None], job: _Job[Any]) -> None:
    try:
        libraries.load()  # or several calls at once would load them in each other's way
        work()
    except ModalittyError as error:
        job.fail(error)
    except Exception as error:
        log.exception("a call from the screen failed")
        job.fail(ModalittyError(f"internal fault: {type(error).__name__}: {error}", "see the log"))
