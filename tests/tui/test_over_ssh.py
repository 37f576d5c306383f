"""The console as it is used: over a real SSH connection."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.processes import eventually
from tests.peers.ssh import SSHD, SshServer, ssh_server
from tests.tui.terminal import PROGRAM, Terminal

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(SSHD is None, reason="needs openssh-server, see tests/peers/install.sh"),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    with ssh_server(tmp_path / "ssh") as running:
        yield running


@pytest.fixture
def demo(server: SshServer, tmp_path: Path) -> Iterator[Terminal]:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    program = ["env", f"TMPDIR={temporary}", sys.executable, "-c", PROGRAM, "demo"]
    there = f"cd {shlex.quote(str(Path.cwd()))} && {shlex.join(program)}"
    terminal = Terminal([there], {}, command=server.client)
    yield terminal
    terminal.close()
    eventually(lambda: not list(temporary.iterdir()), what="the demo's folders to go")


def test_the_scene_from_echo_to_picture(demo: Terminal) -> None:
    demo.shows("demo-pacs", "not tried")
    demo.type("e")
    demo.shows("● answers")
    demo.type("f", "\r")
    demo.shows("12 studies", "Yamada Tarou")
    demo.type("m")
    demo.shows("C-MOVE to")
    demo.type("\r", "3")
    demo.shows("● done", "49/49")
    demo.type("4", "\r")
    demo.shows("Thorax")
    demo.resize(200, 50)
    demo.type("\r")
    demo.shows("CT Image")
    # sshd passes the new size on.
    eventually(lambda: max(len(line.rstrip()) for line in demo.text.splitlines()) > 150)
    demo.type("\r")
    demo.shows("(0008,0005)", "▄▄▄▄▄▄▄▄")  # in this width the picture is beside the tags
    demo.type("q")
    assert demo.ends() == 0
    assert b"\x1b[?1049l" in demo.raw
    assert b"Connection to 127.0.0.1 closed" in demo.raw


def test_a_line_that_breaks_ends_the_demo(demo: Terminal) -> None:
    demo.shows("demo-pacs", "not tried")
    demo.close()
    assert not demo.child.isalive()
