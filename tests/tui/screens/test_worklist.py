"""The worklist as a level of Query, against DCMTK's server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.model import Modality
from tests.peers.worklists import wlmscpfs
from tests.tui.console import Pair, paste, text_of, until, until_shown
from tui.app import ModalittyApp

ENTRIES = [
    {"modality": "CT", "station": "CT1", "name": "Adams^Ada"},
    {"modality": "MR", "station": "MR1", "name": "Müller^Jörg", "date": "20260116"},
]


@pytest.mark.interop
async def test_what_is_scheduled_is_listed_filtered_and_read(
    stations: Pair, tmp_path: Path
) -> None:
    with wlmscpfs(tmp_path / "worklists", ENTRIES, "-csk", "-dfr", "-s") as peer:
        ris = Modality(name="aaa", ae_title="WORKLIST", host="127.0.0.1", port=peer.port)
        stations.me.modalities.put(ris)
        app = ModalittyApp(stations.me)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await pilot.press("2", "l", "l")
            await until_shown(pilot, "aaa (WORKLIST) worklist", "2 scheduled steps in")
            await until_shown(pilot, "Adams Ada", "Müller Jörg", "2026-01-15  10:15", "CT1")
            await pilot.press("m")
            await until_shown(pilot, "there is nothing to retrieve yet")
            await pilot.press("enter")
            await until_shown(pilot, "Scheduled procedure step", "ScheduledProcedureStepID")
            await pilot.press("escape", "E")
            await until_shown(pilot, "2 rows shown")
            await paste(pilot, str(tmp_path / "steps.json"))
            await pilot.press("enter")
            await until(pilot, (tmp_path / "steps.json").exists)
            await until_shown(pilot, "Wrote 2 rows")
            assert len(json.loads((tmp_path / "steps.json").read_text())[0]) > 12

            await pilot.press("f", "tab", "tab")
            await paste(pilot, "2026-01-16")
            await pilot.press("enter")
            await until_shown(pilot, "1 scheduled step in", "Müller Jörg")
            assert "Adams" not in text_of(app)
            await pilot.press("l")
            await until_shown(pilot, "aaa (WORKLIST) studies", "→ ")
