"""What a start does not wait for: the DICOM libraries take half a second to load."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = ("pydicom", "pynetdicom", "numpy", "gdcm", "tinydb", "term_image", "PIL", "textual")


@pytest.mark.parametrize("module", ["core.station", "tui.cli", "tui.verbs.network"])
def test_it_loads_no_library_that_takes_long(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()
    assert module in loaded
    assert not [name for name in loaded if name in SLOW]
