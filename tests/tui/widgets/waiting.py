"""Waiting for tables in tests, on what they say of themselves."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from tui.widgets.row_table import RowTable


async def settled(pilot: Pilot[Any]) -> None:
    """Until the table has painted all that was changed."""
    table = pilot.app.query_one(RowTable)
    await pilot.pause()
    for _ in range(500):
        if table.idle:
            break
        await pilot.pause(0.01)
    await pilot.pause()
    assert table.idle
