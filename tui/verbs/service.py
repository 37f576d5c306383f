"""Verbs that stay: the console itself, demo, serve."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import typer

from core.errors import ModalittyError, UsageError
from core.settings_file import SettingsStore, shipped_config_path
from core.station import Station
from tui.exits import Exit
from tui.memory import share_arenas
from tui.opening import PATIENCE, Opening, log_path, opening
from tui.verbs.context import Globals, log_notice, log_to, options

LOG_BYTES = 2_000_000
LOG_FILES = 3
GRACE = 60.0
"""Seconds in which transfers may end after SIGTERM: less than service managers wait (90)."""
SCREENLESS = ("dumb", "unknown")
"""Kinds of terminal (TERM) that cannot place a cursor."""
_AWAKE = b"\0"
"""No signal has this number."""
GARBAGE = (10_000, 20, 500)
"""When the collector looks for cycles: Python's own are 700 objects more than before, 10, 10.

No key is answered meanwhile. A look at 10,000 new objects takes 3 ms, one at 50,000 with others at
work 15 to 30; a full one, over a table of a million rows, up to 0.7 s, so that it has to be rare.
While the libraries are loaded it finds nothing. What they made it passes over for good (freeze).
"""
FRAMES = "120"
"""Frames a second at most. A change that comes right after a frame waits up to two of them long:
of Textual's 60 that is 33 ms, and while objects come in there is a frame before most keys."""


def console(ctx: typer.Context) -> None:
    """Open the console on the user's station."""
    share_arenas()
    given = options(ctx)
    store = given.store()
    is_new = not (store.path.exists() or given.read_only)
    with Station.open(store, given.data) as station:
        _run(station, given, opening(station, asks=is_new))


def demo(ctx: typer.Context) -> None:
    """Open the console beside a simulated PACS with sample studies; leaves nothing behind."""
    with demo_station() as (station, rest):
        _run(station, options(ctx), rest, title="Modalitty demo")


def serve(ctx: typer.Context) -> None:
    """Run the station without a screen, until SIGTERM: transfers end, then it exits with 0."""
    share_arenas()
    # In this order: the station, when it is closed, gives an opening up that is then waited for.
    with (
        _signals() as signals,
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="opening") as aside,
        options(ctx).station() as station,
    ):
        is_open = aside.submit(_open, station)
        is_open.add_done_callback(lambda _: signals.wake())
        if signals.wait():
            return
        is_open.result()
        host, port = station.listening or ("", 0)
        secured = f", by TLS on {station.listening_tls}" if station.listening_tls else ""
        print(f"{station.settings.station.ae_title} listens on {host}:{port}{secured}", flush=True)
        signals.wait()
        station.stop_listening(GRACE)


def _open(station: Station) -> None:
    """Open archive and listener, which may take minutes, and go on with the jobs that were kept."""
    station.listen(patience=PATIENCE)
    station.jobs.keep()


class _Signals(NamedTuple):
    """A pipe into which the system writes the number of each signal that ends us."""

    reader: int
    writer: int

    def wait(self) -> bool:
        """Return when there is a signal, or when somebody wakes who waits: False."""
        return os.read(self.reader, 1) != _AWAKE

    def wake(self) -> None:
        """Let who waits go on; from any thread."""
        os.write(self.writer, _AWAKE)


@contextlib.contextmanager
def _signals() -> Iterator[_Signals]:
    """Take the signals that end us; a second Ctrl+C ends at once."""
    # The system may hand a signal to any thread, and Python runs handlers in this one only: the
    # pipe wakes it. An Event would not, and its lock may be held where the handler comes in.
    signals = _Signals(*os.pipe())
    os.set_blocking(signals.writer, False)
    asked = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            # A person who does not want to wait. What was acknowledged is safe at any moment.
            os._exit(Exit.INTERRUPTED)
        asked = True

    before = signal.set_wakeup_fd(signals.writer, warn_on_full_buffer=False)
    _on_end(on_signal)
    try:
        yield signals
    finally:
        # While the interpreter ends it lets go of our handlers, and a late signal would kill.
        _on_end(signal.SIG_IGN)
        signal.set_wakeup_fd(before)
        for fd in signals:
            os.close(fd)


def _on_end(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, handler)


@contextlib.contextmanager
def demo_station() -> Iterator[tuple[Station, Opening]]:
    """Open a station of its own in a temporary folder; a simulated PACS gets ready beside it.

    The rest of its start waits for that, and makes it a modality of the station.
    """
    from core.demo.loopback import HOST, free_port
    from core.demo.process import DemoProcess

    with contextlib.ExitStack() as exits:
        folder = Path(tempfile.mkdtemp(prefix="modalitty-"))
        exits.callback(shutil.rmtree, folder, ignore_errors=True)
        config = folder / "config.toml"
        shutil.copyfile(shipped_config_path(), config)
        store = SettingsStore.open(config)
        store.change("station.host", HOST)
        store.change("station.port", free_port())
        store.change("archive.burst_mib", 0)
        own = store.current.station
        pacs = exits.enter_context(DemoProcess(own.ae_title, own.port, folder))
        station = exits.enter_context(Station.open(store, folder / "data"))

        def work() -> None:
            station.listen()
            station.modalities.put(pacs.modality())

        words = "the simulated PACS makes its studies"
        yield station, Opening(work, words, "The simulated PACS is ready: f asks what it has.")


def _run(station: Station, given: Globals, rest: Opening, title: str = "Modalitty") -> None:
    if (term := os.environ.get("TERM", "")) in SCREENLESS:
        hint = "set TERM to what the terminal is, or use the verbs: modalitty --help"
        raise UsageError(f"a terminal of the kind {term} shows no screen", hint)
    os.environ.setdefault("TEXTUAL_FPS", FRAMES)  # read when Textual is loaded
    from tui.preview.probe import probe

    _log_to_file(station, given.log_level)
    gc.disable()
    # Taken note of, not raised: a library that is being loaded may swallow what is.
    signals: list[int] = []
    _on_end(lambda number, _frame: signals.append(number))
    # The terminal answers while the screen's libraries are loaded.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="terminal") as aside:
        terminal = aside.submit(probe, station.settings.preview)
        from tui.app import ModalittyApp
        from tui.loop import patient_loop
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signals:
        raise typer.Exit(128 + signals[0])
    app = ModalittyApp(station, terminal.result(), given.read_only, title, start=rest)
    app.signals_before = signals
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    gc.enable()
    for stale in ("COLUMNS", "LINES"):  # where exported, they would outdo the terminal's own size
        os.environ.pop(stale, None)
    with patient_loop():
        failed = app.run()
    if isinstance(failed, ModalittyError):
        raise failed
    raise typer.Exit(app.return_code or 0)


def _log_to_file(station: Station, level: str) -> None:
    path = log_path(station)
    for folder in (path.parent.parent, path.parent):  # parents get the mode of the umask
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    log_to(RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES), level)
    station.events.subscribe(log_notice)
