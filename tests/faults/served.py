"""`modalitty serve` as a process of its own, and what /proc says of it."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from core.settings_file import SettingsStore
from tests.core.archive.objects import encode, make
from tests.core.network.raw import Raw, echo_command, p_data, store_command
from tests.peers.processes import eventually
from tests.tui.commandline import CommandLine

PROGRAM = "import sys; from tui.cli import main; sys.argv[0] = 'modalitty'; main()"
CALLER = "RAW"


@dataclass(frozen=True)
class Held:
    """Threads and file descriptors a process has."""

    threads: int
    descriptors: int


def command_line(folder: Path, **station: object) -> CommandLine:
    """A configuration that lets `RAW` do everything, with `station.*` changed."""
    cli = CommandLine(folder)
    store = SettingsStore.open(cli.config)
    for key, value in {"accept.unknown_callers": "accept", **station}.items():
        store.change(f"station.{key}", value)
    return cli


def run(cli: CommandLine, *words: object, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """A verb in a process of its own, to its end."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *cli.words(*words)],
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
    )


def start(
    cli: CommandLine,
    errors: IO[str] | int,
    *options: str,
    limits: Callable[[], None] | None = None,
) -> subprocess.Popen[str]:
    """Start `serve`; nobody has waited yet until it listens."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *cli.words(), *options, "serve"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        preexec_fn=limits,
    )


def one_line(text: str, *parts: str) -> None:
    """Hold a fault to its form: one line on stderr, harmless, without a traceback."""
    assert text.count("\n") == 1, text
    harmless(text)
    assert text.startswith("modalitty: "), text
    for part in parts:
        assert part in text


def harmless(text: str) -> None:
    """Nothing in it that a terminal would obey, and no traceback."""
    assert "Traceback" not in text, text
    bad = [c for c in text if c != "\n" and not c.isprintable() and c != "\u200c"]
    assert not bad, (bad, text)


class Served:
    """A running station. It ends with exit code 0 and a clean stderr, or the test fails."""

    def __init__(
        self,
        cli: CommandLine,
        *options: str,
        limits: Callable[[], None] | None = None,
        quiet: bool = True,
    ) -> None:
        self.cli = cli
        self.port = cli.port
        self.stderr = cli.config.parent / "serve.err"
        self._options = options
        self._limits = limits
        self._quiet = quiet

    def __enter__(self) -> Served:
        with self.stderr.open("w") as errors:
            self.process = start(self.cli, errors, *self._options, limits=self._limits)
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert "listens on" in line, self.said
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.kill()
            return
        code = self.end()
        assert code == 0, (code, self.said)
        harmless(self.said)
        if self._quiet:
            assert self.said == ""

    @property
    def said(self) -> str:
        """Everything on stderr so far."""
        return self.stderr.read_text()

    def end(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        """Send a signal and wait; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(seconds)
        if self.process.stdout:
            self.process.stdout.close()
        return code

    def kill(self) -> None:
        """The end that nobody can prepare for."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(20)
        if self.process.stdout:
            self.process.stdout.close()

    # -- what it has

    @property
    def held(self) -> Held:
        proc = Path(f"/proc/{self.process.pid}")
        return Held(
            threads=len(list((proc / "task").iterdir())),
            descriptors=len(list((proc / "fd").iterdir())),
        )

    @property
    def peak_mib(self) -> float:
        """The most memory it ever had (VmHWM)."""
        return peak_mib(self.process.pid)

    def back_to(self, before: Held) -> None:
        """Wait until threads and descriptors are what they were."""
        eventually(
            lambda: (
                self.held.threads <= before.threads and self.held.descriptors <= before.descriptors
            ),
            what=f"{before}, has {self.held}",
        )

    # -- what it does for others

    def serves(self) -> None:
        """A proper caller is answered."""
        with Raw.connect(self.port) as raw:
            raw.associate()
            raw.send(p_data(1, 3, echo_command()))
            assert raw.answer().status == 0

    def store(self, uid: str = "1.2.3", **values: Any) -> int:
        """Send a small CT; the status it gets."""
        with Raw.connect(self.port) as raw:
            raw.associate()
            return send_object(raw, uid, encode(make(uid, **values)))

    def rows(self, level: str = "instance", *words: object) -> list[dict[str, Any]]:
        """What `list --json` answers beside the running station."""
        said = self.cli("list", "--level", level, "--json", *words)
        assert said.code in (0, 1), said
        return [json.loads(line)["values"] for line in said.out.splitlines()]


def peak_mib(pid: int) -> float:
    """VmHWM of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM")


def children_peak_mib() -> float:
    """The most memory that any child that was waited for ever had."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def send_object(raw: Raw, uid: str, data: bytes, pieces: int = 16000) -> int:
    """C-STORE on an open association; the status."""
    raw.send(p_data(3, 3, store_command(uid)))
    for start in range(0, max(1, len(data)), pieces):
        last = start + pieces >= len(data)
        raw.send(p_data(3, 2 if last else 0, data[start : start + pieces]))
    return raw.answer().status


def objects(cli: CommandLine) -> list[Path]:
    """The files of objects in the data folder."""
    return sorted((cli.data / "objects").rglob("*.dcm"))


def leftovers(cli: CommandLine) -> list[Path]:
    """Files on their way in."""
    return sorted((cli.data / "incoming").iterdir())


def outside(folder: Path, known: Sequence[str] = ("config.toml", "data", "serve.err")) -> list[str]:
    """What lies in the test's folder that nobody put there."""
    return sorted(path.name for path in folder.iterdir() if path.name not in known)
