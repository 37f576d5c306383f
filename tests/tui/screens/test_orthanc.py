"""The console against an Orthanc: set up by hand in the form, echoed, queried, retrieved from."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.model import Level, Ref
from tests.peers.orthanc import Orthanc
from tests.tui.console import open_station, paste, until, until_shown, write_studies
from tui.app import ModalittyApp


@pytest.mark.interop
async def test_an_orthanc_is_added_echoed_queried_and_retrieved_from(
    tmp_path: Path, orthanc: Orthanc
) -> None:
    write_studies(tmp_path / "files", 2)
    orthanc.upload(*sorted((tmp_path / "files").iterdir()))
    with open_station(tmp_path / "me", "ME", None) as me:
        app = ModalittyApp(me)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await until_shown(pilot, "No modalities yet.")
            await pilot.press("a")
            for value in ("orthanc", "ORTHANC", "127.0.0.1", str(orthanc.port)):
                await paste(pilot, value)
                await pilot.press("tab")
            await pilot.press("enter")
            await until_shown(pilot, "orthanc: ORTHANC at")
            await pilot.press("e")
            await until_shown(pilot, "● answers")

            await pilot.press("f", "enter")
            await until_shown(pilot, "✖ ", "→ ", "DicomModalities")  # it does not know us yet
            assert me.listening
            orthanc.know("me", "ME", me.listening[1])
            await pilot.press("r")
            await until_shown(pilot, "● 2 studies in", "study 2")
            await pilot.press("asterisk", "m")
            await until_shown(pilot, "from orthanc by C-MOVE to:")
            await pilot.press("enter")
            for number in (1, 2):
                study = Ref(level=Level.STUDY, study_uid=f"1.2.3.{number}")
                await until(pilot, lambda study=study: len(me.archive.instances(study)) == 4)
            await pilot.press("3")
            await until_shown(pilot, "● done", "8/8")
