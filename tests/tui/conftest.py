from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.console import Pair, pair


@pytest.fixture
def stations(tmp_path: Path) -> Iterator[Pair]:
    with pair(tmp_path) as both:
        yield both
