"""`kill -9` in the middle of a transfer: whatever was acknowledged is there, and no half file."""

from __future__ import annotations

import datetime
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

from core.demo.studies import write_studies
from tests.peers.processes import ENVIRONMENT, eventually
from tests.tui.commandline import CommandLine

SERVE = "import sys; from tui.cli import main; sys.argv[0] = 'modalitty'; main()"


def serve(cli: CommandLine) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, *cli.words("serve")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert "listens on" in process.stdout.readline()
    return process


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    cli = CommandLine(tmp_path)
    sender = ("--aet", "STORESCU", "--host", "127.0.0.1", "--port", "11199")
    assert cli("modalities", "add", "sender", *sender).code == 0
    return cli


@pytest.mark.interop
@pytest.mark.parametrize("kill_after", [1, 20, 60])
def test_nothing_acknowledged_is_lost(cli: CommandLine, tmp_path: Path, kill_after: int) -> None:
    # storescu gives up at the compressed series, for it cannot send RLE.
    files = [
        path
        for path in write_studies(tmp_path / "studies", datetime.date(2026, 1, 15))
        if "Implicit" in _syntax(path) or "Explicit" in _syntax(path)
    ]
    uids = {str(path): str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)
            for path in files}  # fmt: skip
    process = serve(cli)
    log = tmp_path / "storescu.log"
    with log.open("w") as output:
        sender = subprocess.Popen(
            ["storescu", "-v", "-aec", "MODALITTY", "127.0.0.1", str(cli.port), *map(str, files)],
            stdout=output,
            stderr=output,
            env=ENVIRONMENT,
        )
    try:
        eventually(lambda: log.read_text().count("Received Store Response") >= kill_after)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)
        sender.wait(20)

    acknowledged = _acknowledged(log.read_text())
    assert len(acknowledged) >= kill_after
    again = serve(cli)
    again.send_signal(signal.SIGTERM)
    assert again.wait(20) == 0
    again.communicate()

    listed = cli("list", "--level", "instance", "--json", "-k", "SOPInstanceUID")
    held = {line["values"]["SOPInstanceUID"] for line in listed.lines}
    assert {uids[path] for path in acknowledged} <= held
    for path in (cli.data / "objects").rglob("*.dcm"):
        assert pydicom.dcmread(path).SOPInstanceUID in held
    leftovers = list((cli.data / "incoming").iterdir())
    assert not leftovers


def _syntax(path: Path) -> str:
    return pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID.name


def _acknowledged(log: str) -> list[str]:
    sent = []
    current = ""
    for line in log.splitlines():
        if found := re.search(r"Sending file: (.*)", line):
            current = found[1].strip()
        elif "Received Store Response (Success)" in line:
            sent.append(current)
    return sent


def test_serve_ends_with_0_on_sigterm(cli: CommandLine) -> None:
    process = serve(cli)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    _, errors = process.communicate()
    assert errors == ""
