"""Curves over time: channels below each other, scrolled and zoomed in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.strip import Strip
from textual.widget import Widget

from core.model import Plot, PlotChannel
from tui.braille import ACROSS, axis, drawn, extremes
from tui.commands import Place, bindings
from tui.mask import sensitive
from tui.safe_text import safe_text

NAMES = 12
"""Columns at the left for names and values."""
LANE = 3
"""Lines that a channel has at least."""
DOTS_PER_SECOND = 40
"""How near a curve is seen at first: a heartbeat is some thirty dots wide."""
LEAST_SAMPLES = 8
"""Samples across, beyond which there is nothing to be nearer to."""
_FRAME = 3
"""Lines above and below the curves: what it is, marks, and the time."""


class WaveformPlot(Widget, can_focus=True):
    """Draws the groups of channels of an object, one group at a time.

    Each channel has its own scale, over the whole of it: the greatest and least value stand at its
    left. Times are seconds from the group's first sample.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Place.CURVES)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"plot--curve", "plot--words", "plot--title"}
    DEFAULT_CSS = """
    WaveformPlot { width: 1fr; height: 2fr; min-height: 6; }
    WaveformPlot > .plot--curve { color: $success; }
    WaveformPlot > .plot--words { color: $text-muted; }
    WaveformPlot > .plot--title { text-style: bold; }
    WaveformPlot:focus > .plot--title { color: $accent; }
    """

    def __init__(self, id: str | None = None) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self._plots: Sequence[Plot] = ()
        self.group = 0
        self.first = 0
        """The uppermost channel in sight."""
        self.is_alone = False
        """Whether there is one channel in sight only."""
        self.begin = 0.0
        self._seconds: float | None = None
        self._strips: list[Strip] | None = None
        self._limits: dict[tuple[int, int], tuple[float, float]] = {}

    def show(self, plots: Sequence[Plot]) -> None:
        """Show other curves from their beginning, or the same ones as they may be seen now."""
        if plots is not self._plots:
            self._plots, self._limits = plots, {}
            self.action_group(0)
        self._redraw()

    # -- what is in sight

    @property
    def plot(self) -> Plot | None:
        """The group in sight."""
        return self._plots[self.group] if self._plots else None

    @property
    def whole(self) -> float:
        """Seconds that the group in sight lasts."""
        plot = self.plot
        if plot is None or not plot.channels:
            return 1.0
        return max(map(_count, plot.channels)) / plot.frequency

    @property
    def seconds(self) -> float:
        """Seconds in sight."""
        if self._seconds is None:
            return min(self.whole, self._columns * ACROSS / DOTS_PER_SECOND)
        return self._seconds

    @property
    def channels(self) -> range:
        """Indices of the channels in sight."""
        count = len(self.plot.channels) if self.plot else 0
        return range(self.first, min(count, self.first + self._lanes))

    @property
    def _columns(self) -> int:
        return max(1, self.content_size.width - NAMES)

    @property
    def _lanes(self) -> int:
        return 1 if self.is_alone else max(1, (self.content_size.height - _FRAME) // LANE)

    # -- commands

    def action_scroll(self, steps: int) -> None:
        """See later or earlier, by quarters of what is seen."""
        self._look(self.begin + steps * self.seconds / 4, self.seconds)

    def action_zoom(self, steps: int) -> None:
        """See half of the time, or twice as much; the middle stays."""
        plot = self.plot
        if plot is not None:
            least = min(self.whole, LEAST_SAMPLES / plot.frequency)
            seconds = min(self.whole, max(least, self.seconds / 2**steps))
            self._look(self.begin + (self.seconds - seconds) / 2, seconds)

    def action_fit(self) -> None:
        """See all of the time."""
        self._look(0.0, self.whole)

    def action_end(self, way: int) -> None:
        """Go to the beginning or to the end."""
        self._look(0.0 if way < 0 else self.whole, self.seconds)

    def action_channel(self, steps: int) -> None:
        """See the channels above or below."""
        count = len(self.plot.channels) if self.plot else 0
        last = count - 1 if self.is_alone else count - self._lanes
        self.first = max(0, min(last, self.first + steps))
        self._redraw()

    def action_page(self, way: int) -> None:
        """See as many channels above or below as are in sight."""
        self.action_channel(way * self._lanes)

    def action_alone(self) -> None:
        """See the uppermost channel alone, or others below it."""
        self.is_alone = not self.is_alone
        self.action_channel(0)

    def action_group(self, steps: int = 1) -> None:
        """See the next group of channels from its beginning."""
        self.group = (self.group + steps) % len(self._plots) if self._plots and steps else 0
        self.first, self.begin, self._seconds, self.is_alone = 0, 0.0, None, False
        self._redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel goes on in time."""
        event.stop()
        self.action_scroll(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel goes back in time."""
        event.stop()
        self.action_scroll(-1)

    def _look(self, begin: float, seconds: float) -> None:
        self._seconds = seconds
        self.begin = max(0.0, min(self.whole - seconds, begin))
        self._redraw()

    def _redraw(self) -> None:
        self._strips = None
        self.refresh()

    # -- drawing

    def on_resize(self) -> None:
        """Keep as many channels in sight as there is room for."""
        self.action_channel(0)

    def notify_style_update(self) -> None:
        """Forget lines in other colours."""
        self._strips = None
        super().notify_style_update()

    def on_focus(self) -> None:
        """The title says where keys go."""
        self._redraw()

    def on_blur(self) -> None:
        """The title says where keys go."""
        self._redraw()

    def render_line(self, y: int) -> Strip:
        """One line."""
        if self._strips is None:
            self._strips = list(self._lines())
        width = self.content_size.width
        if y >= len(self._strips):
            return Strip.blank(width, self.rich_style)
        return self._strips[y].adjust_cell_length(width, self.rich_style)

    def _lines(self) -> list[Strip]:
        plot, height = self.plot, self.content_size.height
        if plot is None or not plot.channels or self.content_size.width <= NAMES:
            return []
        lanes = self.channels
        each, more = divmod(max(len(lanes), height - _FRAME), max(1, len(lanes)))
        lines = [self._strip("plot--title", self._title(plot))]
        for place, index in enumerate(lanes):
            lines += self._lane(plot, index, each + (place < more))
        lines.append(self._strip("plot--words", " " * NAMES + self._marks(plot)))
        lines.append(
            self._strip("plot--words", " " * NAMES + axis(self.begin, self.seconds, self._columns))
        )
        return lines

    def _strip(self, kind: str, text: str) -> Strip:
        return Strip([Segment(text, self._style(kind))])

    def _style(self, kind: str) -> Style:
        return self.get_component_rich_style(kind)

    def _title(self, plot: Plot) -> str:
        lanes, count = self.channels, len(plot.channels)
        seen = f"{lanes.start + 1}" if len(lanes) == 1 else f"{lanes.start + 1}–{lanes.stop}"
        words = [
            safe_text(plot.label),
            f"channel {seen} of {count}",
            f"{self.begin:.3g}–{self.begin + self.seconds:.3g} of {self.whole:.3g} s",
        ]
        if len(self._plots) > 1:
            words.append(f"group {self.group + 1} of {len(self._plots)}, g: next")
        return "  ".join(words)

    def _lane(self, plot: Plot, index: int, rows: int) -> list[Strip]:
        channel = plot.channels[index]
        samples = _samples(channel)
        bottom, top = self._limits_of(index)
        rate = plot.frequency
        curve = extremes(samples, self.begin * rate, self.seconds * rate, self._columns * ACROSS)
        words = _words(channel, bottom, top, rows)
        return [
            Strip(
                [
                    Segment(set_cell_size(word, NAMES - 1) + " ", self._style("plot--words")),
                    Segment(line, self._style("plot--curve")),
                ]
            )
            for word, line in zip(
                words, drawn(curve, bottom, top, self._columns, rows), strict=True
            )
        ]

    def _limits_of(self, index: int) -> tuple[float, float]:
        """The least and the greatest value of a channel, looked for once."""
        key = self.group, index
        if key not in self._limits:
            self._limits[key] = _limits(self._plots[self.group].channels[index])
        return self._limits[key]

    def _marks(self, plot: Plot) -> str:
        """What is marked on channels in sight, each at its time as far as there is room."""
        seen, line = set(self.channels), ""
        placed = [
            (time, mark.text)
            for mark in plot.marks
            if not mark.channels or seen & set(mark.channels)
            for time in mark.times
            if self.begin <= time < self.begin + self.seconds
        ]
        for time, text in sorted(placed):
            column = int((time - self.begin) / self.seconds * self._columns)
            if column >= cell_len(line):
                line = set_cell_size(line, column) + f"▴{safe_text(sensitive(text))} "
        return set_cell_size(line, self._columns)


def _count(channel: PlotChannel) -> int:
    return len(channel.samples) // 4


def _samples(channel: PlotChannel) -> NDArray[np.float32]:
    return np.frombuffer(channel.samples, "<f4", _count(channel))


def _limits(channel: PlotChannel) -> tuple[float, float]:
    """The least and the greatest value of a channel; 0 and 0 where it has none."""
    samples = _samples(channel)
    samples = samples[np.isfinite(samples)]
    return (float(samples.min()), float(samples.max())) if samples.size else (0.0, 0.0)


def _words(channel: PlotChannel, bottom: float, top: float, rows: int) -> list[str]:
    """Name, greatest and least value at the left of a channel's lines."""
    # Leads are known by what stands behind the word: "Lead I (Einthoven)" is I.
    name = safe_text(channel.label)
    if name.startswith("Lead "):
        name = name.removeprefix("Lead ").partition(" (")[0]
    unit = safe_text(channel.unit)
    words = [name, *[""] * (rows - 1)]
    if rows >= LANE:
        words[-1] = f"{bottom:.4g}"
        words[1] = f"{top:.4g} {unit}"
    return words
