"""What a new user is asked once: who we are, where we listen, whom we know."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Button, Input, Label, Static

from core.model import Modality
from core.settings import ae_title_fault, modality_faults, modality_warnings
from core.station import Station
from tui.calls import Answered, Calls
from tui.safe_text import safe_content
from tui.screens.dialogs import Dialog

LOOK_AFTER = 0.3
"""Seconds without a key after which port and host are tried."""
_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_LABELS: Mapping[str, str] = {
    "own-ae-title": "1 Our AE title",
    "own-port": "2 Our port",
    "name": "3 A modality",
    "ae_title": "  its AE title",
    "host": "  its host",
    "port": "  its port",
}
_EXAMPLES: Mapping[str, str] = {
    "name": "pacs: how you call it; leave all four empty for none",
    "ae_title": "PACS1: as the device has it",
    "host": "10.0.0.7 or pacs.hospital.lan",
    "port": "104",
}
_LONGEST = {"own-ae-title": 32, "own-port": 5, "name": 64, "ae_title": 32, "host": 253, "port": 5}


@dataclass(frozen=True)
class Answers:
    """What was answered; the modality is optional."""

    ae_title: str
    port: int
    modality: Modality | None

    def save(self, station: Station) -> None:
        """Write the user's configuration; raises SettingsError."""
        station.change("station.ae_title", self.ae_title)
        station.change("station.port", self.port)
        if self.modality:
            station.modalities.put(self.modality)


class FirstRun(Dialog[Answers]):
    """Asks three questions, and answers with None where they are skipped."""

    DEFAULT_CSS = """
    FirstRun .field > Label { width: 16; }
    FirstRun #tried { height: auto; }
    """
    BINDINGS = [  # noqa: RUF012
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    READ_FIRST = True  # enter would save what was typed for something else

    def __init__(self, station: Station) -> None:
        super().__init__("Welcome to Modalitty")
        self._station = station
        self._own = station.settings.station
        self._calls = Calls(self, lambda _: None)
        self._timer: Timer | None = None
        self._words: dict[str, Content] = {}

    def body(self) -> ComposeResult:
        """A few words, the fields, what is wrong with them, and two buttons."""
        yield Static(
            safe_content(
                "There is no configuration yet. Settings (6) and Network (1) change all of this"
                f" later. Save writes {self._station.config_path}; Skip writes nothing, and the"
                " next start asks again."
            ),
            classes="text",
        )
        values = {"own-ae-title": self._own.ae_title, "own-port": str(self._own.port)}
        for key, label in _LABELS.items():
            with Horizontal(classes="field"):
                yield Label(label, markup=False)
                yield Input(
                    values.get(key, ""),
                    placeholder=_EXAMPLES.get(key, ""),
                    max_length=_LONGEST[key],
                    id=key,
                    compact=True,
                )
        yield Static("", id="wrong", markup=False)
        yield Static("", id="tried", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Save", id="save", variant="primary", compact=True)
            yield Button("Skip", id="skip", compact=True)
        yield Static("tab Next   enter Save   esc Skip", classes="keys", markup=False)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()

    def on_answered(self, message: Answered) -> None:
        """Take what was found out."""
        message.deliver()

    # -- what is typed

    def _text(self, key: str) -> str:
        return self.query_one(f"#{key}", Input).value.strip()

    def _modality(self) -> Modality | None:
        """The modality described, valid or not; None where nothing of it is filled in."""
        ae_title, host, port = self._text("ae_title"), self._text("host"), self._text("port")
        name = self._text("name")
        if not (name or ae_title or host or port):
            return None
        name = name or _NOT_OF_A_NAME.sub("-", ae_title.lower()).strip("-")
        return Modality(name=name, ae_title=ae_title, host=host, port=_number(port))

    def faults(self) -> dict[str, str]:
        """Say what stands against saving: field → fault."""
        faults = {}
        if fault := ae_title_fault(self._text("own-ae-title")):
            faults["own-ae-title"] = fault
        if not 1 <= _number(self._text("own-port")) <= 65535:
            faults["own-port"] = "a TCP port is a number from 1 to 65535"
        if modality := self._modality():
            found = modality_faults(modality)
            if "port" in found:
                found["port"] = "a TCP port is a number from 1 to 65535"
            faults.update({key: found[key] for key in _LABELS if key in found})
        return faults

    @on(Input.Changed)
    def _typed(self) -> None:
        """Say what is wrong with what was typed; what is still empty is no fault yet."""
        faults = {key: fault for key, fault in self.faults().items() if self._text(key)}
        self._tell(faults, () if faults else self._warnings())
        self._calls.forget("port")
        self._calls.forget("host")
        self._words.clear()
        self._show_words()
        if self._timer:
            self._timer.stop()
        self._timer = self.set_timer(LOOK_AFTER, partial(self._try, faults))

    def _warnings(self) -> Sequence[str]:
        modality = self._modality()
        if modality is None or self.faults():
            return ()
        return modality_warnings(modality, (), self._text("own-ae-title"))

    def _tell(self, faults: Mapping[str, str], warnings: Sequence[str]) -> None:
        for key in _LABELS:
            self.query_one(f"#{key}", Input).set_class(key in faults, "wrong")
        lines = [
            safe_content(f"✖ {_LABELS[key].lstrip(' 123')}: {fault}", "$text-error")
            for key, fault in faults.items()
        ]
        lines += [safe_content(f"! {warning}", "$text-warning") for warning in warnings]
        self.query_one("#wrong", Static).update(Content("\n").join(lines))

    # -- what is tried, in a thread

    def _try(self, faults: Mapping[str, str]) -> None:
        port, host = _number(self._text("own-port")), self._text("host")
        if "own-port" not in faults and port:
            own = self._own.host
            found = partial(self._found_port, port)
            self._calls.ask(lambda: port_fault(own, port), found, group="port")
        if host and "host" not in faults:
            self._calls.ask(
                lambda: self._station.doctor.addresses(host),
                partial(self._found_host, host),
                group="host",
            )

    def _found_port(self, port: int, fault: str) -> None:
        if fault:
            self._words["port"] = safe_content(f"! port {port}: {fault}", "$text-warning")
        else:
            self._words["port"] = safe_content(f"● port {port} is free", "$text-muted")
        self._show_words()

    def _found_host(self, host: str, addresses: Sequence[str]) -> None:
        if not addresses:
            words = f"! {host} does not resolve: there is no such name, or no DNS"
            self._words["host"] = safe_content(words, "$text-warning")
        elif tuple(addresses) != (host,):
            words = f"● {host} is {', '.join(addresses[:3])}"
            self._words["host"] = safe_content(words, "$text-muted")
        self._show_words()

    def _show_words(self) -> None:
        self.query_one("#tried", Static).update(Content("\n").join(self._words.values()))

    # -- the end

    @on(Input.Submitted)
    def _save(self) -> None:
        faults = self.faults()
        if faults:
            self._tell(faults, ())
            self.query_one(f"#{next(iter(faults))}").focus()
            return
        ae_title, port = self._text("own-ae-title"), _number(self._text("own-port"))
        self.dismiss(Answers(ae_title, port, self._modality()))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "save":
            self._save()
        else:
            self.dismiss(None)


def port_fault(host: str, port: int) -> str:
    """Say why nothing can listen at `host` and `port` now, or answer with an empty string."""
    try:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the listener does
            trial.bind((host, port))
    except PermissionError:
        return "it needs more rights: ports below 1024 are the system's"
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0
