"""The commands of the query place."""

from __future__ import annotations

from tui.command import Command, Place

_Q = Place.QUERY

QUERY_COMMANDS: tuple[Command, ...] = (
    Command("query.open", "enter", "Open", "Open what is under the cursor.", _Q, bound=False),
    Command(
        "query.retrieve",
        "m",
        "Retrieve",
        "Have the marked rows sent here, or elsewhere; a job for each peer.",
        _Q,
        True,
    ),
    Command("query.fields", "f", "Fields", "Go to the search fields; enter there runs it.", _Q),
    Command("query.date", "d", "Date", "Go to the date.", _Q),
    Command("query.peer", "p", "Peers", "Choose whom to ask: one, or several side by side.", _Q),
    Command("query.level", "l", "Level", "Start from studies, patients, or the worklist.", _Q),
    Command("query.history", "h", "History", "Pick a query asked before.", _Q),
    Command("query.saved", "L", "Saved", "Pick a saved query.", _Q),
    Command("query.save", "s", "Save", "Keep what the fields say under a name.", _Q),
    Command("query.inspect", "i", "Inspect", "Open tags and picture of what is held here.", _Q),
    Command(
        "query.look",
        "I",
        "Look",
        "Fetch one instance and open it, without keeping it: the middle of the series.",
        _Q,
    ),
    Command(
        "query.answer",
        "t",
        "Answer",
        "Show every attribute that was answered for a row, with its tag.",
        _Q,
        footer=False,
    ),
    Command("query.rerun", "r", "Run", "Ask again.", _Q),
    Command("query.stop", "x", "Cancel", "Stop asking one of those asked, or all.", _Q),
    Command(
        "query.states", "v", "Answers", "How each of those asked did, in full.", _Q, footer=False
    ),
    Command(
        "query.wildcards",
        "w",
        "Wildcards",
        "Add wildcards to names and descriptions, or ask for what is typed.",
        _Q,
        footer=False,
    ),
    Command(
        "query.limit", "n", "Limit", "The most matches to take of each peer.", _Q, footer=False
    ),
    Command("query.clear", "C", "Clear", "Empty the search fields.", _Q, footer=False),
)
"""Their actions are methods of :class:`tui.screens.query.QueryScreen`."""
