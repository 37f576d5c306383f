"""Signals and kills under load: transfers end, exit code 0, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pydicom
import pytest

from core.network import pdu
from tests.core.archive.objects import encode, make
from tests.core.network.raw import Raw, p_data, store_command
from tests.faults.served import (
    Served,
    command_line,
    harmless,
    leftovers,
    objects,
    send_object,
    start,
)
from tests.peers.processes import answers, eventually
from tests.tui.commandline import CommandLine

BEING_MENDED = b"99999999999999999999"
"""What `mark` says while what a journal lost is being found again."""


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return command_line(tmp_path)


class Sender(threading.Thread):
    """Sends objects on one association until the other side is gone, and keeps what was taken."""

    def __init__(self, port: int, prefix: str, wake: threading.Event, after: int) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[str] = []
        self._port, self._prefix, self._wake, self._after = port, prefix, wake, after
        self._pixels = {"Rows": 1, "Columns": 1, "BitsAllocated": 8, "PixelData": b"x" * 40_000}

    def run(self) -> None:
        try:
            with Raw.connect(self._port) as raw:
                raw.associate()
                for number in range(1000):
                    uid = f"{self._prefix}.{number}"
                    study = f"1.2.{number % 7}"
                    data = encode(make(uid, StudyInstanceUID=study, **self._pixels))
                    if send_object(raw, uid, data) == 0:
                        self.acknowledged.append(uid)
                    if len(self.acknowledged) >= self._after:
                        self._wake.set()
        except (OSError, EOFError, AssertionError):
            self._wake.set()


def test_a_signal_ends_it_in_the_midst_of_opening_too(cli: CommandLine) -> None:
    """Of a journal that is gone the index is made anew, which for a large archive takes minutes."""
    with Served(cli) as served:
        assert served.store("1.2.3") == 0
    (one,) = objects(cli)
    for number in range(3000):  # names of one file: each is read, and found to belong elsewhere
        os.link(one, one.with_name(f"{number}.dcm"))
    journal, mark = cli.data / "index/journal", cli.data / "index/mark"
    for signal_ in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        journal.unlink()
        mark.unlink()
        process = start(cli, subprocess.PIPE)
        eventually(lambda: mark.exists() and mark.read_bytes() == BEING_MENDED, what="it begins")
        process.send_signal(signal_)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
        assert mark.read_bytes() == BEING_MENDED, "the rest was not waited for"
    with Served(cli, quiet=False) as served:
        assert len(served.rows()) == 1
        assert "repaired" in served.said


def test_kill_9_again_and_again_loses_nothing(cli: CommandLine) -> None:
    expected: set[str] = set()
    for run, after in enumerate((1, 7, 30)):
        with Served(cli, "--log-level", "error") as served:
            wake = threading.Event()
            senders = [Sender(cli.port, f"1.{run}.{n}", wake, after) for n in range(3)]
            for sender in senders:
                sender.start()
            assert wake.wait(30)
            served.process.kill()
            served.process.wait(20)
            served.process.returncode = 0  # as it was meant to be
            for sender in senders:
                sender.join(20)
                expected |= set(sender.acknowledged)
    with Served(cli, "--log-level", "error") as served:
        held = {row["SOPInstanceUID"] for row in served.rows()}
        assert expected <= held
        assert held == {path.stem for path in objects(cli)}
        for path in objects(cli):
            assert len(pydicom.dcmread(path).PixelData) == 40_000
        assert leftovers(cli) == []
    assert cli("check").code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_lets_a_transfer_end(cli: CommandLine, number: signal.Signals) -> None:
    data = encode(make("1.9", PixelData=b"x" * 2_380_000, Rows=1, Columns=1, BitsAllocated=8))
    begun = [p_data(3, 0, data[start : start + 60_000]) for start in range(0, 2_280_000, 60_000)]
    with Served(cli) as served, Raw.connect(cli.port) as raw:
        raw.associate()
        raw.send(p_data(3, 3, store_command("1.9")), *begun)
        eventually(lambda: leftovers(cli), what="the object to begin")
        served.process.send_signal(number)
        eventually(lambda: not answers(cli.port), what="the listener to close")
        assert served.process.poll() is None
        # A slow one: as long as something comes, it is not cut off.
        for start in range(2_280_000, 2_291_000, 1000):
            raw.send(p_data(3, 0, data[start : start + 1000]))
            pace = 0.55 if number is signal.SIGTERM else 0
            assert raw.silent(pace), "a slow sender was cut off"
        raw.send(
            *(
                p_data(3, 2 if start == 2_351_000 else 0, data[start : start + 60_000])
                for start in (2_291_000, 2_351_000)
            )
        )
        assert raw.answer().status == 0
        raw.send(pdu.RELEASE_RQ)
        assert raw.pdu()[0] == 6
        assert served.process.wait(20) == 0
    assert [path.stem for path in objects(cli)] == ["1.9"]
    assert leftovers(cli) == []


def test_a_caller_that_never_ends_holds_nobody_up(tmp_path: Path) -> None:
    cli = command_line(tmp_path, network_timeout=1)
    start = time.monotonic()
    with Served(cli) as served, Raw.connect(cli.port) as idle, Raw.connect(cli.port) as stuck:
        idle.associate()
        stuck.associate()
        stuck.send(p_data(3, 3, store_command("1.9")), p_data(3, 0, b"x" * 100))
        assert served.end() == 0
    assert time.monotonic() - start < 20
    assert leftovers(cli) == []


def test_signals_in_a_row_end_it_once(cli: CommandLine) -> None:
    with Served(cli) as served:
        assert served.store() == 0
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
            if served.process.poll() is None:
                served.process.send_signal(number)
        assert served.process.wait(20) == 0


def test_a_second_ctrl_c_does_not_wait_for_the_caller(cli: CommandLine) -> None:
    with Served(cli) as served, Raw.connect(cli.port) as stuck:
        stuck.associate()
        stuck.send(p_data(3, 3, store_command("1.9")), *[p_data(3, 0, b"x" * 60_000)] * 38)
        eventually(lambda: leftovers(cli), what="the object to begin")
        served.process.send_signal(signal.SIGINT)
        eventually(lambda: not answers(cli.port), what="the listener to close")
        assert served.process.poll() is None
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(5) == 130
        served.process.returncode = 0  # as it was meant to be
    with Served(cli):
        assert leftovers(cli) == []


def test_a_large_object_takes_no_memory(cli: CommandLine) -> None:
    with Served(cli) as served:
        assert served.store("1.1") == 0
        before = served.peak_mib
        head = encode(make("1.2", Rows=1, Columns=1, BitsAllocated=8))
        size = 100 << 20
        with Raw.connect(cli.port) as raw:
            raw.associate()
            raw.send(p_data(3, 3, store_command("1.2")))
            raw.send(p_data(3, 0, head + b"\xe0\x7f\x10\x00OB\0\0" + size.to_bytes(4, "little")))
            piece = p_data(3, 0, b"x" * 65000)
            for _ in range(size // 65000):
                raw.send(piece)
            raw.send(p_data(3, 2, b"x" * (size % 65000)))
            assert raw.answer().status == 0
        assert served.peak_mib < before + 20
        assert cli("list", "--level", "instance", "-k", "SOPInstanceUID=1.2").code == 0


def test_text_of_callers_in_the_log_is_harmless(cli: CommandLine) -> None:
    """Everything a caller can write into a log line, at every level of it."""
    hostile = "\x1b]0;x\x07\x1b[2J\u202e[/b]\x9b31m\nERROR forged"
    with Served(cli, "--log-level", "debug", quiet=False) as served:
        with Raw.connect(cli.port) as raw:
            raw.associate()
            for number in range(3):
                uid = f"1.4.{number}"
                ds = make(uid, PatientID="P", SpecificCharacterSet="ISO_IR 192")
                data = encode(ds).replace(b"Doe^Jane", b"\x1b[2J\x07\x9b\xff")
                send_object(raw, uid, data)
                send_object(raw, hostile[:60], encode(make(f"1.5.{number}")))
        served.serves()
    lines = served.said.splitlines()
    assert not any(line.startswith("ERROR") for line in lines)
    harmless(served.said)
