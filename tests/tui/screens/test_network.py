"""The network place: why a link fails, and modalities added, edited and forgotten."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Button, Checkbox, Input

from core.model import Modality, Retrieve
from tests.peers.processes import free_port
from tests.tui.console import HOSTILE, Pair, paste, text_of, until, until_shown, write_studies
from tui.app import ModalittyApp
from tui.screens.modality_form import ModalityForm


def _add(pair: Pair, name: str, **other: object) -> None:
    from msgspec.structs import replace

    pair.me.modalities.put(replace(pair.pacs_modality, name=name, **other))


async def test_every_failing_link_is_explained_with_what_to_do(stations: Pair) -> None:
    _add(stations, "closed", port=free_port())
    _add(stations, "misnamed", ae_title="WRONG")
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "misnamed")
        await pilot.press("A")
        await until_shown(pilot, "✖ unreachable", "✖ rejected", "● answers")
        await until_shown(pilot, "closed: PACS at", "✖ Connection refused", "→ Check the port")
        await pilot.press("down")
        await until_shown(pilot, "misnamed: WRONG at", "→ ")
        assert "✖ Association rejected" in text_of(app)


async def test_form_says_what_is_wrong_as_one_types_and_saves_what_is_right(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        await pilot.press("a")
        await until_shown(pilot, "Add a modality")
        for value in ("pacs", "A" * 17, "127.0.0.1", "70000"):
            await paste(pilot, value)
            await pilot.press("tab")
        await until_shown(
            pilot, "there is a modality pacs already", "17 bytes long", "is no TCP port"
        )
        await pilot.press("enter")
        await pilot.pause()
        assert [m.name for m in stations.me.modalities.all()] == ["pacs"], "nothing wrong is saved"

        for value in ("xpacs", "A" * 15, "127.0.0.1", str(stations.pacs_modality.port)):
            await paste(pilot, value)
            await pilot.press("tab")
        await until_shown(pilot, "! pacs is at 127.0.0.1:", " too")
        await pilot.press("enter")
        await until(pilot, lambda: len(stations.me.modalities.all()) == 2)
        assert stations.me.modalities.get("xpacs").ae_title == "A" * 15
        assert "xpacs" in stations.me.config_path.read_text()
        await until_shown(pilot, "xpacs: AAAAAAAAAAAAAAA at")


async def test_edit_keeps_the_rest_and_delete_has_cancel_as_its_default(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        await pilot.press("enter")
        await until_shown(pilot, "Edit pacs")
        await paste(pilot, "pacs2")
        await pilot.press("enter")
        await until(pilot, lambda: [m.name for m in stations.me.modalities.all()] == ["pacs2"])
        await until_shown(pilot, "pacs2: PACS at")

        await pilot.press("d")
        await until_shown(pilot, "Forget pacs2?")
        await pilot.press("enter")
        await pilot.pause()
        assert stations.me.modalities.all()
        await pilot.press("d")
        await until_shown(pilot, "Forget pacs2?")
        await pilot.press("right", "enter")
        await until(pilot, lambda: not stations.me.modalities.all())
        await until_shown(pilot, "No modalities yet.")


async def test_form_knows_tls_get_and_how_many_at_once(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        await pilot.press("enter")
        await until_shown(pilot, "We call by", "C-GET to retrieve", "Save", "Cancel")
        app.screen.query_one("#max_jobs", Input).value = "x"
        await until_shown(pilot, "a number of transfers, from 1 to 64")
        app.screen.query_one("#max_jobs", Input).value = "5"
        app.screen.query_one("#tls_host_name", Input).value = "pacs.lan"
        await until_shown(pilot, "tick TLS")
        app.screen.query_one("#tls_host_name", Input).value = ""
        app.screen.query_one("#by-get", Checkbox).toggle()
        await pilot.press("enter")
        await until_shown(pilot, "We call it: retrieve by C-GET, 5 transfers at once")
        saved = stations.pacs_modality
        assert (saved.retrieve, saved.max_jobs) == (Retrieve.GET, 5)

        await pilot.press("enter")
        await until_shown(pilot, "Edit pacs")
        app.screen.query_one("#tls", Checkbox).toggle()
        await until_shown(pilot, "TLS needs station.tls.ca in Settings")
        await pilot.press("enter")  # not saved, and nothing typed is lost
        await pilot.pause()
        assert isinstance(app.screen, ModalityForm)
        assert not stations.pacs_modality.tls


async def test_form_looks_the_host_up_and_tests_before_it_saves(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        await pilot.press("c")
        await until_shown(pilot, "Copy pacs")
        app.screen.query_one("#name", Input).value = "PACS"
        await until_shown(pilot, "there is a modality pacs: only case differs")
        app.screen.query_one("#host", Input).value = "no.such.host.invalid"
        await until_shown(pilot, "no.such.host.invalid does not resolve")
        app.screen.query_one("#host", Input).value = "localhost"
        await until_shown(pilot, "● localhost is ")
        app.screen.query_one("#echo_interval", Input).value = "0.5"
        await until_shown(pilot, "0 for none, or seconds from 1 to 86400")
        app.screen.query_one("#echo_interval", Input).value = "90"
        await until(pilot, lambda: "0 for none" not in text_of(app), "nothing wrong any more")
        app.screen.query_one("#test", Button).press()
        await until_shown(pilot, "● Success", "status 0x0000")
        app.screen.query_one("#save", Button).press()
        await until(pilot, lambda: len(stations.me.modalities.all()) == 2)
        assert stations.me.modalities.get("PACS").echo_interval == 90
        await until_shown(pilot, "PACS: PACS at localhost")
        await pilot.press("enter")
        await until_shown(pilot, "Edit PACS")
        app.screen.query_one("#echo_interval", Input).value = ""
        app.screen.query_one("#save", Button).press()
        await until(pilot, lambda: stations.me.modalities.get("PACS").echo_interval is None)
        assert "echo_interval = 90" not in stations.me.config_path.read_text()


async def test_read_only_leaves_nothing_that_changes_anything(stations: Pair) -> None:
    app = ModalittyApp(stations.me, read_only=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs", "read-only")
        for key in ("a", "c", "d", "enter"):
            await pilot.press(key)
            await pilot.pause()
            assert len(app.screen_stack) == 1, f"{key} opened a dialog"
        await pilot.press("colon", *"delete")
        await pilot.pause()
        assert "Forget" not in text_of(app)
        await pilot.press("escape", "e")
        await until_shown(pilot, "● answers")


async def test_hostile_comment_is_shown_as_written(stations: Pair) -> None:
    _add(stations, "evil", comment=HOSTILE.replace("\x1b", "").replace("\x07", ""))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await until_shown(pilot, "evil: PACS at", "Evil^[/b][@click=app.exit]x")
        await pilot.press("c")
        await until_shown(pilot, "Copy evil")


async def test_links_are_echoed_by_the_clock_with_history_and_since_when(stations: Pair) -> None:
    stations.me.change("station.echo_interval", 1)
    _add(stations, "closed", port=free_port())
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await until_shown(pilot, "● answers", "✖ unreachable", "×")
        await until(pilot, lambda: len(stations.me.links.one("pacs").beats) >= 3, "three echoes")
        await pilot.press("down")
        await until_shown(pilot, "every 1 s, next at", "echoes, usually")
        assert "C-ECHO" not in _traffic(app), "echoes by the clock do not drown the traffic"


def _traffic(app: ModalittyApp) -> str:
    return str(app.session.status.traffic)


async def test_watch_tells_when_a_peer_goes_and_comes_back(stations: Pair) -> None:
    stations.me.change("station.echo_interval", 0)
    app = ModalittyApp(stations.me, read_only=True)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await until_shown(pilot, "○ not tried")
        await pilot.press("w")
        await until_shown(pilot, "Watching pacs", "● answers", "watched: every")
        stations.pacs.stop_listening(0)
        stations.me.echo(stations.pacs_modality)
        await until_shown(pilot, "pacs no longer answers", "✖ unreachable")
        stations.pacs.listen()
        stations.me.echo(stations.pacs_modality)
        await until_shown(pilot, "pacs answers again", "Last fault, at")


async def test_the_doctor_is_one_key_away_and_shows_each_finding(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        await pilot.press("D")
        await until_shown(pilot, "● Association", "● C-ECHO", "● C-MOVE", "Our listener")
        await until_shown(pilot, "The link works", "r Again")
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_who_was_turned_away_is_added_by_two_keys(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        await until(pilot, lambda: stations.me.listening, "our listener open")
        stations.pacs.change("station.ae_title", "CT9")
        port = stations.me.listening[1]  # type: ignore[index]
        write_studies(stations.pacs.data_folder / "more", 1, 7)
        me = Modality(name="me", ae_title="ME", host="127.0.0.1", port=port)
        job = stations.pacs.jobs.send(me, paths=[stations.pacs.data_folder / "more"])
        assert stations.pacs.jobs.wait(job.id, 20).state.ended
        await until_shown(pilot, '! Turned away: "CT9" at 127.0.0.1')
        await pilot.press("u")
        await until_shown(pilot, "Who called us", 'Add a modality with the AE title "CT9"')
        await pilot.press("a")
        await until_shown(pilot, "Add a modality")
        await paste(pilot, "ct9")
        await pilot.press("enter")
        await until(pilot, lambda: "ct9" in [m.name for m in stations.me.modalities.all()])
        assert stations.me.modalities.get("ct9").ae_title == "CT9"


async def test_import_shows_what_comes_in_and_takes_what_is_chosen(
    stations: Pair, tmp_path: Path
) -> None:
    file = tmp_path / "orthanc.json"
    file.write_text(
        '{"DicomModalities": {"new1": ["A", "h", 104], "new2": ["B", "h", 105], /* x */'
        ' "pacs": ["PACS", "10.0.0.1", 104], "bad": ["TOO-LONG-A-TITLE-BY", "h", 104]}}'
    )
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        await pilot.press("I")
        await until_shown(pilot, "Import modalities")
        await paste(pilot, str(file))
        await pilot.press("enter")
        await until_shown(pilot, "● new", "! clashes", "✖ left out", "2 of 4 will be taken")
        await pilot.press("space")
        await until_shown(pilot, "1 of 4 will be taken")
        await pilot.press("enter")
        await until(pilot, lambda: len(stations.me.modalities.all()) == 2)
        assert [m.name for m in stations.me.modalities.all()] == ["new2", "pacs"]
        assert stations.pacs_modality.host == "127.0.0.1", "what clashes stays"
