"""`document` on the command line: what a report says, the same as JSON, a letter taken out."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from tests.documents import content, pdf, pdf_object, report
from tests.samples import sample_file
from tests.tui.commandline import CommandLine


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def _saved(ds: Dataset, path: Path) -> Path:
    ds.save_as(path, enforce_file_format=True)
    return path


def test_a_report_is_printed_as_it_reads(cli: CommandLine) -> None:
    said = cli("document", str(sample_file("test-SR.dcm")))
    assert said.code == 0
    lines = said.out.splitlines()
    assert "  Verified by: Riesmeier Jörg" in lines
    assert "      Diameter: 3 Length Unit" in lines or "    Diameter: 3 Length Unit" in lines
    assert any(line.endswith("(selected from)") and "see" in line for line in lines)


def test_json_has_the_values_as_they_are(cli: CommandLine) -> None:
    said = cli("document", str(sample_file("test-SR.dcm")), "--json")
    rows = said.json["rows"]
    found = next(row for row in rows if row.get("label") == "Diameter")
    assert (found["value"], found["unit"], found["type"]) == ("3", "Length Unit", "NUM")


def test_text_from_outside_reaches_no_terminal_as_it_is(cli: CommandLine, tmp_path: Path) -> None:
    item = content("TEXT", "Finding \x1b]0;owned\x07")
    item.TextValue = "first\r\nsecond \x1b[2J\u202eevil"
    said = cli("document", str(_saved(report(item), tmp_path / "report.dcm")))
    assert said.code == 0
    assert "second" in said.out
    assert not {"\x1b", "\x07", "\u202e"} & set(said.out)


def test_a_pdf_is_written_to_a_new_file_only(cli: CommandLine, tmp_path: Path) -> None:
    source = str(_saved(pdf_object("Findings"), tmp_path / "letter.dcm"))
    said = cli("document", source, "--export", str(tmp_path / "letter"))
    assert said.code == 0, said.err
    written = tmp_path / "letter.pdf"
    assert written.read_bytes() == pdf("Findings")
    assert written.stat().st_mode & 0o777 == 0o600
    written.write_text("mine")
    again = cli("document", source, "--export", str(written))
    assert again.code == 2
    assert "is there already" in again.err
    assert written.read_text() == "mine"


def test_what_cannot_be_done_is_said_in_a_line(cli: CommandLine) -> None:
    picture = cli("document", str(sample_file("CT_small.dcm")))
    assert (picture.code, "the object is a picture" in picture.err) == (1, True)
    nothing = cli("document", str(sample_file("test-SR.dcm")), "--export", "out")
    assert (nothing.code, "nothing is embedded" in nothing.err) == (2, True)
