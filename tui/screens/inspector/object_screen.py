"""What is asked of the object in sight: what is wrong with it, and in what it differs."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from core.model import Breach, Ref
from tui.screens.compare import CompareScreen
from tui.screens.dialogs import Prompt
from tui.screens.inspector.tag_pane import TagPane
from tui.screens.inspector.validation_dialog import ValidationDialog
from tui.screens.place import PlaceScreen
from tui.screens.table_actions import Copy
from tui.session import Session
from tui.widgets.path_suggester import PathSuggester
from tui.widgets.row_table import RowTable


class ObjectScreen(PlaceScreen):
    """A screen with the tags of one object of several; who inherits it lays it out."""

    def __init__(self, session: Session, ref: Ref) -> None:
        super().__init__(session)
        self.ref = ref
        self.uids: tuple[str, ...] = (ref.sop_instance_uid,) if ref.sop_instance_uid else ()
        self.index = 0

    @property
    def uid(self) -> str:
        """SOP Instance UID of the object in sight; empty while it is not known."""
        return self.uids[self.index] if self.uids else ""

    @property
    def tags(self) -> TagPane:
        """The tags' room."""
        return self.query_one(TagPane)

    def bring_tags(self) -> None:
        """Have the tags in sight, with the keys."""
        raise NotImplementedError

    def action_validate(self) -> None:
        """Say what is wrong with the object, and go where it is."""
        if self.uid:
            self.app.push_screen(ValidationDialog(self.station, self.uid), self._go_to)

    def _go_to(self, breach: Breach | None) -> None:
        if breach is None:
            return
        self.bring_tags()
        if not self.tags.go_to(breach.path or breach.holder, breach.tag):
            self.say("It has no place among the tags.")
        elif not breach.path:
            where = "in this item" if breach.holder else "behind this element"
            self.say(f"{breach.keyword or breach.tag} would stand {where}.")

    def copies(self, table: RowTable) -> list[Copy]:
        """The element under the cursor as tag, keyword, value and path, before the rows."""
        forms = [Copy(what, lambda t=text: t, text) for what, text in self.tags.forms() if text]  # type: ignore[misc]
        return (forms if table is self.tags.dataset_tree.dataset_table else []) + super().copies(
            table
        )

    def action_compare(self) -> None:
        """Ask with what to compare this object, then say in what they differ."""
        if not self.uid:
            return
        text = "Another object: its SOP Instance UID where it is held here, or a file:"
        index = self.index + 1 if self.index + 1 < len(self.uids) else self.index - 1
        other = self.uids[index] if index >= 0 else ""
        prompt = Prompt("Compare with", text, other, verb="Compare", suggester=PathSuggester())
        self.app.push_screen(prompt, partial(self._compare, self.uid))

    def _compare(self, uid: str, other: str | None) -> None:
        if other and (other := other.strip()):
            source = Path(other).expanduser() if os.sep in other else other
            work = partial(self.station.objects.compare, uid, source)
            self.app.push_screen(CompareScreen(self.session, f"{uid}  {other}", work))
