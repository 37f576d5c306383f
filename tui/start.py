"""Carries out the rest of a start beside the screen, and says there how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import App

from core.errors import ArchiveError, ListenError, ModalittyError
from tui import places
from tui.bridge import News
from tui.calls import Calls
from tui.opening import Opening
from tui.safe_text import safe_text
from tui.session import Session

if TYPE_CHECKING:
    from tui.screens.first_run import Answers


class Start:
    """Carries out an opening once there is something to see, says how it went, calls `ready`."""

    def __init__(
        self,
        app: App[object],
        session: Session,
        opening: Opening,
        ready: Callable[[], None],
    ) -> None:
        self._app = app
        self._ready = ready
        self._station = session.station
        self._status = session.status
        self._news = session.news
        self._opening = opening
        self._calls = Calls(app, self._failed)

    def begin(self) -> None:
        """Say what is under way, and do it after the next frame."""
        asks = self._opening.asks
        self._status.opening("three questions first" if asks else self._opening.words)
        self._app.call_after_refresh(self._ask if asks else self._open)

    def _open(self) -> None:
        self._status.opening(self._opening.words)
        self._news.publish(News())
        self._calls.ask(self._work, self._done)

    def _work(self) -> None:
        places.load_all()
        self._opening.work()

    def _ask(self) -> None:
        """Ask the questions of a first run, then go on: the listener is to be where they say."""
        from tui.screens.first_run import FirstRun  # late: seldom needed

        self._app.push_screen(FirstRun(self._station), self._answered)

    def _answered(self, answers: Answers | None) -> None:
        if answers is None:
            self._open()
        else:
            self._calls.ask(lambda: answers.save(self._station), self._saved, failed=self._unsaved)

    def _saved(self, _: object) -> None:
        wrote = safe_text(f"Wrote {self._station.config_path}.", 300)
        self._app.notify(wrote, markup=False)
        self._open()

    def _unsaved(self, error: ModalittyError) -> None:
        self._toast(error)
        self._open()

    def _done(self, _: object) -> None:
        self._ends("")
        if self._opening.ready:
            self._app.notify(self._opening.ready, markup=False)

    def _failed(self, error: ModalittyError) -> None:
        """Say why the start is not complete; without an archive there is nothing to show."""
        if isinstance(error, ArchiveError):
            self._app.exit(error)
            return
        deaf = isinstance(error, ListenError)
        self._ends(error.message if deaf else "")
        self._toast(error, "Not listening" if deaf else "")

    def _toast(self, error: ModalittyError, title: str = "") -> None:
        text = safe_text(str(error), 300)
        self._app.notify(text, title=title, severity="error", markup=False, timeout=15)

    def _ends(self, fault: str) -> None:
        """The status bar says no more of the start; `fault` is why there is no listener."""
        self._status.opening("")
        self._status.no_listener(fault)
        self._news.publish(News())
        self._ready()
