"""What the screens of all places have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.events import ScreenResume
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.widget import Widget
from textual.widgets import Input

from core.errors import ModalittyError
from core.events import Severity
from tui.bridge import News
from tui.calls import Answered, Calls
from tui.commands import COMMANDS, Command, Place, forbidden, parts_of
from tui.mask import MASK, is_sensitive
from tui.safe_text import safe_text
from tui.screens.table_actions import TableActions
from tui.session import Session
from tui.widgets.footer_bar import FooterBar
from tui.widgets.row_table import RowTable
from tui.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from tui.query_memory import Asked

_TOASTS: Mapping[Severity, SeverityLevel] = {
    Severity.INFO: "information",
    Severity.WARNING: "warning",
    Severity.ERROR: "error",
}


def show_toast(app: App[Any], text: str, severity: Severity) -> None:
    """Show a toast; the text may come from outside.

    It lies over what one reads, so it goes soon; a warning or an error takes longer to read.
    """
    seconds = 2.5 if severity is Severity.INFO else 6.0
    kind = _TOASTS[severity]
    app.notify(safe_text(text, 300), severity=kind, timeout=seconds, markup=False)


class PlaceScreen(TableActions):
    """A screen with status bar and footer, that hears the news and can call the station.

    A subclass sets :attr:`PLACE` and `BINDINGS = bindings(PLACE)`, and composes its own part in
    :meth:`body`.
    """

    PLACE: ClassVar[Place]
    AUTO_FOCUS = "RowTable"  # never a field: the next digit is to lead on to another place
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall"), (40, "-high")]  # noqa: RUF012

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.station = session.station
        self.calls = Calls(self, self.fault)
        self._styled_for: object = None
        """What of the app its styles were last worked out for; None: they are of another theme."""
        self.stands = False
        """Whether all of it is there and has its place, though nobody may have looked at it."""
        self.seen = False
        """Whether anybody has looked at it."""

    def compose(self) -> ComposeResult:
        """Status on top, the place's own part, the footer."""
        yield StatusBar(self.session, self.PLACE)
        yield from self.body()
        yield FooterBar(self.PLACE, read_only=self.session.read_only, keys=self.session.keys)

    def body(self) -> ComposeResult:
        """The place's own part."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Follow the news; Textual calls this beside the subclass's own."""
        self.session.news.subscribe(self, self.heard)
        self.session.masked.subscribe(self, self._masked)
        self.app.theme_changed_signal.subscribe(self, self._another_theme)
        if MASK.on:
            self.masked(True)
        if self.session.keeper:
            self.session.keeper.put_back(self)

    @on(ScreenResume)
    def _is_back(self, event: ScreenResume) -> None:
        """Work out the styles anew only where they are others by now: it takes 30 ms."""
        now = sorted(self.app.get_pseudo_classes())
        event.refresh_styles = now != self._styled_for
        self._styled_for = now
        if self.is_current:
            self.stands = self.seen = True
        self.query_one(StatusBar).show_again()

    def lay_out(self) -> None:
        """Find a place for each part and render it for nobody: the first look finds that done."""
        self._refresh_layout(self.app.size)
        self._compositor.render_strips()
        self.stands = True

    def paint(self) -> None:
        """Paint what changed now, and not with the next frame: each wait gives the turn away."""
        self._on_timer_update()

    def _another_theme(self, _: object) -> None:
        self._styled_for = None
        if self.is_current:
            self.update_node_styles(animate=False)

    def takes(self, key: str) -> bool:
        """Whether all is there that a key would act on; typed ahead it waits for that, a moment.

        `key` is empty for the mouse.
        """
        return not self.calls.leading

    def to_keep(self) -> dict[str, str]:
        """What the next session should find as it is, beside the tables."""
        return {}

    def put_back(self, kept: Mapping[str, str]) -> None:
        """Take what :meth:`to_keep` gave in the last session; it may be anything."""

    def _masked(self, on: bool) -> None:
        self.masked(on)

    def masked(self, on: bool) -> None:
        """Show everything anew, as the mask has been put on or taken off."""
        for table in self.query(RowTable):
            table.show_again()
        for line in self.query(Input):
            line.password = on and is_sensitive((line.id or "").rpartition("-")[2])

    def heard(self, news: News) -> None:
        """Take what happened at the station."""

    def on_answered(self, message: Answered) -> None:
        """Take the answer of a call."""
        message.deliver()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take dangerous commands away where the console is read-only."""
        if forbidden(self.PLACE, action, read_only=self.session.read_only):
            return False
        return super().check_action(action, parameters)

    async def action_run_command(self, command_id: str) -> None:
        """Carry a command out by its id, as a click or the palette asks for it."""
        command = next(c for c in COMMANDS if c.id == command_id)
        await self._who_does(command).run_action(command.run)

    def _who_does(self, command: Command) -> Widget:
        """The widget that has the command: where the keys go, and out from there to the screen."""
        if command.place not in parts_of(self.PLACE)[1:-1]:
            return self
        start = self.starting_point(command) or self
        name = f"action_{command.run.partition('(')[0]}"
        around = (n for n in start.ancestors_with_self if isinstance(n, Widget))
        return next((widget for widget in around if hasattr(widget, name)), self)

    def starting_point(self, command: Command) -> Widget | None:
        """Where to look, from there outwards, for who does what a part of the place has."""
        return self.table_in_use()

    def action_back(self) -> None:
        """Nothing to go back to, at the top of a place."""

    def say(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Show a toast; the text may come from outside."""
        show_toast(self.app, text, severity)

    def fault(self, error: ModalittyError) -> None:
        """Show why something could not be done."""
        text = f"{error.message}. {error.hint}" if error.hint else error.message
        self.say(text, Severity.ERROR)


class QueryPeer(Message):
    """Somebody wants to query these modalities."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names


class AskSaved(Message):
    """Somebody wants a saved query asked."""

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self.asked = asked
