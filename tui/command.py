"""What a command is: its id, keys, words, place, and whether it is dangerous."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Place(str, Enum):
    """Where a command applies; the value is the name of the mode, or of a part of screens."""

    EVERYWHERE = "everywhere"
    NETWORK = "network"
    QUERY = "query"
    TRANSFERS = "transfers"
    ARCHIVE = "archive"
    TRAFFIC = "traffic"
    SETTINGS = "settings"
    INSPECTOR = "inspector"
    COMPARE = "compare"
    TABLE = "table"
    """In every table of rows."""
    FILTER = "filter"
    """In tables that have a filter line."""
    TAGS = "tags"
    """In the tree of a data set, beside what tables have."""
    PICTURE = "picture"
    """Where a picture of an object is shown."""
    LENS = "lens"
    """In the picture itself."""
    THUMBNAILS = "thumbnails"
    """In the small pictures of a series."""
    CURVES = "curves"
    """In curves over time."""


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
    something here or on a peer: it asks first where that cannot be taken back, and read-only mode
    takes it away. `action` is empty where it follows from the name. `bound` is False where a
    widget has the key already and the command is declared for footer and help only.
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
        return " ".join(key_name(key) for key in self.key_list)

    @property
    def key_list(self) -> tuple[str, ...]:
        """Its keys, each as Textual names it."""
        return tuple(self.key.split(","))

    def with_key(self, key: str) -> Command:
        """The same by other keys."""
        return replace(self, key=key)


def of_part(
    place: Place,
    name: str,
    key: str,
    label: str,
    help: str,  # noqa: A002  Command's own name
    action: str = "",
    *,
    footer: bool = False,
) -> Command:
    """A command of a part of a place: there are many, so few of them are in the footer."""
    id = f"{place.value}.{name}"  # noqa: A001  Command's own name
    return Command(id, key, label, help, place, footer=footer, action=action)


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
    "asterisk": "*",
    "tilde": "~",
    "vertical_line": "|",
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "ctrl+@": "^space",
    "equals_sign": "=",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
}


def key_name(key: str) -> str:
    """A Textual key name as it is printed on a keyboard."""
    if key in _KEY_NAMES:
        return _KEY_NAMES[key]
    if key.startswith("ctrl+"):
        return f"^{key_name(key[5:])}"
    if key.startswith("shift+"):
        return f"shift-{key_name(key[6:])}"
    return key
