"""The query place: fields, a peer that keeps silent, retrieve to elsewhere."""

from __future__ import annotations

from msgspec.structs import replace

from core.model import JobKind, Level, Ref, Retrieve
from tests.tui.console import Pair, paste, text_of, until, until_shown
from tui.app import ModalittyApp


async def test_fields_narrow_the_search_and_wrong_dates_are_refused(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "pacs (PACS) studies")
        await pilot.press("f", *"patient*", "tab", "tab", *"tomorrow", "enter")
        await until_shown(pilot, "this is no date: try today")
        await paste(pilot, "2024-01-03")
        await pilot.press("enter")
        await until_shown(pilot, "● 1 study in", "Patient Number 2")
        assert "no date" not in text_of(app)

        await pilot.press("C")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "PatientName")
        await pilot.press(*"nobody", "enter")
        await until_shown(pilot, "○ Nothing matches")


async def test_patients_lead_to_their_studies(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "l")
        await until_shown(pilot, "pacs (PACS) patients", "● 2 patients in")
        await pilot.press("down", "enter")
        await until_shown(pilot, "● 1 study in", "→ Patient Number 2")
        await pilot.press("enter", "enter")
        await until_shown(pilot, "● 2 instances in")
        await pilot.press("escape", "escape", "escape")
        await until_shown(pilot, "● 2 patients in")


async def test_every_attribute_of_an_answer_can_be_read(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "pacs (PACS) studies")
        await pilot.press("r")
        await until_shown(pilot, "● 2 studies in")
        await pilot.press("t")
        await until_shown(pilot, "Answer of pacs", "(0010,0010)  PatientName", "(0020,000D)")
        assert "Evil^" in text_of(app)
        await pilot.press("escape", "M", "t")
        await until_shown(pilot, "Answer of pacs", "(0010,0010)  PatientName")
        assert "Evil" not in text_of(app)


async def test_esc_cancels_a_query_that_a_peer_never_answers(stations: Pair, silent: int) -> None:
    stations.me.modalities.put(replace(stations.pacs_modality, name="aaa", port=silent))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "aaa (PACS) studies")
        await pilot.press("r")
        await until_shown(pilot, "esc cancels")
        await pilot.press("escape")
        await until(pilot, lambda: "so far" not in text_of(app), "the end of the query")
        assert "ancelled" in text_of(app)


async def test_leaving_is_quick_while_a_peer_keeps_us_waiting(stations: Pair, silent: int) -> None:
    stations.me.modalities.put(replace(stations.pacs_modality, name="aaa", port=silent))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "aaa")
        await pilot.press("A")
        await until_shown(pilot, "… calling")
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running, "the end of the app", seconds=5)


async def test_failure_of_a_query_is_told_with_advice(stations: Pair) -> None:
    stations.me.modalities.put(replace(stations.pacs_modality, name="aaa", ae_title="WRONG"))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "aaa (WRONG) studies")
        await pilot.press("f", "enter")
        await until_shown(pilot, "✖ Association rejected", "→ ")
        await pilot.press("p")
        await until_shown(pilot, "Ask whom")
        await pilot.press("p", "enter")
        await until_shown(pilot, "pacs (PACS) studies")


async def test_one_series_comes_alone_and_opens_from_the_query(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "r")
        await until_shown(pilot, "● 2 studies in")
        await pilot.press("enter")
        await until_shown(pilot, "● 2 series in")
        await pilot.press("i")
        await until_shown(pilot, "Not held here yet")
        await pilot.press("m")
        await until_shown(pilot, "series 1 CT", "from pacs by C-MOVE to:")
        await pilot.press("enter")
        held = Ref(level=Level.STUDY, study_uid="1.2.3.1")
        await until(pilot, lambda: len(stations.me.archive.instances(held)) == 2)
        await pilot.press("i")
        await until_shown(pilot, "instance 1 of 2")


async def test_enter_asks_where_there_is_no_row_to_open(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "nothing asked yet: press enter")
        await pilot.press("enter")
        await until_shown(pilot, "● 2 studies in")
        await pilot.press("enter")
        await until_shown(pilot, "● 2 series in")


async def test_retrieve_goes_by_get_where_the_modality_says_so(stations: Pair) -> None:
    stations.me.modalities.put(
        replace(stations.pacs_modality, retrieve=Retrieve.GET), replaces="pacs"
    )
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "enter")
        await until_shown(pilot, "● 2 studies in")
        await pilot.press("asterisk", "m")
        await until_shown(pilot, "2 studies", "from pacs to:", "this station, by C-GET")
        await pilot.press("enter", "3")
        await until_shown(pilot, "● done", "8/8", "C-GET: 2 studies", "from pacs")
        assert stations.me.jobs.all()[0].kind is JobKind.GET
