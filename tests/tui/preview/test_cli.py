from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from core.errors import NoPreviewError
from core.model import Picture
from core.settings import Protocol
from tests.tui.preview.pictures import colour, grey
from tui.preview.cli import draw, save_png
from tui.preview.terminal import Depth, Terminal


def drawn(terminal: Terminal, columns: int = 40, rows: int = 10) -> str:
    out = io.StringIO()
    draw(grey(), terminal, out, columns, rows)
    return out.getvalue()


@pytest.mark.parametrize(("depth", "code"), [(Depth.TRUECOLOR, "38;2;"), (Depth.INDEXED, "38;5;")])
def test_blocks_are_lines_that_end_with_their_colours_reset(depth: Depth, code: str) -> None:
    lines = drawn(Terminal(depth=depth)).splitlines()
    assert len(lines) == 10
    assert all(code in line and line.endswith("\x1b[0m") for line in lines)


def test_without_colours_no_escape_is_written() -> None:
    assert "\x1b" not in drawn(Terminal(depth=Depth.MONO))


@pytest.mark.parametrize(
    ("protocol", "start", "down"),
    [
        (Protocol.KITTY, "\x1b_G", 10),
        # The terminal itself goes down along the picture.
        (Protocol.ITERM2, "\x1b]1337;File=", 1),
        (Protocol.SIXEL, "\x1bP0;1;0q", 10),
    ],
)
def test_a_graphic_picture_takes_its_rows_and_ends_on_the_line_below(
    protocol: Protocol, start: str, down: int
) -> None:
    text = drawn(Terminal(protocol=protocol))
    assert start in text
    up = sum(int(rows) for rows in re.findall(r"\x1b\[(\d+)A", text))
    back = sum(int(rows) for rows in re.findall(r"\x1b\[(\d+)B", text))
    assert text.count("\n") - up + back == down


@pytest.mark.parametrize("picture", [grey(), colour()])
def test_a_saved_png_has_every_pixel(tmp_path: Path, picture: Picture) -> None:
    save_png(picture, tmp_path / "frame.png")
    saved = np.asarray(Image.open(tmp_path / "frame.png"))
    assert saved.tobytes() == picture.pixels
    assert saved.shape[:2] == (48, 64)


def test_a_picture_without_its_pixels_or_room_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoPreviewError, match="pixels"):
        save_png(replace(grey(), pixels=b""), tmp_path / "frame.png")
    with pytest.raises(NoPreviewError, match="room"):
        drawn(Terminal(), 0, 0)
    assert not (tmp_path / "frame.png").exists()
