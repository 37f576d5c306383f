"""Copies reach the clipboard through tmux and screen, cut with a word where they are too long."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tui.console import Pair, until_shown
from tui import clipboard
from tui.app import ModalittyApp


def decoded(escapes: str) -> str:
    found = re.search(r"\]52;c;([A-Za-z0-9+/=]*)\a", escapes)
    assert found, escapes
    return base64.b64decode(found[1]).decode()


def test_nothing_more_is_written_outside_of_a_multiplexer() -> None:
    assert clipboard.carried("x", {"TERM": "xterm-256color"}) == ""


@pytest.mark.parametrize("environ", [{"TMUX": "/t,1,0"}, {"TERM": "tmux-256color"}])
def test_tmux_gets_it_with_escapes_doubled(environ: dict[str, str]) -> None:
    escapes = clipboard.carried("Müller", environ)
    assert escapes.startswith("\x1bPtmux;\x1b\x1b]52;c;")
    assert escapes.endswith("\x1b\\")
    assert decoded(escapes) == "Müller"


def test_screen_gets_it_in_pieces_that_it_does_not_cut() -> None:
    escapes = clipboard.carried("ä" * 1000, {"STY": "1.pts", "TERM": "screen"})
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", escapes, re.DOTALL)
    assert all(len(piece) <= 240 for piece in pieces)
    assert decoded("".join(pieces)) == "ä" * 1000


def test_what_is_too_long_is_cut_at_a_line_and_never_within_a_character() -> None:
    line = "ü" * 99
    text = "\n".join([line] * 1000)
    fits = clipboard.fitting(text)
    assert len(fits.encode()) <= clipboard.LIMIT
    assert set(fits.split("\n")) == {line}
    assert clipboard.fitting("x") == "x"
    one = clipboard.fitting("ü" * clipboard.LIMIT)
    assert set(one) == {"ü"}
    assert len(one.encode()) == clipboard.LIMIT


@pytest.mark.skipif(not shutil.which("tmux"), reason="no tmux here")
def test_tmux_itself_takes_it_where_it_lets_no_sequence_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = tmp_path / "tmux"
    tmux = ["tmux", "-S", str(socket), "-f", os.devnull]
    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", "cat"], check=True)
    try:
        monkeypatch.setenv("TMUX", f"{socket},0,0")
        assert clipboard.to_tmux("Müller\tID1")
        shown = subprocess.run([*tmux, "show-buffer"], check=True, capture_output=True, text=True)
        assert shown.stdout == "Müller\tID1"
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)
    assert not clipboard.to_tmux("x"), "and says where it cannot"


async def test_a_cut_copy_says_so(stations: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setattr(clipboard, "LIMIT", 60)
    stations.me.modalities.put(stations.pacs_modality.__class__(
        name="other", ae_title="OTHER", host="127.0.0.1", port=104))  # fmt: skip
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 24), notifications=True) as pilot:
        await until_shown(pilot, "other")
        await pilot.press("asterisk", "y")
        await until_shown(pilot, "Copied the first 1 of 2 lines")
        assert app.clipboard.startswith("other")
        assert "\n" not in app.clipboard


async def test_the_console_writes_it_for_tmux_too(
    stations: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", "tmux-256color")
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "pacs")
        written: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", written.append)
        app.copy_to_clipboard("Müller")
        plain, carried = written
        assert decoded(plain) == decoded(carried) == "Müller"
        assert carried.startswith("\x1bPtmux;")
