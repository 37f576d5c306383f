"""The inspector on an electrocardiogram: curves first, and keys that move in them."""

from __future__ import annotations

from tests.samples import sample_file
from tests.tui.console import Pair, hold, open_inspector, until, until_shown
from tui.app import ModalittyApp
from tui.widgets.waveform_plot import WaveformPlot


async def test_an_ecg_is_drawn_and_moved_in(stations: Pair) -> None:
    hold(stations.me, sample_file("waveform_ecg.dcm"))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_inspector(pilot, "RHYTHM  channel 1–3 of 12", "1138 uV", "▴P Onset")
        plot = app.screen.query_one(WaveformPlot)
        await until(pilot, lambda: plot.has_focus, "keys go to the curves")
        await pilot.press("0", "enter", "down")
        await until_shown(pilot, "channel 2 of 12", "0–10 of 10 s")
        await pilot.press("g")
        await until_shown(pilot, "MEDIAN BEAT", "group 2 of 2")
