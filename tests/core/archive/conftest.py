from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.archive.archive import Archive
from tests.core.archive.objects import Opener


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    return Opener(tmp_path / "data")


@pytest.fixture
def archive(opener: Opener) -> Iterator[Archive]:
    with opener() as opened:
        yield opened
