"""The form that adds or edits a modality, with checks as one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Label, Static

from core.model import ALL_OPERATIONS, Modality, Operation
from core.settings import modality_faults, modality_warnings
from tui.safe_text import safe_content
from tui.screens.dialogs import Dialog


@dataclass(frozen=True)
class FormField:
    """One line of the form: the modality's field, its label, and an example."""

    id: str
    label: str
    example: str
    max_length: int


FIELDS = (
    FormField("name", "Name", "ct1: how you call it", 64),
    FormField("ae_title", "AE title", "CT1: as the device has it", 32),
    FormField("host", "Host", "10.0.0.7 or ct1.hospital.lan", 253),
    FormField("port", "Port", "104", 5),
    FormField("comment", "Comment", "room 12, phone 4711", 200),
)


class Tick(Checkbox):
    """A check box that shows without colour whether it is checked."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802  Textual's own name
        """A cross, or nothing."""
        return "X" if self.value else " "


class ModalityForm(Dialog[Modality]):
    """Asks for a modality's address; answers with a valid one, or None."""

    def __init__(
        self,
        title: str,
        *,
        start: Modality | None,
        others: Sequence[Modality],
        own_ae_title: str,
    ) -> None:
        """Make a form; `others` are the modalities that the new one stands beside."""
        super().__init__(title)
        self._start = start
        self._others = others
        self._own = own_ae_title

    def body(self) -> ComposeResult:
        """Five lines, what it may ask of us, what is wrong, and two buttons."""
        for field in FIELDS:
            value = getattr(self._start, field.id) if self._start else ""
            with Horizontal(classes="field"):
                yield Label(field.label, markup=False)
                yield Input(
                    str(value) if value != 0 else "",
                    placeholder=field.example,
                    max_length=field.max_length,
                    id=field.id,
                    compact=True,
                )
        allowed = self._start.allow if self._start else ALL_OPERATIONS
        with Horizontal(classes="field"):
            yield Label("May ask us", markup=False)
            for operation in ALL_OPERATIONS:
                yield Tick(
                    operation.value, operation in allowed, id=f"may-{operation.value}", compact=True
                )
        yield Static("", id="wrong", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Save", id="save", variant="primary", compact=True)
            yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#name").focus()

    @property
    def value(self) -> Modality:
        """What the form holds now, valid or not; a port that is no number is 0."""
        text = {field.id: self.query_one(f"#{field.id}", Input).value.strip() for field in FIELDS}
        # What the form does not ask for stays as it was.
        before = self._start or Modality(ae_title="", host="", port=0)
        return replace(
            before,
            name=text["name"],
            ae_title=text["ae_title"],
            host=text["host"],
            port=int(text["port"]) if text["port"].isdecimal() else 0,
            comment=text["comment"],
            allow=tuple(op for op in ALL_OPERATIONS if self._may(op)),
        )

    def _may(self, operation: Operation) -> bool:
        return self.query_one(f"#may-{operation.value}", Tick).value

    def faults(self, value: Modality) -> dict[str, str]:
        """Say what stands against saving: field → fault."""
        faults = modality_faults(value)
        if any(other.name == value.name for other in self._others):
            faults["name"] = f"there is a modality {value.name} already"
        if value.port == 0 and "port" in faults:
            faults["port"] = "a TCP port is a number from 1 to 65535"
        return {field.id: faults[field.id] for field in FIELDS if field.id in faults}

    @on(Input.Changed)
    def _typed(self) -> None:
        """Say what is wrong with what was typed, and keep quiet about what is still empty."""
        value = self.value
        faults = {k: v for k, v in self.faults(value).items() if self._is_filled(k)}
        self._mark(faults)
        self._tell(faults, self._warnings(value))

    def _warnings(self, value: Modality) -> tuple[str, ...]:
        filled = all(self._is_filled(field) for field in ("ae_title", "host", "port"))
        return modality_warnings(value, self._others, self._own) if filled else ()

    def _is_filled(self, field: str) -> bool:
        return bool(self.query_one(f"#{field}", Input).value)

    def _mark(self, faults: dict[str, str]) -> None:
        for field in FIELDS:
            self.query_one(f"#{field.id}", Input).set_class(field.id in faults, "wrong")

    def _tell(self, faults: dict[str, str], warnings: Sequence[str]) -> None:
        labels = {field.id: field.label for field in FIELDS}
        lines = [
            *(
                safe_content(f"✖ {labels[key]}: {fault}", "$text-error")
                for key, fault in faults.items()
            ),
            *(safe_content(f"! {warning}", "$text-warning") for warning in warnings),
        ]
        self.query_one("#wrong", Static).update(Content("\n").join(lines))

    @on(Input.Submitted)
    def _save(self) -> None:
        value = self.value
        faults = self.faults(value)
        if not faults:
            self.dismiss(value)
            return
        self._mark(faults)
        self._tell(faults, ())
        self.query_one(f"#{next(iter(faults))}").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "save":
            self._save()
        else:
            self.dismiss(None)
