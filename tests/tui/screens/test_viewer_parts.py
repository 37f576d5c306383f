"""The viewer's parts: what is loaded when, which picture follows which, when it is due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.errors import ModalittyError, NoPreviewError
from core.model import Picture, PixelValue
from tests.tui.preview.pictures import grey
from tui.screens.inspector import loader as loading
from tui.screens.inspector.cine import RATES, Cine, next_index
from tui.screens.inspector.loader import PictureLoader, Wish
from tui.screens.inspector.picture_words import pixel_words


class ByHand:
    """Calls that are answered when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[Callable[[], Any], Callable[[Any], None], Any]] = []

    def ask(self, work: Callable[[], Any], then: Callable[[Any], None], *, failed: Any) -> None:
        self.asked.append((work, then, failed))

    def answer(self) -> None:
        work, then, failed = self.asked.pop(0)
        try:
            result = work()
        except ModalittyError as error:
            failed(error)
        else:
            then(result)


class Bench:
    def __init__(self) -> None:
        self.calls = ByHand()
        self.fetched: list[str] = []
        self.taken: list[str] = []
        self.faults: list[str] = []
        self.loader = PictureLoader(
            self.calls,  # type: ignore[arg-type]
            self._fetch,
            lambda wish, _: self.taken.append(wish.uid),
            lambda wish, error: self.faults.append(f"{wish.uid}: {error}"),
        )

    def _fetch(self, wish: Wish) -> Picture:
        self.fetched.append(wish.uid)
        if wish.uid == "bad":
            raise NoPreviewError("no preview: damaged")
        return grey()

    def all_answers(self) -> None:
        while self.calls.asked:
            self.calls.answer()


def test_of_many_wishes_only_the_last_is_loaded_after_the_one_under_way() -> None:
    bench = Bench()
    for uid in "abcdef":
        bench.loader.want(Wish(uid))
    bench.all_answers()
    assert bench.fetched == ["a", "f"]
    assert bench.taken == ["a", "f"], "something moves while a key is held down"


def test_what_comes_next_is_read_ahead_and_not_shown_and_then_is_there_at_once() -> None:
    bench = Bench()
    bench.loader.want(Wish("a"), [Wish("b"), Wish("c")])
    bench.all_answers()
    assert bench.fetched == ["a", "b", "c"]
    assert bench.taken == ["a"]
    bench.loader.want(Wish("b"), [Wish("c")])
    assert bench.taken == ["a", "b"]
    assert not bench.calls.asked


def test_a_wish_goes_before_what_was_to_be_read_ahead() -> None:
    bench = Bench()
    bench.loader.want(Wish("a"), [Wish("b"), Wish("c")])
    bench.calls.answer()
    bench.loader.want(Wish("z"), [Wish("y")])
    bench.all_answers()
    assert bench.fetched == ["a", "b", "z", "y"]
    assert bench.taken == ["a", "z"]


def test_small_pictures_wait_for_all_else_and_another_list_takes_their_place() -> None:
    bench = Bench()
    small: list[str] = []

    def take(wish: Wish, _: Picture) -> None:
        small.append(wish.uid)

    bench.loader.want(Wish("a"))
    bench.loader.want_aside([(Wish(uid), take) for uid in "stu"])
    bench.calls.answer()
    bench.loader.want(Wish("b"))
    bench.calls.answer()
    bench.loader.want_aside([(Wish(uid), take) for uid in "sv"])
    bench.all_answers()
    assert bench.fetched == ["a", "s", "b", "v"]
    assert small == ["s", "s", "v"]
    assert bench.taken == ["a", "b"]


def test_a_picture_that_cannot_be_made_is_said_once_and_the_next_comes() -> None:
    bench = Bench()
    bench.loader.want(Wish("bad"))
    bench.all_answers()
    assert bench.faults == ["bad: no preview: damaged"]
    bench.loader.want(Wish("a"), [Wish("bad"), Wish("b")])
    bench.all_answers()
    assert bench.faults == ["bad: no preview: damaged"], "nobody wished it"
    assert bench.taken == ["a"]
    assert bench.fetched == ["bad", "a", "bad", "b"]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "KEPT", 3 * len(grey().pixels))
    bench = Bench()
    for uid in "abcde":
        bench.loader.want(Wish(uid))
        bench.all_answers()
    for uid in "ecda":
        bench.loader.want(Wish(uid))
        bench.all_answers()
    assert bench.fetched == ["a", "b", "c", "d", "e", "a"]


@pytest.mark.parametrize(
    ("sweeps", "expected"), [(False, [1, 2, 3, 0, 1, 2, 3, 0]), (True, [1, 2, 3, 2, 1, 0, 1, 2])]
)
def test_what_follows_what(sweeps: bool, expected: list[int]) -> None:
    place, way, seen = 0, 1, []
    for _ in range(8):
        place, way = next_index(place, way, 1, 4, sweeps=sweeps)
        seen.append(place)
    assert seen == expected
    for steps in range(1, 9):
        assert next_index(0, 1, steps, 4, sweeps=sweeps)[0] == expected[steps - 1]
    assert next_index(0, 1, 3, 1, sweeps=sweeps) == (0, 1)
    assert next_index(1, -1, 1, 2, sweeps=sweeps)[0] == 0


class _Clockwork:
    """Timers of a widget that go off when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.due: list[tuple[float, Callable[[], None]]] = []
        monkeypatch.setattr("tui.screens.inspector.cine.time.monotonic", lambda: self.now)

    def set_timer(self, seconds: float, then: Callable[[], None]) -> Any:
        self.due.append((self.now + seconds, then))
        return self

    def stop(self) -> None:
        self.due.clear()

    def call_later(self, then: Callable[[], None]) -> None:
        self.due.append((self.now, then))

    def go(self) -> None:
        at, then = self.due.pop(0)
        self.now = max(self.now, at)
        then()


@pytest.mark.parametrize(
    ("keeps_time", "takes", "steps", "rate"),
    [(True, 0.02, 1, 10), (False, 0.02, 1, 10), (True, 0.35, 3.5, 2.86), (False, 0.35, 1, 2.86)],
)
def test_a_slow_line_leaves_out_what_comes_too_late_only_where_time_is_kept(
    monkeypatch: pytest.MonkeyPatch, keeps_time: bool, takes: float, steps: float, rate: float
) -> None:
    clock = _Clockwork(monkeypatch)
    gone: list[int] = []
    cine = Cine(clock, lambda count: gone.append(count) or True)  # type: ignore[arg-type,func-returns-value]
    cine.rate, cine.keeps_time = 10.0, keeps_time
    cine.play()
    for _ in range(40):
        clock.go()
        clock.now += takes
        cine.seen()
    assert sum(gone[4:]) / len(gone[4:]) == pytest.approx(steps, rel=0.1)
    assert cine.achieved == pytest.approx(rate, rel=0.1)


def test_faster_and_slower_go_through_the_rates_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    cine = Cine(_Clockwork(monkeypatch), lambda _: True)  # type: ignore[arg-type]
    cine.header_rate = 18.0
    cine.faster(1)
    assert cine.rate == 20.0
    cine.faster(-1)
    assert cine.rate == 15.0
    for _ in range(30):
        cine.faster(1)
    assert cine.rate == RATES[-1]


def test_a_pixel_is_said_in_its_unit_with_what_is_stored() -> None:
    assert pixel_words(PixelValue(column=1, row=2, stored=(5.0,), value=5.0)) == "x 1 y 2: 5"
    pet = PixelValue(column=0, row=0, stored=(7.0,), value=2400.5, unit="Bq/ml", suv=1.2345)
    assert pixel_words(pet) == "x 0 y 0: 2400.5 Bq/ml, SUV 1.23 g/ml, stored 7"
    colour = PixelValue(column=0, row=0, stored=(1.0, 2.0, 3.0))
    assert pixel_words(colour) == "x 0 y 0: stored 1, 2, 3"
    padding = PixelValue(column=0, row=0, stored=(-2000.0,), is_padding=True)
    assert pixel_words(padding) == "x 0 y 0: padding (-2000)"
