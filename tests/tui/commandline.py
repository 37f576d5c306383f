"""The command line as a test sees it: words in, exit code and both streams out."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from core.settings_file import SettingsStore, shipped_config_path
from tests.peers.processes import free_port
from tui.cli import main


@dataclass(frozen=True)
class Said:
    """What one call of the command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class CommandLine:
    """Calls `modalitty` in this process, on a configuration and a data folder of its own."""

    def __init__(self, folder: Path, ae_title: str = "MODALITTY") -> None:
        self.config = folder / "config.toml"
        self.data = folder / "data"
        self.port = free_port()
        self.config.write_text(shipped_config_path().read_text())
        store = SettingsStore.open(self.config)
        store.change("station.host", "127.0.0.1")
        store.change("station.port", self.port)
        store.change("station.ae_title", ae_title)
        store.change("archive.burst_mib", 1)
        store.change("station.connect_timeout", 3)
        store.change("station.acse_timeout", 3)
        store.change("station.dimse_timeout", 10)

    def words(self, *words: object) -> list[str]:
        """The arguments of a call, with the options that come before the verb."""
        return ["--config", str(self.config), "--data", str(self.data), *map(str, words)]

    def __call__(self, *words: object) -> Said:
        out, err = io.StringIO(), io.StringIO()
        argv = ["modalitty", *self.words(*words)]
        with (
            mock.patch.object(sys, "argv", argv),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            _own_signals(),
        ):
            try:
                main()
                code: object = 0
            except SystemExit as exc:
                code = exc.code
        assert isinstance(code, int), code
        return Said(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Put back what `serve` does to the signals of its process: those we start inherit it."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
