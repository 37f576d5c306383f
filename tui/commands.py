"""Every command of the console, declared once.

Key bindings, footer, palette, help and read-only mode are all made from :data:`COMMANDS`. A command
is carried out by the method `action_<name>` of the screen of its place (or of the app).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from textual.binding import Binding, BindingType

from tui.command import MODES, Command, Place, key_name
from tui.curve_commands import CURVE_COMMANDS
from tui.picture_commands import PICTURE_COMMANDS
from tui.query_commands import QUERY_COMMANDS
from tui.table_commands import TABLE_COMMANDS

__all__ = ["COMMANDS", "MODES", "Command", "Place", "bindings", "forbidden", "key_name"]

Keys = Mapping[str, str]
"""Keys that a person has chosen: command id to keys as Textual names them."""
NO_KEYS: Keys = MappingProxyType({})

_N, _T = Place.NETWORK, Place.TRANSFERS
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
    Command(
        "network.doctor", "D", "Doctor", "Find out why this link does not work, step by step.", _N
    ),
    Command("network.query", "f", "Query", "Query the marked modalities, or this one.", _N),
    Command("network.edit", "enter", "Edit", "Change this modality.", _N, True, bound=False),
    Command("network.add", "a", "Add", "Add a modality.", _N, True),
    Command("network.copy", "c", "Copy", "Add a modality like this one.", _N, True),
    Command("network.delete", "d", "Delete", "Forget this modality.", _N, True),
    Command(
        "network.import_file",
        "I",
        "Import",
        "Take modalities over from an Orthanc or a dcmqrscp.",
        _N,
        True,
    ),
    Command(
        "network.watch",
        "w",
        "Watch",
        "Echo it every few seconds, and say when it comes or goes.",
        _N,
    ),
    Command("network.callers", "u", "Callers", "Who called us, who was turned away, and why.", _N),
    *QUERY_COMMANDS,
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
    Command("transfers.inspect", "i", "Inspect", "Open tags and picture of what came.", _T),
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
    Command(
        "archive.compare", "D", "Compare", "What differs between two marked objects or series.", _A
    ),
    Command("archive.refresh", "r", "Refresh", "Read the archive again.", _A),
    # -- traffic
    Command("traffic.abort", "x", "Abort", "Abort the association under the cursor.", _F, True),
    Command(
        "traffic.only",
        "enter",
        "Only this",
        "Show the messages of this association only; esc shows all.",
        _F,
        bound=False,
    ),
    Command("traffic.callers", "u", "Callers", "Who called us, who was turned away, and why.", _F),
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
    Command(
        "inspector.window",
        "w",
        "Window",
        "The next window: the object's own, automatic, those by name.",
        _I,
    ),
    Command(
        "inspector.keep",
        "s",
        "Keep",
        "Store in the archive what was fetched to be looked at.",
        _I,
        True,
        footer=False,
    ),
    Command("inspector.find", "slash", "Filter", "Show only tags with this text.", _I),
    Command(
        "inspector.document",
        "d",
        "Document",
        "Read what the object says in place of the picture, or look at the picture again.",
        _I,
    ),
    Command(
        "inspector.extract",
        "X",
        "Take out",
        "Write the PDF or other document that is embedded in the object to a file.",
        _I,
        footer=False,
    ),
    Command("inspector.validate", "V", "Validate", "What is wrong with it, by its SOP class.", _I),
    Command(
        "inspector.compare",
        "D",
        "Compare",
        "What differs between this object and another one.",
        _I,
        footer=False,
    ),
    Command("inspector.close", "escape", "Back", "Close the object.", _I, action="back"),
    Command("inspector.copy", "y", "Copy", "Copy the value under the cursor.", _I),
    Command(
        "inspector.focus",
        "tab",
        "Tags/picture",
        "Let keys go to the tags, or to the picture.",
        _I,
        footer=False,
        action="app.focus_next",
    ),
    Command("inspector.frame_back", "comma", "Frame-", "One frame back.", _I),
    Command("inspector.frame_on", "full_stop", "Frame+", "One frame on.", _I),
    *PICTURE_COMMANDS,
    # -- two objects side by side
    Command(
        "compare.private_only",
        "p",
        "Private only",
        "Show private elements only, or all.",
        Place.COMPARE,
    ),
    Command("compare.close", "escape", "Back", "Leave.", Place.COMPARE, action="back"),
    *CURVE_COMMANDS,
    # -- everywhere
    Command(
        "app.copy",
        "y",
        "Copy",
        "Copy the marked rows, or this one, cells parted by tabs.",
        _ALL,
        footer=False,
        action="screen.copy_row",
    ),
    Command(
        "app.copy_as",
        "Y",
        "Copy as",
        "Copy one cell, or the rows as JSON.",
        _ALL,
        footer=False,
        action="screen.copy_as",
    ),
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
        "app.mask",
        "M",
        "Mask",
        "Hide names, numbers and birth dates of patients, or show them again.",
        _ALL,
        footer=False,
        action="app.mask",
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
    *TABLE_COMMANDS,
)
_NOT_IN_TAGS = (
    *("table.sort", "table.reverse", "table.follow", "table.columns"),
    *("table.left", "table.right"),
)


PICTURE_PARTS = (Place.LENS, Place.PICTURE, Place.THUMBNAILS, Place.CURVES)
"""What a place that shows a picture has beside its tables."""


def parts_of(place: Place) -> tuple[Place, ...]:
    """What a place is made of: the nearest first, so that its keys win."""
    own = (Place.TAGS,) if place is Place.INSPECTOR else ()
    pictures = PICTURE_PARTS if place is Place.INSPECTOR else ()
    return (place, *own, Place.FILTER, Place.TABLE, *pictures, Place.EVERYWHERE)


def in_part(part: Place, keys: Keys = NO_KEYS) -> tuple[Command, ...]:
    """The commands declared for one part, with the keys that a person has chosen."""
    return tuple(_with_keys(c, keys) for c in COMMANDS if c.place is part)


def of_place(place: Place, *, read_only: bool = False, keys: Keys = NO_KEYS) -> tuple[Command, ...]:
    """The commands that apply in `place`, its own first, without dangerous ones where read-only."""
    own = in_part(place, keys)
    taken = {key for c in own for key in c.key_list}
    shared = [c for c in in_part(Place.EVERYWHERE, keys) if not taken.issuperset(c.key_list)]
    return tuple(c for c in (*own, *shared) if not (read_only and c.dangerous))


def of_tables(place: Place, *, keys: Keys = NO_KEYS) -> tuple[Command, ...]:
    """The commands that tables and tag trees of `place` have; none of them is dangerous."""
    tags = place is Place.INSPECTOR
    parts = [part for part in parts_of(place)[1:-1] if part not in PICTURE_PARTS]
    commands = [c for part in parts for c in in_part(part, keys)]
    return tuple(c for c in commands if not (tags and c.id in _NOT_IN_TAGS))


def of_pictures(place: Place, *, keys: Keys = NO_KEYS) -> tuple[Command, ...]:
    """The commands that the picture of `place` has; none of them is dangerous."""
    parts = [part for part in parts_of(place) if part in PICTURE_PARTS]
    return tuple(c for part in parts for c in in_part(part, keys))


def _with_keys(command: Command, keys: Keys) -> Command:
    """A command by the keys chosen; one whose key a table has goes with the table's."""
    if not command.bound:
        theirs = next((c for c in TABLE_COMMANDS if c.key == command.key), command)
        return command.with_key(keys.get(theirs.id, command.key))
    return command.with_key(keys.get(command.id, command.key))


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
