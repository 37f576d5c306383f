"""`modalitty export`: by any identifier, to a folder or a zip, and a disk that is full."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.core.archive.objects import EXPLICIT, encode, make
from tests.tui.commandline import CommandLine

_LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
from tui.cli import main
sys.argv[0] = "modalitty"
main()
"""


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    made = CommandLine(tmp_path)
    source = tmp_path / "source"
    source.mkdir()
    for number in range(3):
        # The last is too large for the test of a full disk, and cannot be made smaller.
        pixels = random.Random(number).randbytes(500_000 if number == 2 else 1000)
        ds = make(f"1.2.1.{number}", PixelData=pixels, BitsAllocated=8, Rows=1)
        (source / str(number)).write_bytes(encode(ds, EXPLICIT))
    assert made("import", source, "--json").json["arrived"] == 3
    return made


def test_export_to_a_folder_and_a_zip_says_how_it_went(cli: CommandLine, tmp_path: Path) -> None:
    said = cli("export", "P1", "--to", tmp_path / "out", "--json")
    assert (said.code, said.json["arrived"], said.json["kind"]) == (0, 3, "export"), said.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["DICOM", "DICOMDIR"]
    said = cli("export", "1.2.1.0", "A1", "--to", tmp_path / "out.zip", "--no-dicomdir")
    assert said.code == 0
    assert said.out.startswith("export done: 3 of 3 objects")
    with zipfile.ZipFile(tmp_path / "out.zip") as made:
        assert len(made.namelist()) == 3
        assert "DICOMDIR" not in made.namelist()


def test_what_cannot_be_asked_is_one_line(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    for words, code, hint in (
        (("1.9.9", "--to", tmp_path / "out"), 1, "nor held here"),
        (("P1", "--to", tmp_path / "full"), 2, "not empty"),
        (("P1", "--to", tmp_path / "no" / "way"), 2, "no folder"),
    ):
        said = cli("export", *words)
        assert said.code == code
        assert said.err.count("\n") == 1
        assert hint in said.err
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_disk_that_fills_up_is_said_and_nothing_stays(
    cli: CommandLine, tmp_path: Path, name: str
) -> None:
    words = cli.words("export", "P1", "--to", tmp_path / name)
    ended = subprocess.run(
        [sys.executable, "-c", _LIMITED, *words], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1, ended.stderr
    assert "no room left" in ended.stderr
    assert "what was written is removed" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.glob("*out*"))
    assert not list(tmp_path.glob(".*"))


def test_a_name_that_is_not_utf_8_is_told_in_json_and_in_words(
    cli: CommandLine, tmp_path: Path
) -> None:
    odd = tmp_path / os.fsdecode(b"\xff.dcm")
    odd.write_bytes(bytes(128) + b"DICM")
    said = cli("import", odd, "--json")
    assert said.code == 1
    assert said.out.isascii()
    assert said.json["failures"][0]["what"] == str(odd)
    said = cli("import", odd)
    assert said.code == 1
    said.err.encode()
    assert "\ufffd.dcm" in said.err


def test_an_import_counts_objects_apart_from_what_is_none(cli: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "1").write_bytes(encode(make("1.2.9"), EXPLICIT))
    (folder / "notes.txt").write_text("no DICOM")
    said = cli("import", folder)
    assert said.code == 0
    assert said.out.startswith("import done: 1 of 1 objects")
    assert "1 files that are not DICOM skipped" in said.out
