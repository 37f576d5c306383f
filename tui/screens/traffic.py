"""Who talks to whom now, and each message as it passes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from itertools import count
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from core.events import (
    AssociationEnded,
    AssociationOpened,
    AssociationRejected,
    InstanceRefused,
    MessageHandled,
)
from core.model import Association
from tui import units
from tui.bridge import News, Traffic
from tui.commands import Place, bindings
from tui.outcomes import tone
from tui.safe_text import safe_content
from tui.screens.dialogs import Confirm
from tui.screens.place import PlaceScreen
from tui.session import TRAFFIC_KEPT, Session
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column, Kind
from tui.widgets.row_table import RowTable

LIVE = (
    Column("way", "Way", width=5, priority=0),
    Column("peer", "Peer", min_width=8, max_width=20, priority=0),
    Column("address", "Address", min_width=9, max_width=40, flex=1, priority=2),
    Column("since", "Since", min_width=8, max_width=8),
    Column("age", "Open for", Kind.DURATION, min_width=8),
)
LOG = (
    Column("time", "Time", width=8, priority=0),
    Column("id", "Assoc", Kind.NUMBER, min_width=5, priority=3),
    Column("peer", "Peer", min_width=8, max_width=16),
    Column("what", "What", min_width=10, max_width=14, priority=0, tone=tone),
    Column("seconds", "Took", Kind.DURATION, min_width=6, priority=1),
    Column("meaning", "Meaning", min_width=12, max_width=200, flex=1, priority=2),
)


class TrafficScreen(PlaceScreen):
    """Open associations on top, the log below, one line of it in full at the bottom."""

    PLACE = Place.TRAFFIC
    BINDINGS: ClassVar = bindings(Place.TRAFFIC)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._numbers = count(1)
        self._lines: dict[int, Traffic] = {}

    def body(self) -> ComposeResult:
        """Two tables and a detail pane."""
        yield RowTable(LIVE, id="live", empty="no association is open")
        yield FilteredTable(RowTable(LOG, id="log", empty="nothing has passed yet"))
        with VerticalScroll(id="detail"):
            yield Static(id="words", markup=False)

    def on_mount(self) -> None:
        """Show what is open, and follow the log."""
        self.log_table.follow = True
        self._show_live()
        self._add(tuple(self.session.status.traffic))
        self._tell()
        self.set_interval(1.0, self._tick)
        self.log_table.focus()

    @property
    def live(self) -> RowTable:
        """The table of open associations."""
        return self.query_one("#live", RowTable)

    @property
    def log_table(self) -> RowTable:
        """The table of what passed."""
        return self.query_one("#log", RowTable)

    def heard(self, news: News) -> None:
        """Add what passed to the log."""
        if news.associations_changed:
            self._show_live()
        self._add(news.traffic)

    def _add(self, traffic: Iterable[Traffic]) -> None:
        lines = [(next(self._numbers), event) for event in traffic]
        self._lines.update(lines)
        self.log_table.add_rows([(number, log_values(event)) for number, event in lines])
        for number in list(self._lines)[: max(0, len(self._lines) - TRAFFIC_KEPT)]:
            del self._lines[number]
            self.log_table.remove_row(number)

    def action_abort(self) -> None:
        """Ask, then abort the association under the cursor of the upper table."""
        key = self.live.cursor_key
        found = [a for a in self.station.associations() if a.id == key]
        if not found:
            self.say("No association is open.")
            return
        text = f"{_way(found[0])} {found[0].peer} at {found[0].address}\nIts transfer breaks off."
        self.app.push_screen(
            Confirm("Abort the association", text, "Abort"), partial(self._abort, found[0])
        )

    def _abort(self, association: Association, yes: bool | None) -> None:
        if yes:
            self.calls.ask(
                lambda: self.station.abort_association(association.id),
                lambda done: None if done else self.say("It was over already."),
            )

    def action_clear(self) -> None:
        """Empty the log."""
        self._lines.clear()
        self.log_table.clear()

    def _tick(self) -> None:
        if self.is_current:
            self._show_live()

    def _show_live(self) -> None:
        now = time.time()
        self.live.set_rows(
            [
                (
                    a.id,
                    {
                        "way": _way(a),
                        "peer": a.peer,
                        "address": a.address,
                        "since": _clock(a.since),
                        "age": max(0.0, now - a.since),
                    },
                )
                for a in self.station.associations()
            ]
        )

    @on(RowTable.RowHighlighted, "#log")
    def _tell(self) -> None:
        event = self._lines.get(self.log_table.cursor_key)
        words = _words(event) if event else Content("Each message shows here as it passes.")
        self.query_one("#words", Static).update(words)


def log_values(event: Traffic) -> dict[str, object]:
    """An event as a line of the log."""
    values: dict[str, object] = {"time": _clock(event.time)}
    match event:
        case AssociationOpened():
            values |= _of(event.association, f"▶ {_way(event.association).strip()} open")
            values["meaning"] = f"{event.association.address}, contexts: {len(event.contexts)}"
        case AssociationEnded():
            values |= _of(event.association, "– closed")
            values["meaning"] = event.reason
        case AssociationRejected():
            values |= {"peer": event.calling, "what": "✖ rejected"}
            values["meaning"] = f"{event.address} called {event.called}: {event.reason}"
        case InstanceRefused():
            values |= {"peer": event.source, "what": "✖ refused"}
            values["meaning"] = f"0x{event.status:04X} {event.reason} {event.sop_instance_uid}"
        case MessageHandled():
            values |= {"id": event.association_id, "peer": event.peer, "seconds": event.seconds}
            values["what"] = f"{_mark(event.status)} {event.operation}"
            values["meaning"] = f"0x{event.status:04X} {event.meaning}"
    return values


def _of(association: Association, what: str) -> dict[str, object]:
    return {"id": association.id, "peer": association.peer, "what": what}


def _mark(status: int) -> str:
    """How a DIMSE status is to be taken at a glance (PS3.7 annex C)."""
    if status in (0x0000, 0xFF00, 0xFF01):
        return "●"
    return "!" if status in (0x0001, 0xFE00) or 0xB000 <= status <= 0xBFFF else "✖"


def _way(association: Association) -> str:
    return "→ out" if association.outgoing else "← in"


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _words(event: Traffic) -> Content:
    """An event in full."""
    values = log_values(event)
    took = f"  took {units.duration(event.seconds)}" if isinstance(event, MessageHandled) else ""
    lines = [
        safe_content(f"{values['time']}  {values['what']}  {values['peer']}{took}", "bold"),
        safe_content(str(values["meaning"])),
    ]
    if isinstance(event, AssociationOpened):
        lines += [
            safe_content(f"{cx.id} {cx.sop_class}: {cx.accepted or cx.why}")
            for cx in event.contexts
        ]
    return Content("\n").join(lines)
