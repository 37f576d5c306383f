"""What can be done here, and how the rest works."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.commands import NO_KEYS, Command, Keys, Place, of_pictures, of_place, of_tables
from tui.screens.dialogs import Dialog

ABOUT = {
    Place.NETWORK: "The devices this station knows, each tested by C-ECHO every so often. Round "
    "trips: the last echoes, the newest at the right; a high bar is a slow answer, × none. Where "
    "a link fails, the lower part says why and what to do; D climbs it step by step. Who called "
    "us in vain stands there too: u lists them.",
    Place.QUERY: "Ask modalities what they have (C-FIND), one or several side by side: p marks "
    "them, enter asks, and walks down from studies to series and images; l starts from patients, "
    "or asks for the modality worklist. Each has its state below the rows; who fails holds "
    "up nobody. m retrieves, a job for each peer, by C-MOVE or C-GET as it is set up in "
    "Network, or as chosen.\n\n"
    "The line under the fields says what will be asked. Names are looked for by their "
    "beginning: smith asks SMITH*, as most archives keep capitals; Smith stays as typed, "
    "for those that mind. smith john asks SMITH*JOHN*, which finds Smith^John and Smith "
    "Meyer^John; smith, john asks SMITH*^JOHN*. Descriptions are looked for by any part. "
    "Identifiers, UIDs, dates and modalities are asked as they are; so is what has * or ? "
    "in it, or quotes around it; w adds no wildcards.\n\n"
    "Dates: today, yesterday, -7d, -2w, 2024-01-31, 2024-01, 2024, 2024-01-01.., -2w..-1w. "
    "Modality may be several: CT MR. Other keys take any attribute: StationName=CT1 "
    "SeriesDate=-7d.\n\n"
    "Y copies the query or the retrieve as a command for a shell.",
    Place.TRANSFERS: "Everything that moves or has moved: ← comes in, → goes out, + is imported, "
    "↓ exported, ? asked to be kept (storage commitment). Arrived counts what was seen with our "
    "own eyes; promised is what the peer says it will send; what failed or is missing is done "
    "again by R, and nothing else.",
    Place.ARCHIVE: "What is held here: studies, their series, their instances. Commands act on the "
    "marked rows, or on the one under the cursor.",
    Place.TRAFFIC: "On top the associations that are open now: ← in, → out, tab goes there. Below "
    "each message with its status as it passes; enter keeps to one association. Echoes by the "
    "clock are not here: Network has their history.",
    Place.SETTINGS: "What is configured, and where it is kept. Changes take effect at once.",
    Place.COMPARE: "In what two objects differ, or what two series say of all their objects. "
    "Items of sequences are matched by their place, private elements by their creator; long values "
    "are compared by a digest. Enter shows both values in full.",
    Place.INSPECTOR: "One object: its tags, and its picture beside them. tab lets keys go to the "
    "one or the other, v shows one or both. The line below says what is seen of the picture: "
    "through which window, how large, where the slice lies.",
}
NAMED = (
    "In config.toml, [ui.keys] gives a command other keys by its name, several with commas between "
    'them, such as "table.down" = "down, j, ctrl+n".'
)
MOUSE = (
    "The mouse: a click puts the cursor, the wheel goes from picture to picture, or moves what is "
    "zoomed; with ctrl it zooms. To drag moves what is zoomed, and changes the window otherwise, "
    "or by the right button: to the side its width, up and down its level."
)
TEXT_WIDTH = 71
"""Cells in a line of the page, where the screen is wide enough."""
MASKED = (
    "The mask hides names, numbers and birth dates of patients, accession numbers, descriptions "
    "and other free text, and pictures, on all screens, in copies and in exported rows. UIDs stay: "
    "they say nothing to whoever has no access to the archive."
)


class Help(Dialog[None]):
    """The commands of one place, with a sentence each."""

    BINDINGS = [  # noqa: RUF012
        Binding("question_mark,q", "cancel", "Close", show=False),
        Binding("n", "names", "Names", show=False),
    ]

    def __init__(self, place: Place, *, read_only: bool, keys: Keys = NO_KEYS) -> None:
        super().__init__(f"Help: {place.value.capitalize()}")
        self._place = place
        self._keys = keys
        self._names = False
        self._read_only = read_only

    def body(self) -> ComposeResult:
        """A page to scroll."""
        with VerticalScroll(id="help"):
            yield Static(self.page(), id="help-page")
        words = "esc Close   ↑↓ Scroll   n Names of commands, to change keys by"
        yield Static(words, classes="keys", markup=False)

    def action_names(self) -> None:
        """Show what the commands are called in the configuration, or what they do."""
        self._names = not self._names
        self.query_one("#help-page", Static).update(self.page())

    def page(self) -> Content:
        """The text of the page."""
        parts: list[Content | str | tuple[str, str]] = [ABOUT[self._place], "\n\n"]
        commands = of_place(self._place, read_only=self._read_only, keys=self._keys)
        own = [c for c in commands if c.place is self._place]
        shared = [c for c in commands if c.place is not self._place]
        tables = of_tables(self._place, keys=self._keys)
        title = "In the tags" if self._place is Place.INSPECTOR else "In tables"
        if self._names:
            parts += [NAMED, "\n\n"]
        parts += self._lines(own)
        if pictures := of_pictures(self._place, keys=self._keys):
            parts += [("\nIn the picture\n", "bold"), *self._lines(pictures), "\n", MOUSE, "\n"]
        parts += [(f"\n{title}\n", "bold"), *self._lines(tables)]
        parts += [("\nEverywhere\n", "bold"), *self._lines(shared), "\n", MASKED, "\n"]
        if self._read_only:
            parts.append(
                ("\nRead-only: commands that change something are taken away.", "$warning")
            )
        return Content.assemble(*parts)

    def _lines(self, commands: Sequence[Command]) -> list[Content | str | tuple[str, str]]:
        width = max([6, *(len(command.keys) for command in commands)])
        out: list[Content | str | tuple[str, str]] = []
        for command in commands:
            text = command.help
            if self._names:
                text = command.id if command.bound else "goes with table.open"
            indent = "\n" + " " * (width + 2)
            lines = indent.join(wrap(text, TEXT_WIDTH - width - 2))
            out += [(command.keys.ljust(width), "bold $accent"), f"  {lines}\n"]
        return out
