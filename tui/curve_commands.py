"""The commands of curves over time."""

from __future__ import annotations

from functools import partial

from tui.command import Command, Place, of_part

_curves = partial(of_part, Place.CURVES)

CURVE_COMMANDS: tuple[Command, ...] = (
    _curves("earlier", "left,h", "Earlier", "See what was earlier.", "scroll(-1)"),
    _curves("later", "right,l", "Later", "See what was later.", "scroll(1)"),
    _curves("nearer", "plus,equals_sign", "Nearer", "Half of the time, larger.", "zoom(1)"),
    _curves("farther", "minus", "Farther", "Twice the time, smaller.", "zoom(-1)"),
    _curves("fit", "0", "Whole", "All of the time."),
    _curves("first", "home", "Beginning", "To the beginning of the curves.", "end(-1)"),
    _curves("last", "end", "End", "To the end of the curves.", "end(1)"),
    _curves("up", "up,k", "Channel up", "The channel above.", "channel(-1)"),
    _curves("down", "down,j", "Channel down", "The channel below.", "channel(1)"),
    _curves("page_up", "pageup", "Channels up", "The channels above.", "page(-1)"),
    _curves("page_down", "pagedown", "Channels down", "The channels below.", "page(1)"),
    _curves("alone", "enter", "Alone", "The uppermost channel alone, or others below it."),
    _curves("group", "g", "Group", "The next group of channels."),
)
"""Their actions are methods of the widget WaveformPlot."""
