"""Carries out the rest of a start beside the screen, and says there how it went."""

from __future__ import annotations

from textual.app import App

from core.errors import ArchiveError, ListenError, ModalittyError
from tui.bridge import News
from tui.calls import Calls
from tui.opening import Opening
from tui.safe_text import safe_text
from tui.session import Session


class Start:
    """Carries out an opening once there is something to see, and says how it went."""

    def __init__(self, app: App[object], session: Session, opening: Opening) -> None:
        self._app = app
        self._status = session.status
        self._news = session.news
        self._opening = opening
        self._calls = Calls(app, self._failed)

    def begin(self) -> None:
        """Say what is under way, and do it after the next frame."""
        self._status.opening(self._opening.words)
        self._app.call_after_refresh(self._calls.ask, self._opening.work, self._done)

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
        title, text = "Not listening" if deaf else "", safe_text(str(error), 300)
        self._app.notify(text, title=title, severity="error", markup=False, timeout=15)

    def _ends(self, fault: str) -> None:
        """The status bar says no more of the start; `fault` is why there is no listener."""
        self._status.opening("")
        self._status.no_listener(fault)
        self._news.publish(News())
