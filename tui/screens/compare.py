"""In what two objects differ, or the common headers of two series: one row per element."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from core.errors import ModalittyError
from core.model import Change, Comparison, Difference
from tui.commands import Place, bindings
from tui.mask import is_sensitive, sensitive
from tui.safe_text import safe_content
from tui.screens.dialogs import Reader
from tui.screens.place import PlaceScreen
from tui.session import Session
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column, Tone, Values
from tui.widgets.row_table import RowTable

_TONES = {
    Change.CHANGED.value: Tone.WARNING,
    Change.ADDED.value: Tone.OK,
    Change.REMOVED.value: Tone.ERROR,
}


def _tone(change: str) -> Tone:
    return _TONES.get(change, Tone.PLAIN)


COLUMNS = (
    Column("change", "Change", width=7, tone=_tone),
    Column("tag", "Tag", width=11, priority=0),
    Column("vr", "VR", min_width=2, max_width=7, optional=True),
    Column("path", "Element", min_width=14, max_width=60, flex=1, priority=2),
    Column("left", "Left", min_width=14, max_width=60, flex=2, priority=3, secret=False),
    Column("right", "Right", min_width=14, max_width=60, flex=2, priority=3, secret=False),
)


class CompareScreen(PlaceScreen):
    """What `work` finds to differ; `title` says between what.

    `stop` is called when nobody waits for it any more.
    """

    PLACE = Place.COMPARE
    BINDINGS: ClassVar = bindings(Place.COMPARE)

    def __init__(
        self,
        session: Session,
        title: str,
        work: Callable[[], Comparison],
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(session)
        self._title = title
        self._work = work
        self._stop = stop
        self._found: Comparison | None = None
        self._private_only = False
        self._rows: dict[str, Difference] = {}

    def body(self) -> ComposeResult:
        """What is compared, the table, what was found."""
        yield Static(id="crumbs", markup=False)
        table = RowTable(COLUMNS, id="differences", empty="")
        yield FilteredTable(table, id="compared")
        yield Static(id="caption", markup=False)

    def on_mount(self) -> None:
        """Compare."""
        self.query_one("#crumbs", Static).update(safe_content(self._title, "bold"))
        self._say_below("comparing …")
        self.calls.ask(self._work, self._show, group="compare", failed=self._failed)

    def on_unmount(self) -> None:
        """Compare no more: two series may be thousands of files."""
        self._stop()

    @property
    def table(self) -> RowTable:
        """The table of differences."""
        return self.query_one(RowTable)

    def _failed(self, error: ModalittyError) -> None:
        self._say_below("not compared")
        self.fault(error)

    def _say_below(self, text: str) -> None:
        self.query_one("#caption", Static).update(safe_content(text, "$text-muted"))

    def _show(self, found: Comparison) -> None:
        self._found = found
        self.table.say_empty("no element differs")
        chosen = [d for d in found.differences if d.is_private or not self._private_only]
        self._rows = {f"{n}": difference for n, difference in enumerate(chosen)}
        self.table.set_rows([(key, _values(one)) for key, one in self._rows.items()])
        many = len(found.differences)
        words = [f"{many:,} {'differs' if many == 1 else 'differ'}", f"{found.equal:,} are equal"]
        words += [f"private only: {len(chosen):,}"] if self._private_only else []
        self._say_below(" │ ".join((*words, *found.notes)))

    def action_private_only(self) -> None:
        """Show private elements only, or all."""
        if self._found is not None:
            self._private_only = not self._private_only
            self._show(self._found)

    def action_back(self) -> None:
        """Leave."""
        self.dismiss()

    @on(RowTable.RowOpened)
    def _opened(self) -> None:
        one = self._rows.get(str(self.table.cursor_key))
        if one is None:
            return
        values = _values(one)
        text = f"{one.name}\n{one.path}\n\nleft\n{values['left']}\n\nright\n{values['right']}"
        self.app.push_screen(Reader(f"{one.tag} {one.vr}", text))


def _values(one: Difference) -> Values:
    hidden = is_sensitive(one.keyword, one.vr[-2:], one.is_private)
    return {
        "change": one.change.value,
        "tag": one.tag,
        "vr": one.vr,
        "path": one.path,
        "left": sensitive(one.left) if hidden else one.left,
        "right": sensitive(one.right) if hidden else one.right,
    }
