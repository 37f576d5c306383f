"""The search fields on top of the query place, and a line that says what will be asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from textual import on
from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from core.model import Root
from tui.query_fields import FIELDS, NAMES, FieldError, matching_keys, translation
from tui.query_memory import Asked
from tui.safe_text import safe_content, safe_text


class QueryForm(Vertical):
    """A field for each of :data:`FIELDS`; under them what their text comes to, as it is typed."""

    SCOPED_CSS = False  # it asks how wide the screen is
    DEFAULT_CSS = """
    QueryForm {
        height: auto;
        background: $surface;
        & > #fields {
            grid-size: 2;
            grid-columns: 1fr;
            grid-rows: 1;
            grid-gutter: 0 2;
            height: auto;
            padding: 0 1;
        }
        & .field { height: 1; }
        & .field > Label { width: 12; color: $text-muted; }
        & .field > Input { width: 1fr; background: $panel; }
        & .field > Input:focus { background: $boost; text-style: bold; }
        & .field > Input.-wrong { color: $text-error; text-style: underline; }
        & > #asks { height: auto; max-height: 2; padding: 0 1; }
    }
    .-wide QueryForm > #fields { grid-size: 4; }
    .-deep > QueryForm { display: none; }
    .-short QueryForm { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.root = Root.STUDY
        self.wildcards = True
        self.limit = 0
        """As in :class:`Asked`."""

    def compose(self) -> ComposeResult:
        """The fields, and the line."""
        with Grid(id="fields"):
            for field in FIELDS:
                with Horizontal(classes="field"):
                    yield Label(field.label, markup=False)
                    yield Input(placeholder=field.example, id=field.name, compact=True)
        yield Static(id="asks", markup=False)

    def on_mount(self) -> None:
        """Say what would be asked now."""
        self.show_translation()

    def line(self, name: str) -> Input:
        """The input of a field."""
        return self.query_one(f"#{name}", Input)

    @property
    def typed(self) -> dict[str, str]:
        """Field → text, without empty ones."""
        values = {name: self.line(name).value.strip() for name in NAMES}
        return {name: value for name, value in values.items() if value}

    def fill(self, typed: Mapping[str, str]) -> None:
        """Put these texts into the fields, and nothing into the others."""
        for name in NAMES:
            self.line(name).value = typed.get(name, "")
        self.show_translation()

    def load(self, asked: Asked) -> None:
        """Take over a query that was asked or saved."""
        self.wildcards, self.limit = asked.wildcards, asked.limit
        self.start_from(asked.root)
        self.fill(asked.fields)

    def start_from(self, root: Root) -> None:
        """Leave open the fields that narrow something in this information model."""
        self.root = root
        for field in FIELDS:
            self.line(field.name).disabled = not field.applies(root)
        self.show_translation()

    def keys(self) -> dict[str, str]:
        """Keyword → matching value; raises FieldError, and marks the field that is wrong."""
        try:
            keys = matching_keys(self.typed, self.root, date.today(), wildcards=self.wildcards)
        except FieldError as error:
            self._mark_wrong(error.field.name)
            raise
        self._mark_wrong("")
        return keys

    @on(Input.Changed)
    def show_translation(self) -> None:
        """Say what the fields come to: dates as dates, names with their wildcards."""
        line = self.query_one("#asks", Static)
        try:
            words = self._words(self.keys())
        except FieldError as error:
            words = safe_content(str(error), "$text-warning", max(20, self.size.width - 2))
        line.update(words)
        line.display = bool(words.plain)

    def tell_wrong(self, error: FieldError) -> None:
        """Say what is wrong, and go there."""
        line = self.query_one("#asks", Static)
        line.update(safe_content(f"✖ {error}", "$text-error", max(20, self.size.width - 2)))
        line.display = True
        self.line(error.field.name).focus()

    def _words(self, keys: Mapping[str, str]) -> Content:
        asks = safe_text(translation(keys))
        extras = [] if self.wildcards else ["as typed (w adds wildcards)"]
        if self.limit:
            extras.append(f"at most {self.limit:,} of each (n)")
        if not asks and not extras:
            return Content()
        said = ("".join(f"  · {extra}" for extra in extras), "$text-muted")
        return Content.assemble(("asks ", "$text-muted"), asks or "for all", said)

    def _mark_wrong(self, name: str) -> None:
        for other in NAMES:
            self.line(other).set_class(other == name, "-wrong")
