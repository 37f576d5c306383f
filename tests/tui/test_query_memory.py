"""Saved queries and history: kept over restarts, private, and safe when several consoles write."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ModalittyError
from core.model import Root
from tui import state_file
from tui.query_memory import HISTORY_KEPT, TARGETS_KEPT, Asked, QueryMemory, name_fault

MR = Asked(peers=("a", "b"), fields={"StudyDate": "-7d", "ModalitiesInStudy": "mr"}, limit=50)
CT = Asked(peers=("a",), root=Root.PATIENT, fields={"PatientName": "Müller"}, wildcards=False)


def test_what_is_kept_is_there_after_a_restart_and_for_nobody_else(tmp_path: Path) -> None:
    memory = QueryMemory(tmp_path)
    memory.save("MR of the week", MR)
    memory.note(CT, when=1.0)
    memory.note_target("WORKSTATION")
    again = QueryMemory(tmp_path).read()
    assert again.saved == {"MR of the week": MR}
    assert [entry.asked for entry in again.history] == [CT]
    assert again.targets == ("WORKSTATION",)
    assert stat.S_IMODE(memory.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(memory.path.parent.stat().st_mode) == 0o700
    assert QueryMemory(tmp_path).delete("MR of the week").saved == {}
    assert QueryMemory(tmp_path).forget_asked(CT).history == ()


def test_history_is_newest_first_without_duplicates_and_bounded(tmp_path: Path) -> None:
    memory = QueryMemory(tmp_path)
    for number in range(HISTORY_KEPT + 5):
        memory.note(Asked(fields={"PatientID": str(number)}), when=number)
    kept = memory.note(Asked(fields={"PatientID": "100"}), when=1000.0).history
    ids = [entry.asked.fields["PatientID"] for entry in kept]
    assert len(kept) == HISTORY_KEPT
    assert ids[:3] == ["100", str(HISTORY_KEPT + 4), str(HISTORY_KEPT + 3)]
    assert ids.count("100") == 1


def test_targets_are_bounded_too(tmp_path: Path) -> None:
    memory = QueryMemory(tmp_path)
    for number in range(TARGETS_KEPT + 2):
        kept = memory.note_target(f"AE{number}")
    assert len(kept.targets) == TARGETS_KEPT
    assert kept.targets[0] == f"AE{TARGETS_KEPT + 1}"


_WRITER = """
import sys
from pathlib import Path
from tui.query_memory import Asked, QueryMemory
for number in range(40):
    QueryMemory(Path(sys.argv[1])).save(f"{sys.argv[2]}{number}", Asked(limit=number))
"""


def test_two_consoles_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), name]) for name in "ab"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    saved = QueryMemory(tmp_path).read().saved
    assert set(saved) == {f"{name}{number}" for name in "ab" for number in range(40)}
    assert saved["b39"].limit == 39


@pytest.mark.parametrize("content", ["", "{", '{"saved": 3}', "[" * 100_000, "\ud800"])
def test_a_damaged_file_is_put_aside_and_begun_anew(tmp_path: Path, content: str) -> None:
    memory = QueryMemory(tmp_path)
    memory.path.parent.mkdir()
    data = content.encode("utf-8", "surrogatepass")
    memory.path.write_bytes(data)
    assert memory.read().saved == {}
    assert memory.save("x", MR).saved == {"x": MR}
    assert memory.read().saved == {"x": MR}
    assert memory.path.with_name("queries.json.damaged").read_bytes() == data


def test_a_folder_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "console").write_text("a file where the folder should be")
    with pytest.raises(ModalittyError, match=r"cannot keep .*queries\.json"):
        QueryMemory(tmp_path).note(MR)
    assert QueryMemory(tmp_path).read().history == ()


def test_a_console_that_never_lets_go_does_not_hold_us_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_file, "PATIENCE", 0.1)
    memory = QueryMemory(tmp_path)
    memory.save("x", MR)
    with (
        memory._file._locked(),
        pytest.raises(ModalittyError, match="another console holds it"),
    ):
        QueryMemory(tmp_path).save("y", CT)
    assert set(QueryMemory(tmp_path).save("y", CT).saved) == {"x", "y"}


def test_names_are_one_short_line() -> None:
    assert name_fault(" ")
    assert name_fault("a\nb")
    assert name_fault("x" * 61)
    assert not name_fault("MR of last week")
