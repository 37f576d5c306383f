"""Curves in cells: where they go, what stands beside them, and moving in time and channels."""

from __future__ import annotations

import numpy as np
import pytest
from textual.app import App, ComposeResult

from core.model import Plot, PlotChannel, PlotMark
from tui.braille import drawn, extremes
from tui.mask import MASK
from tui.widgets.waveform_plot import WaveformPlot

RATE = 100.0


def channel(label: str, values: np.ndarray, unit: str = "mV") -> PlotChannel:
    return PlotChannel(label=label, unit=unit, samples=values.astype("<f4").tobytes())


def plot(count: int = 3, seconds: float = 10, **more: object) -> Plot:
    time = np.arange(int(seconds * RATE)) / RATE
    channels = tuple(
        channel(f"Lead V{n + 1}", (n + 1) * np.sin(2 * np.pi * time)) for n in range(count)
    )
    return Plot(label="RHYTHM", frequency=RATE, channels=channels, **more)  # type: ignore[arg-type]


class Showing(App[None]):
    """Nothing but curves."""

    def __init__(self, *plots: Plot) -> None:
        super().__init__()
        self.plots = plots

    def compose(self) -> ComposeResult:
        yield WaveformPlot()

    def on_mount(self) -> None:
        self.view.show(self.plots)
        self.view.focus()

    @property
    def view(self) -> WaveformPlot:
        return self.query_one(WaveformPlot)

    def lines(self) -> list[str]:
        return [self.view.render_line(y).text for y in range(self.view.content_size.height)]


def test_the_extremes_of_each_step_are_kept_and_lines_have_no_gaps() -> None:
    samples = np.array([0, 5, -5, 0, 0, 0, 1, 0], np.float32)
    low, high = extremes(samples, 0, 8, 2)
    assert (low[0], high[0]) == (-5, 5)
    assert (low[1], high[1]) == (0, 1)
    low, high = extremes(samples, 0, 1, 5)
    assert high == pytest.approx([1, 2, 3, 4, 5]), "a straight line between two samples"
    assert low == pytest.approx([0, 1, 2, 3, 4])


def test_what_is_missing_is_left_out_and_spoils_nothing() -> None:
    samples = np.array([1, 1, np.nan, 1, 1], np.float32)
    low, _high = extremes(samples, 0, 4, 4)
    assert np.isnan(low).tolist() == [False, False, False, False]
    assert np.isnan(extremes(samples, 1.25, 1.5, 3)[0]).tolist() == [True, True, True]
    assert np.isnan(extremes(samples, 10, 4, 2)).all()
    assert np.isnan(extremes(np.empty(0, np.float32), 0, 4, 2)).all()


def test_a_curve_is_drawn_from_its_top_to_its_bottom() -> None:
    rising = np.array([[0, 1, 2, 3], [0, 1, 2, 3]], float)
    assert drawn(rising, 0, 3, 2, 1) == ["⡠⠊"]
    flat = np.zeros((2, 4))
    assert drawn(flat, 0, 0, 2, 1) != ["⠀⠀"]
    assert drawn(np.full((2, 4), np.nan), 0, 1, 2, 1) == ["⠀⠀"]


async def test_channels_stand_below_each_other_with_their_values_and_the_time() -> None:
    app = Showing(plot())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        lines = app.lines()
        assert lines[0].startswith("RHYTHM  channel 1–3 of 3  0–3.4 of 10 s")
        names = [line[:12].strip() for line in lines]
        assert [name for name in names if name.startswith("V")] == ["V1", "V2", "V3"]
        assert "2 mV" in names
        assert "-3" in names
        assert [word for word in lines[-1].split() if word != "s"][:3] == ["╵0", "╵1", "╵2"]
        assert any("⠁" <= char <= "⣿" for char in lines[2])


async def test_time_is_zoomed_and_scrolled_within_the_recording() -> None:
    app = Showing(plot())
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.view
        await pilot.press("0")
        assert (view.begin, view.seconds) == (0, 10)
        await pilot.press("plus", "plus")
        assert (view.begin, view.seconds) == (3.75, 2.5)
        await pilot.press("right")
        assert view.begin == 4.375
        await pilot.press("end")
        assert view.begin == 7.5
        await pilot.press("l", "l")
        assert view.begin == 7.5, "no farther than the end"
        await pilot.press("home", "left")
        assert view.begin == 0
        await pilot.press(*["plus"] * 30)
        assert view.seconds == pytest.approx(0.08), "eight samples"
        await pilot.press(*["minus"] * 30)
        assert view.seconds == 10
        assert "0–10 of 10 s" in app.lines()[0]


async def test_of_many_channels_some_are_seen_or_one_alone() -> None:
    app = Showing(plot(12))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        view = app.view
        assert view.channels == range(7)
        await pilot.press("pagedown")
        assert view.channels == range(5, 12), "as many as there is room for, to the last"
        await pilot.press("up")
        assert view.channels == range(4, 11)
        await pilot.press("enter")
        assert view.channels == range(4, 5)
        assert "channel 5 of 12" in app.lines()[0]
        await pilot.press(*["down"] * 20)
        assert view.channels == range(11, 12)
        await pilot.press("enter")
        assert view.channels == range(5, 12)


async def test_groups_follow_each_other() -> None:
    app = Showing(plot(2), plot(1, seconds=1))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "g")
        assert (app.view.group, app.view.begin, app.view.seconds) == (1, 0, 1)
        assert "group 2 of 2" in app.lines()[0]
        await pilot.press("g")
        assert app.view.group == 0


async def test_marks_stand_at_their_times_and_what_may_name_somebody_is_hidden() -> None:
    marks = (
        PlotMark(text="QRS", times=(1.0,)),
        PlotMark(text="other lead", channels=(7,), times=(2.0,)),
        PlotMark(text="later", times=(9.0,)),
    )
    app = Showing(plot(1, marks=marks))
    async with app.run_test(size=(92, 24)) as pilot:
        await pilot.pause()
        line = app.lines()[-2]
        # 80 columns show 4 seconds: one second is 20 columns, behind 12 of names.
        assert line.index("▴QRS") == 32
        assert "other" not in line
        assert "later" not in line
        MASK.on = True
        try:
            app.view.show(app.plots)
            assert "QRS" not in app.lines()[-2]
        finally:
            MASK.on = False


@pytest.mark.parametrize("size", [(80, 24), (13, 4), (12, 3), (1, 1), (200, 50)])
async def test_hostile_names_odd_values_and_no_room_break_nothing(size: tuple[int, int]) -> None:
    odd = np.array([np.nan, np.inf, -np.inf, 3e38, -3e38, 0], "<f4")
    bad = Plot(
        label="\x1b[31m[bold]",
        frequency=1e-6,
        channels=(
            channel("\x1b]0;x\x07[/bold]", odd, unit="\x1b[2J"),
            channel("nothing", np.empty(0)),
            channel("nowhere", np.full(5, np.nan)),
        ),
        marks=(PlotMark(text="\x1b[5m", times=(0.0, float(10**6))),),
    )
    app = Showing(bad)
    async with app.run_test(size=size) as pilot:
        for keys in ("0", "plus", "end", "pagedown", "enter"):
            await pilot.press(keys)
            assert "\x1b" not in "".join(app.lines())
