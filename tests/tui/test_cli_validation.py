"""`modalitty validate`: what it prints of objects, and how it exits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.imaging.objects import write
from tests.core.validation.objects import append, good_ct, raw_element
from tests.tui.commandline import CommandLine
from tests.tui.console import HOSTILE


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def _bad(folder: Path, name: str = "bad.dcm") -> Path:
    ds = good_ct()
    ds.ImageType = ""
    ds.StudyDescription = HOSTILE
    return write(folder, ds, name)


def test_an_object_without_an_error_exits_0(cli: CommandLine, tmp_path: Path) -> None:
    said = cli("validate", write(tmp_path, good_ct()))
    assert said.code == 0, said.out
    assert "CT Image Storage, Explicit VR Little Endian: nothing found against it" in said.out
    assert "? not judged" in said.out


def test_an_error_exits_1_and_obeys_no_text_from_the_object(
    cli: CommandLine, tmp_path: Path
) -> None:
    said = cli("validate", _bad(tmp_path))
    assert said.code == 1
    assert "✖ (0008,0008) ImageType: is empty: type 1" in said.out
    assert "StudyDescription: control characters" in said.out
    assert "\x1b" not in said.out + said.err


def test_an_element_without_a_keyword_is_named_once(cli: CommandLine, tmp_path: Path) -> None:
    path = append(write(tmp_path, good_ct()), raw_element(0x7FE11101, "LO", b"no one"))
    out = cli("validate", path).out
    assert "✖ (7FE1,1101): private, but (7FE1,0011) has no private creator" in out


def test_json_is_one_document_for_each_object(cli: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    folder.mkdir()
    _bad(folder)
    write(folder, good_ct(), "good.dcm")
    (folder / "README").write_text("no DICOM")
    said = cli("validate", folder, "--json")
    assert said.code == 1
    bad, good = said.lines
    assert good["breaches"] == []
    empty = next(breach for breach in bad["breaches"] if breach["rule"] == "empty")
    assert (empty["severity"], empty["path"]) == ("error", "ImageType")
    assert bad["source"].endswith("bad.dcm")
    assert bad["is_tabled"] is True


def test_a_warning_fails_where_strict(cli: CommandLine, tmp_path: Path) -> None:
    path = write(tmp_path, good_ct())
    path.write_bytes(path.read_bytes().replace(b"1.2.3.2.9\0", b"1.2.3.2.9 "))
    assert cli("validate", path).code == 0
    assert cli("validate", path, "--strict").code == 1


def test_what_cannot_be_read_is_said_and_exits_4_or_2(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no DICOM")
    partly = cli("validate", tmp_path / "text", "1.2.3.4.5", write(tmp_path, good_ct()))
    assert partly.code == 4
    assert "nothing found against it" in partly.out
    assert "not a DICOM object" in partly.err
    assert "1.2.3.4.5" in partly.err
    assert cli("validate", tmp_path / "text").code == 2


def test_an_object_that_is_held_is_judged_by_its_uid(cli: CommandLine, tmp_path: Path) -> None:
    ds = good_ct()
    assert cli("import", write(tmp_path, ds)).code == 0
    said = cli("validate", ds.SOPInstanceUID)
    assert said.code == 0, said.out + said.err
    assert "CT Image Storage" in said.out
