"""The commands that every table of rows has, and those of the tag tree."""

from __future__ import annotations

from tui.command import Command, Place

_T, _F, _D = Place.TABLE, Place.FILTER, Place.TAGS


def _moves(id: str, key: str, label: str, help: str) -> Command:  # noqa: A002
    where = id.partition(".")[2]
    return Command(id, key, label, help, _T, footer=False, action=f"cursor('{where}')")


TABLE_COMMANDS: tuple[Command, ...] = (
    # -- in a table with a filter line
    Command(
        "filter.open",
        "slash",
        "Filter",
        "Show only rows with this text as you type (~ regular expression, ! the rest).",
        _F,
        action="filter",
    ),
    Command(
        "filter.clear",
        "escape",
        "Clear filter",
        "Show all rows again.",
        _F,
        footer=False,
        action="clear_filter",
    ),
    # -- in every table
    Command("table.open", "enter", "Open", "Open the row.", _T, footer=False, action="open"),
    Command(
        "table.mark", "space", "Mark", "Mark the row: commands then act on all marked rows.", _T
    ),
    Command(
        "table.mark_range",
        "ctrl+@",
        "Mark range",
        "Mark all rows from the one marked last to this one.",
        _T,
        footer=False,
    ),
    Command(
        "table.mark_up",
        "shift+up",
        "Mark up",
        "Mark the row and go up.",
        _T,
        footer=False,
        action="mark_and_go(-1)",
    ),
    Command(
        "table.mark_down",
        "shift+down",
        "Mark down",
        "Mark the row and go down.",
        _T,
        footer=False,
        action="mark_and_go(1)",
    ),
    Command(
        "table.mark_all",
        "asterisk",
        "Mark all",
        "Mark all rows shown.",
        _T,
        footer=False,
        action="mark_all('all')",
    ),
    Command(
        "table.invert",
        "tilde",
        "Invert marks",
        "Mark the rows shown that are not marked, and no others of them.",
        _T,
        footer=False,
        action="mark_all('invert')",
    ),
    Command(
        "table.unmark",
        "U",
        "Unmark all",
        "Take all marks away, of hidden rows too.",
        _T,
        footer=False,
        action="mark_all('none')",
    ),
    Command(
        "table.sort",
        "o",
        "Sort",
        "Order by the next column; a click on a head orders by it.",
        _T,
        footer=False,
        action="sort_next",
    ),
    Command(
        "table.reverse",
        "O",
        "Turn order",
        "Turn the order round.",
        _T,
        footer=False,
        action="sort_turn",
    ),
    Command(
        "table.columns",
        "vertical_line",
        "Columns",
        "Choose columns and their order; it is kept for this place.",
        _T,
        footer=False,
        action="choose_columns",
    ),
    Command(
        "table.follow",
        "F",
        "Follow",
        "Stay on the last row while rows come, or no longer.",
        _T,
        footer=False,
    ),
    _moves("table.up", "up,k", "Up", "One row up."),
    _moves("table.down", "down,j", "Down", "One row down."),
    _moves("table.page_up", "pageup", "Page up", "One page up."),
    _moves("table.page_down", "pagedown", "Page down", "One page down."),
    _moves("table.half_up", "ctrl+u", "Half up", "Half a page up."),
    _moves("table.half_down", "ctrl+d", "Half down", "Half a page down."),
    _moves("table.first", "home,g", "First", "To the first row."),
    _moves("table.last", "end,G", "Last", "To the last row."),
    Command(
        "table.left",
        "left",
        "Scroll left",
        "Scroll left where the columns are wider than the screen.",
        _T,
        footer=False,
        action="pan(-1)",
    ),
    Command(
        "table.right",
        "right",
        "Scroll right",
        "Scroll right where the columns are wider than the screen.",
        _T,
        footer=False,
        action="pan(1)",
    ),
    # -- in the tag tree
    Command(
        "tags.fold",
        "left",
        "Fold",
        "Fold the sequence, or go to what it is in.",
        _D,
        footer=False,
        action="fold(True)",
    ),
    Command(
        "tags.unfold",
        "right",
        "Unfold",
        "Unfold the sequence.",
        _D,
        footer=False,
        action="fold(False)",
    ),
    Command(
        "tags.fold_all",
        "minus",
        "Fold all",
        "Fold all sequences.",
        _D,
        footer=False,
        action="fold_all(True)",
    ),
    Command(
        "tags.unfold_all",
        "plus",
        "Unfold all",
        "Unfold all sequences.",
        _D,
        footer=False,
        action="fold_all(False)",
    ),
    Command(
        "tags.private",
        "p",
        "Private only",
        "Show private elements only, or all.",
        _D,
        footer=False,
        action="private_only",
    ),
    Command(
        "tags.keywords",
        "K",
        "Keywords",
        "Show keywords in place of names, or names again.",
        _D,
        footer=False,
    ),
)
"""Their actions are methods of the widgets: RowTable, FilteredTable, DatasetTable."""
