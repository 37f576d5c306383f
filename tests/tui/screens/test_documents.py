"""The inspector on what is no picture: reports, what they point to, letters taken out."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NoReturn

import pytest
from pydicom.dataset import Dataset

from core.errors import NoDocumentError
from core.model import Document, Level, Ref
from tests.documents import cda_object, pdf_object, report_on
from tests.samples import sample_file
from tests.tui.console import Pair, hold, image_object, open_inspector, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.mask import MASK
from tui.screens.inspector import InspectorScreen


def _saved(ds: Dataset, path: Path) -> Path:
    ds.save_as(path, enforce_file_format=True)
    return path


async def test_a_report_is_what_one_sees_first_even_on_a_narrow_screen(stations: Pair) -> None:
    hold(stations.me, sample_file("test-SR.dcm"))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_inspector(
            pilot, "complete, verified", "Verified by: Riesmeier Jörg", "Diagnosis"
        )
        await pilot.press("slash", *"diameter", "enter")
        await until_shown(pilot, "Diameter: 3 Length Unit")
        assert "Riesmeier" not in text_of(app)
        await pilot.press("y")
        assert "Diagnosis" in app.clipboard or "Diameter" in app.clipboard
        await pilot.press("escape", "minus")
        await until(pilot, lambda: "Verified by" not in text_of(app), "the folds")
        await pilot.press("plus")
        await until_shown(pilot, "Verified by: Riesmeier Jörg")


async def test_the_mask_hides_what_a_report_says_of_people(stations: Pair) -> None:
    hold(stations.me, sample_file("test-SR.dcm"))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await open_inspector(pilot, "Riesmeier", "A mass of")
        await pilot.press("M")
        await until(pilot, lambda: MASK.on, "the mask")
        await until(pilot, lambda: "A mass of" not in text_of(app), "the report masked")
        assert "Riesmeier" not in text_of(app)
        await pilot.press("M")
        await until_shown(pilot, "A mass of")


async def test_what_a_report_points_to_is_opened_where_it_is_held(
    stations: Pair, tmp_path: Path
) -> None:
    image = image_object(1, 1, 1)
    held = _saved(image, tmp_path / "image.dcm")
    report = _saved(report_on(image), tmp_path / "report.dcm")
    hold(stations.me, held, report)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        ds = report_on(image)
        ref = Ref(
            level=Level.IMAGE,
            study_uid=ds.StudyInstanceUID,
            series_uid=ds.SeriesInstanceUID,
            sop_instance_uid=ds.SOPInstanceUID,
        )
        screen = InspectorScreen(app.session, ref)
        app.push_screen(screen)
        await until_shown(pilot, "Key image")
        screen.documents.take_keys()
        await pilot.press("slash", *"key image", "enter", "end", "enter")
        await until(
            pilot,
            lambda: isinstance(app.screen, InspectorScreen) and app.screen is not screen,
            "the image",
        )
        await until_shown(pilot, "CT", "▄▄▄▄")
        await pilot.press("escape")
        await pilot.press("escape")
        await pilot.press("slash", *"elsewhere", "enter", "end", "enter")
        await until_shown(pilot, "not held here: 1.2.3.4.5.6")


async def test_a_pdf_is_read_and_taken_out(stations: Pair, tmp_path: Path) -> None:
    hold(stations.me, _saved(pdf_object("Findings: none"), tmp_path / "letter.dcm"))
    app = ModalittyApp(stations.me)
    target = tmp_path / "out"
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await open_inspector(pilot, "Findings: none", "X: write the PDF to a file")
        await pilot.press("X")
        await until_shown(pilot, "Write the PDF to a new file")
        await pilot.press("ctrl+u", *str(target), "enter")
        await until(pilot, (tmp_path / "out.pdf").exists, "the file")
    assert (tmp_path / "out.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "out.pdf").stat().st_mode & 0o777 == 0o600


async def test_a_letter_that_is_still_being_read_is_not_said_to_be_none(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(stations.me, _saved(pdf_object("Findings: none"), tmp_path / "letter.dcm"))
    may_come = threading.Event()
    document = stations.me.objects.document

    def slowly(source: Path | str) -> Document:
        may_come.wait(20)
        return document(source)

    monkeypatch.setattr(stations.me.objects, "document", slowly)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await open_inspector(pilot, "no picture")
        await pilot.press("X")
        await until_shown(pilot, "still being read")
        assert "nothing is embedded" not in text_of(app)
        may_come.set()
        await until_shown(pilot, "Findings: none")
        await pilot.press("X")
        await until_shown(pilot, "Write the PDF to a new file")


async def test_a_letter_in_cda_is_text(stations: Pair, tmp_path: Path) -> None:
    hold(stations.me, _saved(cda_object(), tmp_path / "letter.dcm"))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_inspector(pilot, "History", "Seen for a cough.", "Peak flow")


@pytest.mark.parametrize(("width", "seen"), [(120, "▄▄▄▄"), (80, "(0008,0016)")])
async def test_each_time_a_document_is_asked_for_it_is_said_that_there_is_none(
    stations: Pair, tmp_path: Path, width: int, seen: str
) -> None:
    hold(stations.me, _saved(image_object(1, 1, 1), tmp_path / "image.dcm"))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(width, 24), notifications=True) as pilot:
        await open_inspector(pilot, seen)
        for _ in range(2):
            await pilot.press("d")
            await until_shown(pilot, "nothing to read: the object is a picture")
            assert seen in text_of(app), "what was in sight stays"
            app.clear_notifications()
            await until(pilot, lambda: "nothing to read" not in text_of(app), "the toast goes")


async def test_why_a_document_cannot_be_read_is_said(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(stations.me, _saved(image_object(1, 1, 1), tmp_path / "image.dcm"))

    def slow(_: object) -> NoReturn:
        raise NoDocumentError("cannot be shown: reading it took more than 20 s")

    monkeypatch.setattr(stations.me.objects, "document", slow)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 24), notifications=True) as pilot:
        await open_inspector(pilot, "▄▄▄▄")
        await pilot.press("d")
        await until_shown(pilot, "reading it took more than 20 s")
