"""`preview` on the command line: the same picture in a file and on the terminal, or why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from tests.tui.commandline import CommandLine
from tests.tui.console import image_object


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def _object() -> Dataset:
    """Two frames of 0 to 255 and 255 to 0, in HU, with an overlay of one pixel at the start."""
    ds = image_object(1, 1, 1)
    ds.NumberOfFrames = 2
    ds.PixelData = bytes(range(256)) + bytes(reversed(range(256)))
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "HU"
    ds.WindowCenter, ds.WindowWidth = "128", "256"
    ds.PixelAspectRatio = ["2", "1"]
    ds.add_new(0x60000010, "US", 16)
    ds.add_new(0x60000011, "US", 16)
    ds.add_new(0x60000040, "CS", "G")
    ds.add_new(0x60000050, "SS", [1, 1])
    ds.add_new(0x60000100, "US", 1)
    ds.add_new(0x60000102, "US", 0)
    ds.add_new(0x60003000, "OW", b"\x01" + bytes(31))
    return ds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "object.dcm"
    _object().save_as(file, enforce_file_format=True)
    return file


def _pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        assert image.size == (16, 16)
        return np.asarray(image.convert("L")).ravel().astype(int)


def test_the_file_has_every_stored_pixel_by_the_options_given(
    cli: CommandLine, path: Path, tmp_path: Path
) -> None:
    png = tmp_path / "out.png"

    def written(*words: str) -> np.ndarray:
        said = cli("preview", path, "--png", png, *words)
        assert (said.code, said.out) == (0, "")
        return _pixels(png)

    ramp = np.arange(256)
    assert np.abs(written("--no-overlays") - ramp).max() <= 1
    assert np.abs(written("--no-overlays", "--frame", "2") - ramp[::-1]).max() <= 1
    assert np.abs(written("--no-overlays", "--invert") - ramp[::-1]).max() <= 1
    assert written()[0] != written("--no-overlays")[0], "the overlay"
    narrow = written("--no-overlays", "--window", "50,2")
    assert (narrow[:49] == 0).all()
    assert (narrow[51:] == 255).all()
    assert np.array_equal(
        written("--no-overlays", "--preset", "Lung"),
        written("--no-overlays", "--window=-600,1500"),
    )


def test_the_file_says_the_aspect_of_its_pixels(
    cli: CommandLine, path: Path, tmp_path: Path
) -> None:
    png = tmp_path / "out.png"
    assert cli("preview", path, "--png", png).code == 0
    with Image.open(png) as image:
        across, down = image.info["aspect"]
    assert across / down == pytest.approx(2.0), "twice as high as wide: twice as many across"


def test_without_a_file_it_is_drawn_at_once(cli: CommandLine, path: Path) -> None:
    said = cli("preview", path)
    assert said.code == 0
    assert "▄" in said.out


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("--window", "40"), 2, "two numbers"),
        (("--window", "40,0"), 2, "above 0"),
        (("--window", "40,nan"), 2, "above 0"),
        (("--window", "40,400", "--preset", "lung"), 2, "two windows"),
        (("--preset", "knee"), 2, "there are: "),
        (("--frame", "3"), 1, "frame"),
        (("--frame", "0"), 2, "frame"),
        (("--png", "/nowhere/out.png"), 1, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_with_its_exit_code(
    cli: CommandLine, path: Path, words: tuple[str, ...], code: int, what: str
) -> None:
    said = cli("preview", path, *words)
    assert said.code == code, said
    assert what in said.err
    assert "Traceback" not in said.err


def test_an_object_without_a_picture_says_why(cli: CommandLine, tmp_path: Path) -> None:
    ds = _object()
    del ds.PixelData
    ds.save_as(tmp_path / "bare.dcm", enforce_file_format=True)
    said = cli("preview", tmp_path / "bare.dcm", "--png", tmp_path / "out.png")
    assert said.code == 1
    assert "no preview" in said.err
    assert not (tmp_path / "out.png").exists()
