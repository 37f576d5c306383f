from __future__ import annotations

import io
import re
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from core.model import Picture
from core.settings import Protocol
from tests.tui.preview.pictures import colour, grey
from tui.preview import iterm2, kitty, sixel
from tui.preview.graphics import draw
from tui.preview.scale import image_of
from tui.preview.sight import Sight
from tui.preview.terminal import Terminal
from tui.preview.viewport import Viewport

KITTY_CHUNK = re.compile(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\")


def decoded_sixel(escapes: str) -> np.ndarray:
    """The pixels of a sixel picture in percent, shape (height, width, 3); -1 where none is set."""
    match = re.fullmatch(r'\x1bP0;1;0q"1;1;(\d+);(\d+)(.*)\x1b\\', escapes)
    assert match
    width, height = int(match[1]), int(match[2])
    pixels = np.full((-(-height // 6) * 6, width, 3), -1)
    palette: dict[int, tuple[int, ...]] = {}
    x = top = current = 0
    for token in re.finditer(
        r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)([?-~])|([?-~])|([$-])", match[3]
    ):
        number, red, green, blue, count, repeated, single, move = token.groups()
        if number is not None:
            current = int(number)
            if red is not None:
                palette[current] = int(red), int(green), int(blue)
        elif move == "$":
            x = 0
        elif move == "-":
            x, top = 0, top + 6
        else:
            bits = ord(repeated or single) - 63
            run = slice(x, x + int(count or 1))
            for bit in range(6):
                if bits >> bit & 1:
                    pixels[top + bit, run] = palette[current]
            x = run.stop
    assert (pixels[height:] == -1).all()
    return pixels[:height]


@pytest.mark.parametrize("picture", [grey(200, 150), colour(200, 150)])
def test_a_kitty_escape_decodes_back_to_the_image(picture: Picture) -> None:
    image = image_of(picture)
    escapes = kitty.draw(image, 20, 8, 77, kitty.UNDER_EVERYTHING)
    chunks = KITTY_CHUNK.findall(escapes)
    assert "".join(f"\x1b_G{control};{data}\x1b\\" for control, data in chunks) == escapes
    assert all(len(data) <= 4096 and len(data) % 4 == 0 for _, data in chunks[:-1])
    assert [re.search(r"m=(\d)", control)[1] for control, _ in chunks] == ["1"] * (
        len(chunks) - 1
    ) + ["0"]
    control = dict(pair.split("=") for pair in chunks[0][0].split(","))
    assert {key: control[key] for key in "afipqcrzC"} == {
        "a": "T", "f": "100", "i": "77", "p": "1", "q": "2", "c": "20", "r": "8",
        "z": "-1073741825", "C": "1",
    }  # fmt: skip
    shown = Image.open(io.BytesIO(b64decode("".join(data for _, data in chunks))))
    assert (shown.mode, shown.size, shown.tobytes()) == (image.mode, image.size, picture.pixels)


def test_a_short_kitty_picture_is_one_chunk() -> None:
    (chunk,) = KITTY_CHUNK.findall(kitty.draw(image_of(grey(2, 2)), 1, 1, 1, 0))
    assert chunk[0].endswith("m=0")


def test_an_iterm2_escape_decodes_back_to_the_image() -> None:
    picture = grey(100, 80)
    match = re.fullmatch(
        r"\x1b\]1337;File=([^:]*):([A-Za-z0-9+/=]+)\x1b\\", iterm2.draw(image_of(picture), 10, 4)
    )
    assert match
    data = b64decode(match[2])
    control = dict(pair.split("=") for pair in match[1].split(";"))
    assert control["size"] == str(len(data))
    assert (control["width"], control["height"], control["inline"]) == ("10", "4", "1")
    assert Image.open(io.BytesIO(data)).tobytes() == picture.pixels


@pytest.mark.parametrize("registers", [2, 16, 101, 256])
def test_a_grey_sixel_picture_has_the_nearest_level_at_every_pixel(registers: int) -> None:
    picture = grey(61, 47)
    shown = decoded_sixel(sixel.draw(image_of(picture), registers))
    percents = np.frombuffer(picture.pixels, np.uint8).reshape(47, 61) / 255 * 100
    assert shown.min() >= 0
    assert np.abs(shown[..., 0] - percents).max() <= 50 / (min(registers, 101) - 1) + 0.51
    assert len(np.unique(shown)) <= registers


def test_a_sixel_picture_of_few_colours_has_exactly_those() -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
    samples = np.array(colours, np.uint8)[np.arange(20 * 13).reshape(13, 20) % 4]
    shown = decoded_sixel(sixel.draw(Image.fromarray(samples), 256))
    assert np.array_equal(shown, np.rint(samples / 2.55).astype(int))


def test_a_sixel_picture_of_many_colours_stays_near_them() -> None:
    picture = colour(64, 48)
    shown = decoded_sixel(sixel.draw(image_of(picture), 256))
    percents = np.frombuffer(picture.pixels, np.uint8).reshape(48, 64, 3) / 255 * 100
    assert shown.min() >= 0
    assert np.abs(shown - percents).mean() < 4


@pytest.mark.parametrize("protocol", [Protocol.KITTY, Protocol.ITERM2, Protocol.SIXEL])
@pytest.mark.parametrize("offered", [(1, 1), (80, 24), (30, 50)])
def test_a_drawing_stays_within_the_cells_offered(
    protocol: Protocol, offered: tuple[int, int]
) -> None:
    drawing = draw(grey(512, 300), *offered, Terminal(protocol=protocol, cell=(9, 19)), 5)
    assert 1 <= drawing.columns <= offered[0]
    assert 1 <= drawing.rows <= offered[1]
    assert drawing.at(0, 0).startswith("\x1b[1;1H\x1b")


def test_an_old_kitty_is_drawn_over_the_text_and_a_new_one_under_it() -> None:
    new = Terminal(protocol=Protocol.KITTY, name="kitty", version="0.41.1")
    old = Terminal(protocol=Protocol.KITTY, name="kitty", version="0.26.5")
    assert "z=-1073741825," in draw(grey(), 10, 5, new, 1).at(0, 0)
    assert "z=0," in draw(grey(), 10, 5, old, 1).at(0, 0)


@pytest.mark.parametrize("picture", [grey(700, 500), colour(700, 500)])
@pytest.mark.parametrize("largest", [(200, 100), (1000, 1000), (0, 0), (1, 1000)])
def test_a_large_sixel_picture_comes_in_pieces_that_the_terminal_takes(
    picture: Picture, largest: tuple[int, int]
) -> None:
    cell = (9, 17)
    image = image_of(picture)
    whole = decoded_sixel(sixel.draw(image, 64))
    put = np.full(whole.shape, -1)
    for column, row, escapes in sixel.tiles(image, 64, cell, largest):
        piece = decoded_sixel(escapes)
        height, width = piece.shape[:2]
        assert width <= max(largest[0] or 1000, cell[0])
        assert height <= max(largest[1] or 1000, cell[1])
        top, left = row * cell[1], column * cell[0]
        put[top : top + height, left : left + width] = piece
    assert np.array_equal(put, whole)


def test_blocks_that_stand_in_for_pixels_show_the_same_part() -> None:
    terminal = Terminal(protocol=Protocol.SIXEL, cell=(10, 20))
    pixels, blocks = (Sight(grey(400, 300), Viewport(zoom, 0.3, 0.6)) for zoom in (30.0, 3.0))
    assert pixels.lines(40, 20, terminal, graphic=True) == blocks.lines(40, 20, terminal)
    shown = pixels.placement(40, 20, terminal, graphic=True).box
    assert shown == pytest.approx(blocks.placement(40, 20, terminal, graphic=False).box)
