"""News reach the screen whole, in few messages; calls answer once, the latest only."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.timer import Timer

from core.errors import ModalittyError, UsageError
from core.events import (
    ArchiveChanged,
    EventBus,
    InstanceStored,
    JobChanged,
    MessageHandled,
    Notice,
    Severity,
)
from core.model import Instance, Job, JobKind, Level, StoreAction, Stored
from tests.tui.console import open_station, until
from tui.app import ModalittyApp
from tui.bridge import FRAME, TRAFFIC_KEPT, Bridge, News, NewsWaiting, post
from tui.calls import Answered, Calls


class Listener(App[object]):
    """Counts the wake-ups, and delivers answers as a screen does."""

    def __init__(self) -> None:
        super().__init__()
        self.wakes = 0
        self.failures: list[ModalittyError] = []
        self.calls = Calls(self, self.failures.append)

    def on_news_waiting(self, _: NewsWaiting) -> None:
        self.wakes += 1

    def on_answered(self, message: Answered) -> None:
        message.deliver()


def _stored(number: int) -> InstanceStored:
    instance = Instance(
        study_uid="1",
        series_uid="1.1",
        sop_instance_uid=f"1.1.{number}",
        sop_class_uid="1.2",
        transfer_syntax_uid="1.2.840.10008.1.2",
        path="/x",
        size=10,
    )
    stored = Stored(instance=instance, action=StoreAction.STORED)
    return InstanceStored(stored=stored, source="CT1")


async def test_a_flood_from_threads_becomes_one_piece_of_news_and_one_wake_up() -> None:
    app = Listener()
    async with app.run_test() as pilot:
        bus = EventBus()
        bridge = Bridge(bus, app)

        def flood(worker: int) -> None:
            for number in range(500):
                bus.publish(_stored(number))
                bus.publish(
                    JobChanged(job=Job(id=worker, kind=JobKind.MOVE, title="t", arrived=number))
                )

        threads = [threading.Thread(target=flood, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        await until(pilot, lambda: app.wakes)
        await pilot.pause()
        assert app.wakes == 1
        news = bridge.collect()
        assert (news.stored, news.stored_bytes, news.archive_changed) == (2000, 20000, True)
        assert sorted((job.id, job.arrived) for job in news.jobs) == [(n, 499) for n in range(4)]
        assert bridge.collect() == News()

        bus.publish(ArchiveChanged(level=Level.STUDY, uid="1", removed=1))
        await until(pilot, lambda: app.wakes == 2, "a wake-up after each collection")
        bridge.close()
        bus.publish(Notice(severity=Severity.INFO, text="nobody hears it"))
        assert bridge.collect().notices == ()


async def test_traffic_of_one_frame_is_bounded_and_what_is_dropped_is_counted() -> None:
    app = Listener()
    async with app.run_test():
        bus = EventBus()
        bridge = Bridge(bus, app)
        for number in range(TRAFFIC_KEPT + 7):
            event = MessageHandled(
                association_id=number,
                peer="CT1",
                operation="C-STORE",
                status=0,
                meaning="success",
                seconds=0.1,
            )
            bus.publish(event)
        news = bridge.collect()
        assert len(news.traffic) == TRAFFIC_KEPT
        assert news.traffic_dropped == 7
        assert news.traffic[-1].association_id == TRAFFIC_KEPT + 6  # type: ignore[union-attr]


async def test_news_come_soon_but_not_one_upon_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.app.FLOOD", 60.0)
    with open_station(tmp_path / "me", "ME", None) as station:
        app = ModalittyApp(station)
        async with app.run_test() as pilot:
            waits: list[float] = []
            set_timer = app.set_timer

            def noted(seconds: float, *args: Any, **named: Any) -> Timer:
                if args == (app._tell,):
                    waits.append(seconds)
                return set_timer(0.001, *args, **named)

            monkeypatch.setattr(app, "set_timer", noted)
            app._told = time.monotonic() - 60
            for number in (1, 2):
                station.events.publish(_stored(number))
                await until(
                    pilot, lambda number=number: app.session.status.current.received == number
                )
    assert waits[0] == FRAME
    assert FRAME < waits[-1] <= 60


async def test_a_later_call_of_a_group_silences_the_earlier_one() -> None:
    app = Listener()
    async with app.run_test() as pilot:
        answers: list[str] = []
        gate = threading.Event()

        def slow() -> str:
            gate.wait(20)
            return "first"

        app.calls.ask(slow, answers.append, group="g")
        app.calls.ask(lambda: "second", answers.append, group="g")
        app.calls.ask(lambda: "other", answers.append, group="h")
        await until(pilot, lambda: len(answers) == 2)
        gate.set()
        done: list[str] = []
        app.calls.ask(lambda: "end", done.append)
        await until(pilot, lambda: done)
        assert sorted(answers) == ["other", "second"]


async def test_what_a_call_raises_is_told_and_the_unforeseen_too() -> None:
    app = Listener()
    async with app.run_test() as pilot:

        def misuse() -> None:
            raise UsageError("no such thing", "try another")

        def broken() -> Iterator[int]:
            yield 1
            raise ZeroDivisionError

        rows: list[int] = []
        own: list[ModalittyError] = []
        app.calls.ask(misuse, lambda _: None)
        await until(pilot, lambda: app.failures)
        assert app.failures[0].message == "no such thing"
        app.calls.stream(
            broken, rows.extend, group="s", done=lambda: rows.append(-1), failed=own.append
        )
        await until(pilot, lambda: own)
        assert rows == [1]
        assert "ZeroDivisionError" in own[0].message


async def test_a_stream_hands_over_everything_in_order_then_ends() -> None:
    app = Listener()
    async with app.run_test() as pilot:
        rows: list[int] = []
        app.calls.stream(
            lambda: iter(range(10_000)), rows.extend, group="s", done=lambda: rows.append(-1)
        )
        await until(pilot, lambda: rows and rows[-1] == -1)
        assert rows == [*range(10_000), -1]


async def test_posting_to_a_screen_that_is_gone_does_no_harm() -> None:
    app = Listener()
    async with app.run_test():
        pass
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(post(app, NewsWaiting())))
    thread.start()
    thread.join(10)
    assert told == [False]
