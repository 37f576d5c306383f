from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.station import Station
from tests.tui.console import open_station


@pytest.fixture
def me(tmp_path: Path) -> Iterator[Station]:
    """A station that knows nobody, with short time limits; its listener is closed."""
    with open_station(tmp_path / "me", "ME", None) as station:
        station.change("station.acse_timeout", 1)
        station.change("station.dimse_timeout", 5)
        yield station
