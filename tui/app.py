"""The console: its modes, its screens, its commands."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual import events, on
from textual.binding import Binding
from textual.command import Provider
from textual.screen import Screen
from textual.signal import Signal
from textual.widget import AwaitMount

from core.events import Notice, Severity
from core.station import Station
from tui import clipboard, line, units
from tui.ahead import Ahead
from tui.bridge import FLOOD, FRAME, Bridge, NewsWaiting
from tui.calls import Answered
from tui.commands import Place, bindings
from tui.keymap import chosen_keys, clashes
from tui.mask import MASK
from tui.opening import Opening, opening
from tui.palette import Commands
from tui.places import SCREENS, screen_of
from tui.preview.pacer import Pacer
from tui.preview.painter import Painter
from tui.preview.terminal import Terminal
from tui.safe_text import safe_text
from tui.screens.place import AskSaved, PlaceScreen, QueryPeer, show_toast
from tui.session import Session, StatusKeeper
from tui.session_keeper import SessionKeeper
from tui.start import Start
from tui.stylesheet import Rules
from tui.themes import HIGH_CONTRAST, no_color, theme_for
from tui.typed_ahead import KeysInOrder

if TYPE_CHECKING:
    from tui.screens.query import QueryScreen


def _saved_queries() -> type[Provider]:
    from tui.screens.query.palette import SavedQueries

    return SavedQueries


def _warnings(texts: Sequence[str]) -> list[Notice]:
    return [Notice(text=text, severity=Severity.WARNING) for text in texts]


class ModalittyApp(KeysInOrder):
    """The console over one station, which is open already and is closed by the caller."""

    CSS_PATH = [  # noqa: RUF012
        Path(__file__).parent / "styles" / "places.tcss",
        Path(__file__).parent / "styles" / "dialogs.tcss",
    ]
    TITLE = "Modalitty"
    signals_before: Sequence[int] = ()
    """Those that came while all was being loaded."""
    COMMANDS = {Commands, _saved_queries}  # noqa: RUF012
    BINDINGS = [  # noqa: RUF012
        *bindings(Place.EVERYWHERE),
        Binding("ctrl+q", "leave", "Quit", show=False, priority=True),
    ]

    def __init__(
        self,
        station: Station,
        terminal: Terminal | None = None,
        read_only: bool = False,
        title: str = "Modalitty",
        start: Opening | None = None,
    ) -> None:
        """Show `station`; `start` is what is left of its start, where that is not as usual.

        Raises SettingsError where the settings name a command or a key that there is none of.
        """
        ui = station.settings.ui
        keys = chosen_keys(ui, str(station.config_path))
        super().__init__(ansi_color=True if no_color() else None)
        self.stylesheet = Rules(variables=self.get_css_variables())
        self._notices = _warnings(clashes(keys))
        self.set_keymap(dict(keys))
        for theme in HIGH_CONTRAST:
            self.register_theme(theme)
        MASK.on = ui.mask_phi
        units.use(ui)
        self.keeper = SessionKeeper(station.data_folder, on=ui.restore)
        self._notices += _warnings([self.keeper.word] if self.keeper.word else [])
        self.terminal = terminal or Terminal()
        self.typed_before = self.terminal.typed
        self.alt_keys = tuple(key for chosen in keys.values() for key in chosen.split(","))
        self.painter = Painter(self)
        self.pacer = Pacer(self, self.painter)
        self.station = station
        self.session = Session(
            station=station,
            read_only=read_only or ui.read_only,
            news=Signal(self, "news"),
            masked=Signal(self, "masked"),
            status=StatusKeeper(station),
            keys=keys,
            keeper=self.keeper,
            title=title,
            terminal=terminal,
        )
        self.title = safe_text(title, 80)
        self.places: dict[Place, PlaceScreen] = {}
        self.ahead = Ahead(self, self.places, lambda place: self._init_mode(place.value))
        self._starter = Start(self, self.session, start or opening(station), self._build_ahead)
        self._hidden: contextlib.ExitStack | None = None
        self._rules_count = -1
        self.bridge: Bridge | None = None
        self._told = 0.0
        for place in SCREENS:
            self.add_mode(place.value, partial(self._opened, place))

    def _opened(self, place: Place) -> Screen[None]:
        screen = self.places[place] = screen_of(place)(self.session)
        screen._css_update_count = self._rules_count
        return screen

    def on_mount(self) -> None:
        """Choose the theme, hear the station, open the first place, and then the rest."""
        self.theme = theme_for(self, self.keeper.theme(self.station.settings.ui.theme))
        self.bridge = Bridge(self.station.events, self)
        self._end_softly()
        # Textual puts the terminal's modes back after a suspension, and paints nothing.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self._starter.begin()
        self.station.links.start(by_default=not self.session.read_only)
        self.switch_mode(self.keeper.place.value)
        self._toast(self._notices)

    def _build_ahead(self) -> None:
        """Build the other places, where somebody sits who may go there."""
        if not self.is_headless:
            self.ahead.begin()

    async def on_event(self, event: events.Event) -> None:
        """Note what a person does before all else."""
        if isinstance(event, events.InputEvent):
            self.ahead.hold()
        await super().on_event(event)

    def refresh_css(self, animate: bool = True) -> None:
        """Work out the styles anew; a place that is opened from here on has them from its start.

        Textual has those of the place before it worked out anew for each that is opened, and those
        of the new one when it is opened again.
        """
        self._rules_count = self._css_update_count
        super().refresh_css(animate=animate)

    def switch_mode(self, mode: str) -> AwaitMount:
        """Go to a place; one that stands is painted as soon as it knows that it is back."""
        place = next((screen for p, screen in self.places.items() if p.value == mode), None)
        if place is None or not place.stands or self.get_screen_stack(mode)[-1] is not place:
            return super().switch_mode(mode)
        hidden = self._hidden = contextlib.ExitStack()
        try:
            return super().switch_mode(mode)
        finally:
            self._hidden = None
            place.call_later(self._show, place, hidden)

    def _show(self, place: PlaceScreen, hidden: contextlib.ExitStack) -> None:
        hidden.close()
        place.paint()

    def delay_update(self, delay: float = 0.05) -> None:
        """Hide a change for a moment: of a place that stands until it is shown."""
        if self._hidden is None:
            super().delay_update(delay)
        else:
            self._hidden.enter_context(self.batch_update())

    def post_display_hook(self) -> None:
        """Let pictures follow what was painted."""
        self.painter.after_frame()

    def on_cursor_position(self) -> None:
        """Take the terminal's answer to the pacer, the only one who asks."""
        self.pacer.answered()

    def exit(self, *args: Any, **named: Any) -> None:
        """Leave, with the session kept while its screens still stand."""
        setting = self.station.settings.ui.theme
        theme = "" if self.theme == theme_for(self, setting) else self.theme
        self.keeper.keep(self.current_mode, self.places, theme=theme, theme_setting=setting)
        super().exit(*args, **named)

    def _end_softly(self) -> None:
        """Let SIGTERM and a lost terminal end the console as `q` does, with nothing left behind."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(ValueError, RuntimeError):  # not in the main thread
                loop.add_signal_handler(number, self._end, number)
        for before in self.signals_before:
            self._end(before)

    def hung_up(self) -> None:
        """End as SIGHUP ends it: the terminal is gone."""
        if not self._exit:
            self._end(signal.SIGHUP)

    def _end(self, number: int) -> None:
        if number == signal.SIGHUP:
            line.hang_up(self)
        self.exit(None, 128 + number)

    def on_answered(self, message: Answered) -> None:
        """Take the answer of a call."""
        message.deliver()

    def on_unmount(self) -> None:
        """Hear no more."""
        if self.bridge:
            self.bridge.close()

    @on(NewsWaiting)
    def _news_waits(self) -> None:
        """Wait a frame for what else comes, longer in a flood; then tell the screens."""
        self.set_timer(max(FRAME, self._told + FLOOD - time.monotonic()), self._tell)

    def _tell(self) -> None:
        if not self.bridge:
            return
        self._told = time.monotonic()
        news = self.bridge.collect()
        self.session.status.take(news)
        self._toast(news.notices)
        self.session.news.publish(news)

    def _toast(self, notices: Sequence[Notice]) -> None:
        """Show the last few of `notices`."""
        for notice in notices[-3:]:
            show_toast(self, notice.text, notice.severity)

    @on(QueryPeer)
    async def _query_peer(self, message: QueryPeer) -> None:
        screen = await self._query_place()
        screen.choose(*message.names)
        screen.action_fields()

    @on(AskSaved)
    async def _ask_saved(self, message: AskSaved) -> None:
        (await self._query_place()).load(message.asked)

    async def _query_place(self) -> QueryScreen:
        """Go to Query."""
        await self.switch_mode(Place.QUERY.value)
        return cast("QueryScreen", self.places[Place.QUERY])

    def action_help_here(self) -> None:
        """Show what can be done at the present place."""
        from tui.screens.help import Help  # late, as every place

        if isinstance(self.screen, PlaceScreen):
            session = self.session
            help_page = Help(self.screen.PLACE, read_only=session.read_only, keys=session.keys)
            self.push_screen(help_page)

    def copy_to_clipboard(self, text: str) -> None:
        """Put text into the clipboard by OSC 52, through tmux or screen where we run in one."""
        super().copy_to_clipboard(text)
        if (escapes := clipboard.carried(text, os.environ)) and self._driver is not None:
            self._driver.write(escapes)

    def action_mask(self) -> None:
        """Hide what tells who patients are, or show it again; on all screens at once."""
        MASK.on = not MASK.on
        self.clear_notifications()
        self.session.masked.publish(MASK.on)
        words = "Patients are hidden, and pictures." if MASK.on else "Patients are shown."
        self.notify(words, markup=False, timeout=2.5)

    def action_help_quit(self) -> None:
        """Say how to leave to whoever presses Ctrl+C, which copies in a field."""
        self.notify("q or Ctrl+Q quits.", markup=False)

    def action_leave(self) -> None:
        """Leave; ask first where transfers run."""
        from tui.screens.dialogs import Confirm

        running = [job for job in self.station.jobs.all() if not job.state.ended]
        if not running:
            self.exit()
            return
        if isinstance(self.screen, Confirm):
            return
        text = f"{len(running)} transfers have not ended. Leaving stops them."
        self.push_screen(Confirm("Quit", text, "Quit"), lambda yes: self.exit() if yes else None)
