"""Every command of the console, declared once.

Key bindings, footer, palette, help and read-only mode are all made from :data:`COMMANDS`. A command
is carried out by the method `action_<name>` of the screen of its place (or of the app).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from textual.binding import Binding, BindingType


class Place(str, Enum):
    """Where a command applies; the value is the name of the mode."""

    EVERYWHERE = "everywhere"
    NETWORK = "network"
    QUERY = "query"
    TRANSFERS = "transfers"
    ARCHIVE = "archive"
    TRAFFIC = "traffic"
    SETTINGS = "settings"
    INSPECTOR = "inspector"


MODES = (
    Place.NETWORK,
    Place.QUERY,
    Place.TRANSFERS,
    Place.ARCHIVE,
    Place.TRAFFIC,
    Place.SETTINGS,
)


@dataclass(frozen=True)
class Command:
    """One thing a person can do.

    `key` is as Textual names keys, several joined by commas. `dangerous` means that it changes
    something here or on a peer: it asks first, and read-only mode takes it away. `action` is
    empty where it follows from the name. `bound` is False where a widget has the key already and
    the command is declared for footer and help only.
    """

    id: str
    key: str
    label: str
    help: str
    place: Place
    dangerous: bool = False
    footer: bool = True
    action: str = ""
    bound: bool = True

    @property
    def run(self) -> str:
        """The Textual action that carries it out."""
        return self.action or self.id.partition(".")[2]

    @property
    def keys(self) -> str:
        """Its keys as printed on a keyboard."""
        return " ".join(key_name(key) for key in self.key.split(","))


_KEY_NAMES = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "comma": ",",
    "full_stop": ".",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "minus": "-",
    "escape": "esc",
}


def key_name(key: str) -> str:
    """A Textual key name as it is printed on a keyboard."""
    if key.startswith("ctrl+"):
        return f"^{key[5:]}"
    return _KEY_NAMES.get(key, key)


_N, _Q, _T = Place.NETWORK, Place.QUERY, Place.TRANSFERS
_A, _F, _S, _I, _ALL = (
    Place.ARCHIVE,
    Place.TRAFFIC,
    Place.SETTINGS,
    Place.INSPECTOR,
    Place.EVERYWHERE,
)

COMMANDS: tuple[Command, ...] = (
    # -- network
    Command(
        "network.echo", "e", "Echo", "Test the link to the marked modalities, or this one.", _N
    ),
    Command("network.echo_all", "A", "Echo all", "Test the link to every modality.", _N),
    Command("network.query", "f", "Query", "Query this modality.", _N),
    Command("network.edit", "enter", "Edit", "Change this modality.", _N, True, bound=False),
    Command("network.add", "a", "Add", "Add a modality.", _N, True),
    Command("network.copy", "c", "Copy", "Add a modality like this one.", _N, True),
    Command("network.delete", "d", "Delete", "Forget this modality.", _N, True),
    # -- query
    Command("query.open", "enter", "Open", "Open what is under the cursor.", _Q, bound=False),
    Command(
        "query.retrieve", "m", "Retrieve", "Have the marked rows sent here, or elsewhere.", _Q, True
    ),
    Command("query.fields", "f", "Fields", "Go to the search fields; enter there runs it.", _Q),
    Command("query.peer", "p", "Peer", "Choose whom to ask.", _Q),
    Command("query.inspect", "i", "Inspect", "Open tags and picture of what is held here.", _Q),
    Command("query.rerun", "r", "Run", "Ask again.", _Q),
    Command("query.level", "l", "Level", "Start from studies, patients, or the worklist.", _Q),
    Command("query.clear", "C", "Clear", "Empty the search fields.", _Q, footer=False),
    # -- transfers
    Command("transfers.pause", "p", "Pause", "Hold the job, or let it go on.", _T, True),
    Command("transfers.retry", "R", "Retry", "Do again what failed or is missing.", _T, True),
    Command("transfers.cancel", "x", "Cancel", "Stop the marked jobs, or this one.", _T, True),
    Command(
        "transfers.sooner",
        "plus",
        "Sooner",
        "Let a waiting job start before others.",
        _T,
        True,
        action="priority(1)",
    ),
    Command(
        "transfers.later",
        "minus",
        "Later",
        "Let a waiting job start after others.",
        _T,
        True,
        action="priority(-1)",
    ),
    # -- archive
    Command("archive.open", "enter", "Open", "Open what is under the cursor.", _A, bound=False),
    Command("archive.inspect", "i", "Inspect", "Open tags and picture.", _A),
    Command("archive.send", "s", "Send", "C-STORE the marked rows to a modality.", _A, True),
    Command(
        "archive.export", "X", "Export", "Write the marked rows to a folder or a zip, as files.", _A
    ),
    Command("archive.delete", "d", "Delete", "Delete the marked rows, or this one.", _A, True),
    Command(
        "archive.import_path",
        "I",
        "Import",
        "Import a file, a folder, a DICOMDIR or a zip.",
        _A,
        True,
    ),
    Command(
        "archive.lookup", "L", "Look up", "Find by any identifier: patient, study, object.", _A
    ),
    Command("archive.commit", "c", "Commit", "Ask a modality whether it keeps these for good.", _A),
    Command(
        "archive.protect",
        "P",
        "Protect",
        "Spare the patient from recycling, or no longer.",
        _A,
        True,
    ),
    Command(
        "archive.statistics", "S", "Statistics", "How much is held, and how much room there is.", _A
    ),
    Command("archive.check", "V", "Verify", "Hold the index against the files.", _A),
    Command("archive.refresh", "r", "Refresh", "Read the archive again.", _A),
    # -- traffic
    Command("traffic.abort", "x", "Abort", "Abort the association under the cursor.", _F, True),
    Command("traffic.clear", "C", "Clear", "Empty the log.", _F),
    # -- settings
    Command("settings.edit", "enter", "Change", "Change this setting.", _S, True, bound=False),
    # -- inspector
    Command("inspector.view", "v", "View", "Show tags, picture, or both.", _I),
    Command(
        "inspector.previous",
        "left_square_bracket",
        "Prev",
        "The instance before in the series.",
        _I,
    ),
    Command(
        "inspector.next", "right_square_bracket", "Next", "The next instance of the series.", _I
    ),
    Command("inspector.window", "w", "Window", "The next window preset.", _I),
    Command("inspector.find", "slash", "Filter", "Show only tags with this text.", _I),
    Command("inspector.close", "escape", "Back", "Close the object.", _I, action="back"),
    Command("inspector.copy", "y", "Copy", "Copy the value under the cursor.", _I),
    Command("inspector.frame_back", "comma", "Frame-", "One frame back.", _I),
    Command("inspector.frame_on", "full_stop", "Frame+", "One frame on.", _I),
    # -- everywhere
    Command("app.copy", "y", "Copy", "Copy the row.", _ALL, footer=False, action="screen.copy_row"),
    Command(
        "app.export",
        "E",
        "Export rows",
        "Write the marked rows, or all that are shown, to a CSV or JSON file.",
        _ALL,
        footer=False,
        action="screen.export_rows",
    ),
    Command(
        "app.back",
        "escape",
        "Back",
        "Stop what runs, or go back.",
        _ALL,
        footer=False,
        action="screen.back",
    ),
    Command(
        "app.help", "question_mark", "Help", "What can be done here.", _ALL, action="app.help_here"
    ),
    Command(
        "app.palette",
        "colon,ctrl+p",
        "Commands",
        "Find a command by its name.",
        _ALL,
        action="app.command_palette",
    ),
    Command(
        "app.suspend",
        "ctrl+z",
        "Suspend",
        "Back to the shell; fg returns here.",
        _ALL,
        footer=False,
        action="app.suspend_process",
    ),
    Command("app.quit", "q,ctrl+q", "Quit", "Leave.", _ALL, action="app.leave"),
    *(
        Command(
            f"app.{place.value}",
            str(number),
            place.value.capitalize(),
            f"Go to {place.value.capitalize()}.",
            _ALL,
            footer=False,
            action=f"app.switch_mode('{place.value}')",
        )
        for number, place in enumerate(MODES, 1)
    ),
)


def of_place(place: Place, *, read_only: bool = False) -> tuple[Command, ...]:
    """The commands that apply in `place`, its own first, without dangerous ones where read-only."""
    own = [c for c in COMMANDS if c.place is place]
    taken = {c.key for c in own}
    shared = [c for c in COMMANDS if c.place is Place.EVERYWHERE and c.key not in taken]
    return tuple(c for c in (*own, *shared) if not (read_only and c.dangerous))


def bindings(place: Place) -> list[BindingType]:
    """The key bindings of one place, in the form Textual takes them."""
    return [
        Binding(c.key, c.run, c.label, show=False, id=c.id, tooltip=c.help)
        for c in COMMANDS
        if c.place is place and c.bound
    ]


def forbidden(place: Place, action: str, *, read_only: bool) -> bool:
    """Whether read-only mode takes this action of `place` away."""
    return read_only and any(
        c.dangerous and c.run.partition("(")[0] == action for c in COMMANDS if c.place is place
    )
