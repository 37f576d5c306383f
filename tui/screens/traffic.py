"""Who talks to whom now, and each message as it passes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from functools import partial
from itertools import count, islice
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from core.model import Association, Visitor
from tui.bridge import News, Traffic
from tui.commands import Place, bindings
from tui.outcomes import tone
from tui.safe_text import safe_content
from tui.screens.callers import CallersDialog
from tui.screens.dialogs import Confirm
from tui.screens.place import PlaceScreen
from tui.session import TRAFFIC_KEPT, Session
from tui.traffic_words import Tally, log_values, way, who, words
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column, Kind
from tui.widgets.row_table import RowTable
from tui.widgets.words import Words

LIVE = (
    Column("id", "Assoc", width=7),
    Column("way", "Way", width=5, priority=0),
    Column("who", "Who calls whom", min_width=14, max_width=36, priority=0),
    Column("address", "Address", min_width=9, max_width=40, priority=3),
    Column("messages", "Messages", Kind.NUMBER, width=8, priority=1),
    Column("age", "Open for", Kind.DURATION, width=8, priority=1),
    Column("last", "Last message", min_width=14, max_width=80, flex=1, priority=2, tone=tone),
)
LOG = (
    Column("time", "Time", width=8, priority=0),
    Column("id", "Assoc", min_width=5, max_width=8, priority=3),
    Column("peer", "Peer", min_width=8, max_width=16),
    Column("what", "What", min_width=10, max_width=16, priority=0, tone=tone),
    Column("seconds", "Took", Kind.DURATION, min_width=7, priority=1),
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
        self._tally = Tally()
        self._unread: deque[Traffic] = deque(maxlen=TRAFFIC_KEPT)
        self._dropped = 0

    def body(self) -> ComposeResult:
        """Two tables and a detail pane."""
        yield RowTable(LIVE, id="live", empty="no association is open")
        yield FilteredTable(RowTable(LOG, id="log", empty="nothing has passed yet"))
        yield Static(id="dropped", markup=False)
        with VerticalScroll(id="detail"):
            yield Words(id="words", markup=False)

    def on_mount(self) -> None:
        """Show what is open, and follow the log."""
        self.log_table.follow = True
        passed = tuple(self.session.status.traffic)
        self._tally.take(passed)
        self._add(passed)
        self._show_live()
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
        """Add what passed to the log; while nobody looks, keep it for later."""
        self._tally.take(news.traffic)
        self._dropped += news.traffic_dropped
        self._unread.extend(news.traffic)
        if self.is_current:
            self._read(changed=news.associations_changed)

    @on(events.ScreenResume)
    def _back(self) -> None:
        self._read(changed=True)

    def _read(self, *, changed: bool) -> None:
        unread, self._unread = self._unread, deque(maxlen=TRAFFIC_KEPT)
        self._add(unread)
        if changed:
            self._show_live()
        line = self.query_one("#dropped", Static)
        line.display = bool(self._dropped)
        if self._dropped:
            line.update(safe_content(f"! {self._dropped:,} passed too fast to be kept here"))

    def _add(self, traffic: Iterable[Traffic]) -> None:
        lines = [(next(self._numbers), event) for event in traffic]
        self._lines.update(lines)
        self.log_table.add_rows([(number, log_values(event)) for number, event in lines])
        for number in list(islice(self._lines, max(0, len(self._lines) - TRAFFIC_KEPT))):
            del self._lines[number]
            self.log_table.remove_row(number)

    def action_abort(self) -> None:
        """Ask, then abort the association under the cursor of the upper table."""
        key = self.live.cursor_key
        found = [a for a in self.station.associations() if a.id == key]
        if not found:
            self.say("No association is open.")
            return
        text = f"{who(found[0])}, {way(found[0])} at {found[0].address}\nIts transfer breaks off."
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
        self._unread.clear()
        self.log_table.clear()
        self._dropped = 0
        self._read(changed=False)

    def action_callers(self) -> None:
        """Show who called us, and who was turned away."""
        visitors = self.station.doctor.visitors()
        self.app.push_screen(CallersDialog(visitors, may_add=False), self._nothing)

    def _nothing(self, _: Visitor | None) -> None:
        """Nobody is added from here: that is done in Network."""

    @on(RowTable.RowOpened)
    def action_only(self) -> None:
        """Show the messages of the association under the cursor only; escape shows all again."""
        table = self.table_in_use()
        key = table.cursor_key if table else None
        number = f"#{key}"
        if table is self.log_table:
            event = self._lines.get(key) if isinstance(key, int) else None
            number = str(log_values(event).get("id", "")) if event else ""
        if key is None or not number:
            self.say("That belongs to no association.")
            return
        self.log_table.filter_text = f"~^{number}$"
        self.log_table.focus()

    def _tick(self) -> None:
        if self.is_current:
            self._show_live()

    def _show_live(self) -> None:
        now = time.time()
        live = self.station.associations()
        self.live.set_rows([(a.id, self._live_values(a, now)) for a in live])

    def _live_values(self, association: Association, now: float) -> dict[str, object]:
        messages, last = self._tally.of(association.id)
        return {
            "id": f"#{association.id}",
            "way": way(association),
            "who": who(association),
            "address": association.address,
            "messages": messages,
            "age": max(0.0, now - association.since),
            "last": last,
        }

    @on(RowTable.RowHighlighted, "#log")
    def _tell(self) -> None:
        event = self._lines.get(self.log_table.cursor_key)
        shown = words(event) if event else Content("Each message shows here as it passes.")
        self.query_one("#words", Words).update(shown)
