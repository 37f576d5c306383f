"""The whole way of an administrator: echo, query, retrieve, look, send, delete."""

from __future__ import annotations

from core.model import Level, Ref
from tests.tui.console import Pair, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.screens.inspector import InspectorScreen
from tui.widgets.row_table import RowTable


async def test_echo_query_move_tags_and_picture_by_keys_alone(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "1 Network", "pacs", "○ not tried", "ME ● 127.0.0.1")
        await pilot.press("e")
        await until_shown(pilot, "● answers", "Success")

        await pilot.press("f")
        await until_shown(pilot, "pacs (PACS)")
        await pilot.press("enter")
        await until_shown(pilot, "● 2 studies in", "study 2")
        assert "\x1b" not in text_of(app)
        assert "[/b]" in text_of(app)

        await pilot.press("down", "enter")
        await until_shown(pilot, "● 2 series in")
        await pilot.press("enter")
        await until_shown(pilot, "● 2 instances in", "1.2.3.2.1.1")
        await pilot.press("escape", "escape")
        await until_shown(pilot, "● 2 studies in")
        assert app.screen.query_one("#rows-STUDY", RowTable).cursor_key == "1.2.3.2"

        await pilot.press("asterisk", "m")
        await until_shown(pilot, "2 studies", "from pacs by C-MOVE to:", "this station")
        await pilot.press("enter")
        await until(pilot, lambda: stations.me.jobs.all() and stations.me.jobs.all()[0].state.ended)
        await pilot.press("3")
        await until_shown(pilot, "● done", "8/8", "████", "Promised 8, arrived 8")

        await pilot.press("4")
        await until_shown(pilot, "2 studies", "study 1")
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, InspectorScreen))
        await until_shown(pilot, "(0008,0016)", "instance 1 of 2")
        await pilot.press("v")
        await until_shown(pilot, "▄▄▄▄")
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "instance 2 of 2")
        await pilot.press("escape")
        await until_shown(pilot, "2 studies")

        await pilot.press("d")
        await until_shown(pilot, "1 study", "for good", "Cancel")
        await pilot.press("enter")
        assert len(list(stations.me.archive.instances(_study(1)))) == 4, "Cancel is the default"
        await pilot.press("d")
        await until_shown(pilot, "for good", "Cancel")
        await pilot.press("right", "enter")
        await until_shown(pilot, "1 study")
        await until(pilot, lambda: not stations.me.archive.instances(_study(1)))


def _study(number: int) -> Ref:
    return Ref(level=Level.STUDY, study_uid=f"1.2.3.{number}")
