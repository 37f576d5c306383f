"""The form that adds or edits a modality, with checks as one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Button, Checkbox, Input, Label, Static

from core.model import ALL_OPERATIONS, Modality, Operation, Outcome, Retrieve
from core.settings import modality_faults, modality_warnings
from core.station import Station
from tui.calls import Answered, Calls
from tui.outcomes import outcome_lines
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
    FormField("max_jobs", "At once", "2: transfers with it that run at once", 2),
    FormField("echo_interval", "Echo every", "seconds; 0: never; empty: as in Settings", 6),
    FormField("tls_host_name", "TLS name", "as in its certificate; empty: our CA vouches", 253),
    FormField("comment", "Comment", "room 12, phone 4711", 200),
)
LOOK_UP_AFTER = 0.4
"""Seconds without a key after which the host is looked up."""
WARNING = "$text-warning"
BLANK = Modality(ae_title="", host="", port=0)


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
        station: Station,
    ) -> None:
        """Make a form; `others` are the modalities that the new one stands beside."""
        super().__init__(title)
        self._start = start
        self._others = others
        self._station = station
        self._calls = Calls(self, lambda error: self._say(str(error), "$text-error"))
        self._asked_host = ""
        self._timer: Timer | None = None

    def body(self) -> ComposeResult:
        """A line per field, what it may ask of us, what is wrong, and two buttons."""
        start = self._start or BLANK
        for field in FIELDS:
            value = getattr(start, field.id)
            with Horizontal(classes="field"):
                yield Label(field.label, markup=False)
                yield Input(
                    _shown(field.id, value),
                    placeholder=field.example,
                    max_length=field.max_length,
                    id=field.id,
                    compact=True,
                )
        with Horizontal(classes="field"):
            yield Label("May ask us", markup=False)
            for operation in ALL_OPERATIONS:
                allowed = operation in start.allow
                yield Tick(operation.value, allowed, id=f"may-{operation.value}", compact=True)
        with Horizontal(classes="field"):
            yield Label("We call by", markup=False)
            yield Tick("TLS", start.tls, id="tls", compact=True)
            by_get = start.retrieve is Retrieve.GET
            yield Tick("C-GET to retrieve, not C-MOVE", by_get, id="by-get", compact=True)
        yield Static("", id="wrong", markup=False)
        yield Static("", id="look-up", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Test", id="test", compact=True)
            yield Button("Save", id="save", variant="primary", compact=True)
            yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#name").focus()

    def on_answered(self, message: Answered) -> None:
        """Take the answer of a look-up or a test."""
        message.deliver()

    @property
    def value(self) -> Modality:
        """What the form holds now, valid or not; what is to be a number and is none is 0.

        What the form does not show stays as it was.
        """
        text = {field.id: self.query_one(f"#{field.id}", Input).value.strip() for field in FIELDS}
        return replace(
            self._start or BLANK,
            name=text["name"],
            ae_title=text["ae_title"],
            host=text["host"],
            port=_number(text["port"]),
            max_jobs=_number(text["max_jobs"]),
            tls_host_name=text["tls_host_name"],
            echo_interval=_interval(text["echo_interval"]),
            comment=text["comment"],
            allow=tuple(op for op in ALL_OPERATIONS if self._may(op)),
            tls=self.query_one("#tls", Tick).value,
            retrieve=Retrieve.GET if self.query_one("#by-get", Tick).value else Retrieve.MOVE,
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
        if value.max_jobs == 0:
            faults["max_jobs"] = "a number of transfers, from 1 to 64"
        if "echo_interval" in faults:
            faults["echo_interval"] = (
                "0 for none, or seconds from 1 to 86400; empty: as in Settings"
            )
        if value.tls and not self._station.settings.station.tls.ca:
            faults["tls"] = "TLS needs station.tls.ca in Settings: whom we trust"
        if "tls_host_name" in faults and not value.tls:
            faults["tls_host_name"] = "it is checked with TLS only: tick TLS, or leave it empty"
        order = [*(field.id for field in FIELDS), "tls"]
        return {key: faults[key] for key in order if key in faults}

    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _typed(self) -> None:
        """Say what is wrong with what was typed, and keep quiet about what is still empty."""
        value = self.value
        faults = {k: v for k, v in self.faults(value).items() if self._is_filled(k)}
        self._mark(faults)
        self._tell(faults, self._warnings(value))
        self._look_up(value, "host" in faults)

    def _look_up(self, value: Modality, wrong: bool) -> None:
        """Ask DNS for the host once nothing has been typed for a moment."""
        if value.host == self._asked_host:
            return
        self._asked_host = value.host
        self._calls.forget("look-up")
        self._say("")
        if self._timer is not None:
            self._timer.stop()
        if value.host and not wrong:
            self._timer = self.set_timer(LOOK_UP_AFTER, partial(self._ask_for, value.host))

    def _ask_for(self, host: str) -> None:
        self._calls.ask(
            lambda: self._station.doctor.addresses(host),
            partial(self._found, host),
            group="look-up",
        )

    def _found(self, host: str, addresses: Sequence[str]) -> None:
        if not addresses:
            self._say(f"! {host} does not resolve: there is no such name, or no DNS", WARNING)
        elif addresses != (host,):
            self._say(f"● {host} is {', '.join(addresses[:3])}", "$text-muted")

    def _say(self, text: str, style: str = "") -> None:
        self.query_one("#look-up", Static).update(safe_content(text, style))

    def _test(self) -> None:
        """Echo what stands in the form, before it is saved."""
        value = self.value
        faults = {key: f for key, f in self.faults(value).items() if key != "name"}
        self._mark(faults)
        self._tell(faults, ())
        if not faults:
            self._say("… calling", "$text-accent")
            peer = replace(value, name="")
            self._calls.ask(lambda: self._station.echo(peer), self._tested, group="look-up")

    def _tested(self, outcome: Outcome) -> None:
        self.query_one("#look-up", Static).update(outcome_lines(outcome))

    def _warnings(self, value: Modality) -> tuple[str, ...]:
        filled = all(self._is_filled(field) for field in ("ae_title", "host", "port"))
        own = self._station.settings.station.ae_title
        warnings = modality_warnings(value, self._others, own) if filled else ()
        folded = value.name.casefold()
        alike = [o.name for o in self._others if o.name.casefold() == folded != ""]
        if alike and value.name not in alike:
            warnings = (*warnings, f"there is a modality {alike[0]}: only case differs")
        return warnings

    def _is_filled(self, field: str) -> bool:
        return field == "tls" or bool(self.query_one(f"#{field}", Input).value)

    def _mark(self, faults: dict[str, str]) -> None:
        for field in FIELDS:
            self.query_one(f"#{field.id}", Input).set_class(field.id in faults, "wrong")

    def _tell(self, faults: dict[str, str], warnings: Sequence[str]) -> None:
        labels = {"tls": "TLS"} | {field.id: field.label for field in FIELDS}
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
        elif event.button.id == "test":
            self._test()
        else:
            self.dismiss(None)


def _shown(field: str, value: object) -> str:
    if field == "echo_interval":
        return f"{value:g}" if isinstance(value, (int, float)) else ""
    return str(value) if value != 0 else ""


def _interval(text: str) -> float | None:
    """Seconds, None where the field is empty; -1 where it is none."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return -1.0
    return seconds if isfinite(seconds) else -1.0


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0
