from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.console import Pair, pair


@pytest.fixture
def stations(tmp_path: Path) -> Iterator[Pair]:
    with pair(tmp_path) as both:
        yield both


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
