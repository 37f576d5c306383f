"""The traffic place: who calls whom, what was proposed and accepted, rejections in words, abort."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pynetdicom import AE

from core.events import AssociationEnded, AssociationOpened, MessageHandled
from core.model import Association, Modality
from tests.peers import dcmtk
from tests.tui.console import Pair, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.bridge import News
from tui.screens.traffic import TrafficScreen
from tui.session import TRAFFIC_KEPT
from tui.traffic_words import TALLIED, Tally

CT = "1.2.840.10008.5.1.4.1.1.2"


def _caller(title: str, station_port: int, called: str = "ME"):  # type: ignore[no-untyped-def]
    ae = AE(ae_title=title)
    ae.add_requested_context("1.2.840.10008.1.1")
    ae.add_requested_context(CT)
    return ae.associate("127.0.0.1", station_port, ae_title=called)


async def test_live_associations_say_who_calls_whom_and_one_is_aborted(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: stations.me.listening, "our listener open")
        assoc = _caller("CT7", stations.me.listening[1])  # type: ignore[index]
        assert assoc.is_established
        assoc.send_c_echo()
        await until_shown(pilot, "CT7 → ME", "← in", "● C-ECHO")
        await pilot.press("up")
        await until_shown(pilot, "✖ 3 CT Image Storage: refused: not allowed to this caller")
        await until_shown(pilot, "offered Implicit VR Little Endian, Explicit VR")

        await pilot.press("x")
        await until_shown(pilot, "Abort the association")
        await pilot.press("right", "enter")
        await until(pilot, lambda: assoc.is_aborted, "the association aborted")
        await until_shown(pilot, "no association is open", "– closed")


async def test_a_rejection_is_told_in_words_and_who_was_turned_away(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: stations.me.listening, "our listener open")
        assert _caller("CT7", stations.me.listening[1], "WRONG").is_rejected  # type: ignore[index]
        await until_shown(pilot, "✖ rejected", "called 'WRONG', but we are 'ME'")
        await pilot.press("u")
        await until_shown(pilot, "Who called us", "✖ turned away")
        await until_shown(pilot, 'correct the called AE title to "ME"')
        await pilot.press("escape")
        wrong = Modality(ae_title="WRONG", host="127.0.0.1", port=stations.pacs_modality.port)
        threading.Thread(target=stations.me.echo, args=(wrong,)).start()
        await until_shown(pilot, "✖ not open", "→ ")


async def test_enter_shows_one_association_only_and_escape_all(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await pilot.press("5")
        for _ in range(2):
            stations.me.echo(stations.pacs_modality)
        screen = app.screen
        assert isinstance(screen, TrafficScreen)
        await until(pilot, lambda: screen.log_table.visible_count == 6)
        await pilot.press("enter")
        await until(pilot, lambda: screen.log_table.visible_count == 3, "one association")
        await pilot.press("escape")
        await until(pilot, lambda: screen.log_table.visible_count == 6)


async def test_a_flood_is_bounded_and_what_is_not_kept_is_said(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await pilot.press("5")
        screen = app.screen
        assert isinstance(screen, TrafficScreen)
        flood = tuple(_message(number) for number in range(TRAFFIC_KEPT + 500))
        screen.heard(News(traffic=flood, traffic_dropped=7))
        await until(pilot, lambda: screen.log_table.visible_count == TRAFFIC_KEPT)
        await until_shown(pilot, "7 passed too fast to be kept here")
        await pilot.press("1")
        screen.heard(News(traffic=flood))
        assert screen.log_table.row_count == TRAFFIC_KEPT
        await pilot.press("5", "C")
        await until_shown(pilot, "nothing has passed yet")
        assert "too fast" not in text_of(app)


def test_the_tally_counts_live_associations_and_forgets_the_others() -> None:
    tally = Tally()
    about = Association(id=1, outgoing=False, peer="A", address="h:1", since=0.0)
    tally.take([AssociationOpened(association=about), _message(1), _message(1)])
    messages, last = tally.of(1)
    assert messages == 2
    assert last.startswith("● C-ECHO")
    tally.take([AssociationEnded(association=about, reason="released")])
    assert tally.of(1) == (0, "")
    tally.take([_message(number) for number in range(TALLIED * 3)])
    assert len(tally._of) == TALLIED


def _message(association: int) -> MessageHandled:
    return MessageHandled(
        association_id=association,
        peer="A",
        operation="C-ECHO",
        status=0,
        meaning="success",
        seconds=0.001,
    )


@pytest.mark.interop
async def test_what_we_refuse_is_said_from_our_side(stations: Pair, tmp_path: Path) -> None:
    stations.me.change("station.accept.unknown_callers", "accept")
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: stations.me.listening, "our listener open")
        port = stations.me.listening[1]  # type: ignore[index]
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3")
        words = ("-S", "-aec", "ME", "-aem", "NOBODY", *keys, "127.0.0.1", port)
        dcmtk.run("movescu", *words)
        await until_shown(pilot, "✖ C-MOVE", "0xA801 the destination is not known here")
        await pilot.press("up")
        await until_shown(pilot, "→ Add it to the modalities")
