"""The archive place: export, storage commitment, protection, totals, and the index check."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.model import JobKind, Level, Ref
from tests.tui.console import Pair, paste, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.widgets.path_suggester import PathSuggester

STUDY = Ref(level=Level.STUDY, study_uid="1.2.3.2")


@pytest.fixture
def pacs(stations: Pair) -> Pair:
    """The same two stations, looked at from the one that holds something."""
    return Pair(me=stations.pacs, pacs=stations.me)


async def test_export_writes_a_new_folder_with_a_dicomdir(pacs: Pair, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").touch()
    app = ModalittyApp(pacs.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "2 studies")
        await pilot.press("asterisk", "X")
        await until_shown(pilot, "with a DICOMDIR, to a new folder", "tab Complete")
        await paste(pilot, str(full))
        await pilot.press("enter")
        await until_shown(pilot, "this folder is not empty")
        await paste(pilot, str(tmp_path / "out"))
        await pilot.press("enter")
        await until(pilot, (tmp_path / "out" / "DICOMDIR").exists, "the DICOMDIR")
        await pilot.press("3")
        await until_shown(pilot, "● done", "8/8", "export: 2 studies to")


async def test_commitment_is_asked_of_the_modality_chosen(pacs: Pair) -> None:
    pacs.pacs.listen()
    app = ModalittyApp(pacs.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "2 studies")
        await pilot.press("c")
        await until_shown(pilot, "Does it keep this for good", "me")
        await pilot.press("enter")
        await until(pilot, lambda: any(j.kind is JobKind.COMMIT for j in pacs.me.jobs.all()))
        job = next(j for j in pacs.me.jobs.all() if j.kind is JobKind.COMMIT)
        await until(pilot, lambda: pacs.me.jobs.one(job.id).state.ended, "the peer's report")
        await pilot.press("3")
        await until_shown(pilot, "✖ failed", "committed 0", "failed 4", "storage commitment: ")


async def test_a_patient_is_protected_and_no_longer(pacs: Pair) -> None:
    app = ModalittyApp(pacs.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "2 studies")
        await pilot.press("down", "P")
        await until(pilot, lambda: [p.patient_id for p in pacs.me.archive.protected()] == ["ID2"])
        await until_shown(pilot, "The patient is protected")
        await pilot.press("S")
        await until_shown(pilot, "Instances             8", "CT ", "Protected from recycling: 1")
        await until_shown(pilot, "ID2  Patient Number 2")
        await pilot.press("escape", "P")
        await until(pilot, lambda: not pacs.me.archive.protected())


async def test_the_index_is_checked_and_repaired_where_wanted(pacs: Pair) -> None:
    app = ModalittyApp(pacs.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "2 studies")
        await pilot.press("V")
        await until_shown(pilot, "8 objects in the index: index and files agree.")
        await pilot.press("escape")
        Path(pacs.me.archive.instances(STUDY)[0].path).unlink()
        await pilot.press("V")
        await until_shown(pilot, "do not agree", "1 no file:", "Repair", "Cancel")
        await pilot.press("right", "enter")
        await until_shown(pilot, "Repaired 1 of 8 records.")
        assert len(pacs.me.archive.instances(STUDY)) == 3


async def test_read_only_shows_the_check_and_repairs_nothing(pacs: Pair) -> None:
    Path(pacs.me.archive.instances(STUDY)[0].path).unlink()
    app = ModalittyApp(pacs.me, read_only=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "2 studies")
        await pilot.press("P", "V")
        await until_shown(pilot, "1 no file:")
        assert "Repair" not in text_of(app)
        assert not pacs.me.archive.protected()


async def test_tab_completes_a_path(pacs: Pair, tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    app = ModalittyApp(pacs.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4", "I")
        await paste(pilot, f"{tmp_path}/stu")
        await until(pilot, lambda: app.focused._suggestion, "a suggestion")  # type: ignore[union-attr]
        await pilot.press("tab")
        assert app.focused.value == f"{tmp_path}/studies/"  # type: ignore[union-attr]


async def test_no_path_is_suggested_that_a_terminal_would_obey(tmp_path: Path) -> None:
    (tmp_path / "abc\x1b[2J").touch()
    suggest = PathSuggester().get_suggestion
    assert await suggest(f"{tmp_path}/ab") is None
    assert await suggest(f"{tmp_path}/none/ab") is None
    assert await suggest("/ab\0c") is None
    (tmp_path / "abb").touch()
    assert await suggest(f"{tmp_path}/ab") == f"{tmp_path}/abb"
