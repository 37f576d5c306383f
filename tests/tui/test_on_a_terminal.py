"""The whole scene on a real pty: demo, echo, query, move, archive, tags, picture, quit."""

from __future__ import annotations

import re
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings_file import SettingsStore
from tests.peers.processes import eventually
from tests.samples import sample_file
from tests.tui.commandline import CommandLine
from tests.tui.console import image_object
from tests.tui.terminal import PROGRAM, Terminal


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(["demo"], {"TMPDIR": str(tmp_path)})
    yield terminal
    terminal.close()
    eventually(lambda: not list(tmp_path.iterdir()), what="the demo's folders to go")


def test_the_scene_from_echo_to_picture(demo: Terminal) -> None:
    demo.shows("demo-pacs", "not tried")
    demo.type("e")
    demo.shows("● answers")
    demo.type("f")
    demo.shows("demo-pacs (DEMOPACS) studies")
    demo.type("\r")
    demo.shows("12 studies", "Yamada Tarou")
    demo.type("m")
    demo.shows("C-MOVE to")
    demo.type("\r", "3")
    demo.shows("● done", "49/49")
    demo.type("4")
    demo.shows("P-1001", "49")
    demo.type("\r")
    demo.shows("Thorax")
    demo.type("\r")
    demo.shows("CT Image")
    demo.type("\r")
    demo.shows("(0008,0005)", "Specific Character Set")
    demo.type("v")
    demo.shows("▄▄▄▄▄▄▄▄")
    demo.type("q")
    assert demo.ends() == 0
    # The alternate screen is left, the cursor is back, the mouse is let go.
    assert b"\x1b[?1049l" in demo.raw
    assert demo.raw.rindex(b"\x1b[?25h") > demo.raw.rindex(b"\x1b[?25l")
    assert b"\x1b[?1000l" in demo.raw


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_as_softly_as_a_key(demo: Terminal, number: signal.Signals) -> None:
    demo.shows("demo-pacs")
    demo.child.kill(number)
    assert demo.ends() == 128 + number
    assert b"\x1b[?1049l" in demo.raw


@pytest.mark.parametrize("number", [0, signal.SIGTERM, signal.SIGKILL])
def test_it_can_be_left_while_the_demo_makes_its_studies(
    demo: Terminal, tmp_path: Path, number: signal.Signals
) -> None:
    demo.shows("makes its studies")
    (folder,) = tmp_path.iterdir()
    eventually(lambda: list(folder.glob("modalitty-demo-*")), what="the PACS to begin")
    demo.type("q") if not number else demo.child.kill(number)
    assert demo.ends() in (0, 128 + number, -number)
    eventually(lambda: not list(tmp_path.iterdir()), what="the demo's folders to go")


def test_suspended_it_gives_the_terminal_back_and_paints_all_anew(tmp_path: Path) -> None:
    shell = Terminal([], {"TMPDIR": str(tmp_path), "PS1": "$ "}, command=("bash", "--norc", "-i"))
    try:
        shell.shows("$")
        shell.type(f"{shlex.join((sys.executable, '-c', PROGRAM, 'demo'))}\r")
        shell.shows("● 127.0.0.1", "demo-pacs")
        shell.type("\x1a")
        shell.shows("Stopped")
        given_back = shell.raw.rindex(b"\x1b[?1049l")
        assert shell.raw.rindex(b"\x1b[?25h") > given_back - 200
        assert b"\x1b[?1000l" in shell.raw[given_back - 200 :]
        shell.type("stty -a\r")
        shell.shows(" icanon", " echo ")
        shell.type("fg\r")
        shell.shows("1 Network", "Settings", "demo-pacs", "Quit")
        eventually(lambda: "Stopped" not in shell.text, what="the shell's words to be painted over")
        shell.type("e")
        shell.shows("● answers")
        shell.type("q")
        eventually(lambda: not list(tmp_path.iterdir()), what="the demo's folders to go")
    finally:
        shell.close()


def test_a_lost_line_leaves_nothing_behind(demo: Terminal) -> None:
    demo.shows("demo-pacs")
    pid = demo.child.pid
    demo.child.ptyproc.fileobj.close()  # what sshd does when the line is gone: SIGHUP follows
    eventually(lambda: not Path(f"/proc/{pid}/stat").exists() or _is_zombie(pid))


def test_a_lost_line_ends_it_though_a_program_between_keeps_the_signal(tmp_path: Path) -> None:
    between = ("sh", "-c", 'trap "" HUP; "$@"; :', "sh")  # as `make run` does
    console = Terminal(
        ["demo"], {"TMPDIR": str(tmp_path)}, command=(*between, sys.executable, "-c", PROGRAM)
    )
    console.shows("demo-pacs", "not tried")
    console.child.ptyproc.fileobj.close()
    eventually(lambda: not list(tmp_path.iterdir()), what="the demo's folders to go")
    eventually(lambda: _is_zombie(console.child.pid), what="the end")


def test_a_lost_line_ends_it_with_many_pictures_on_it_too(tmp_path: Path) -> None:
    cli = CommandLine(tmp_path)
    frames = image_object(9, 1, 1)
    frames.NumberOfFrames, frames.PixelData = 60, bytes(range(256)) * 60
    frames.save_as(tmp_path / "frames.dcm", enforce_file_format=True)
    assert cli("import", tmp_path / "frames.dcm").code == 0
    SettingsStore.open(cli.config).change("preview.protocol", "kitty")
    console = Terminal(cli.words(), {}, 200, 50)
    pid = console.child.pid
    console.shows("Quit", "127.0.0.1:")
    console.type("4")
    console.shows("1 study")
    console.type("i")
    console.shows("frame 1 of 60")
    console.type("v", "v", "T", "T")
    eventually(lambda: console.text and _small_pictures(console) > 30, what="the pictures")
    console.child.ptyproc.fileobj.close()
    eventually(lambda: not Path(f"/proc/{pid}/stat").exists() or _is_zombie(pid))


def _small_pictures(console: Terminal) -> int:
    """How many were sent by kitty's protocol, each under its number, 20 columns wide."""
    return len(set(re.findall(rb"\x1b_Gi=(\d+),c=20,", console.raw)))


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


@pytest.mark.parametrize(("columns", "lines"), [(200, 50), (20, 5)])
def test_it_lives_at_other_sizes(tmp_path: Path, columns: int, lines: int) -> None:
    demo = Terminal(["demo"], {"TMPDIR": str(tmp_path)}, columns, lines)
    try:
        demo.shows("MODALITTY")
        demo.type("2", "3", "4", "5", "6", "1", "q")
        assert demo.ends() == 0
    finally:
        demo.close()


def test_a_mended_index_is_said_on_the_screen_and_in_the_log(tmp_path: Path) -> None:
    cli = CommandLine(tmp_path)
    assert cli("import", sample_file("CT_small.dcm")).code == 0
    (cli.data / "index" / "journal").unlink()
    console = Terminal(cli.words(), {})
    try:
        console.shows("no modalities yet", "index")
        console.type("q")
        assert console.ends() == 0
    finally:
        console.close()
    assert "index" in (cli.data / "log" / "modalitty.log").read_text()
