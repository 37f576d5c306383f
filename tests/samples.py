"""Files of other people's making: those that pydicom ships, and the package pydicom-data.

pydicom's own look-up functions are not used: they go to the network for files that are not here.
"""

from __future__ import annotations

from pathlib import Path

import data_store
import pydicom

_FOLDERS = (
    Path(pydicom.__file__).parent / "data",
    Path(data_store.__file__).parent / "data",
)


def sample_files() -> list[Path]:
    """Every file, whether or not it is good DICOM, in a stable order."""
    return sorted(path for folder in _FOLDERS for path in folder.rglob("*") if path.is_file())


def sample_file(name: str) -> Path:
    """One file by its name."""
    return next(path for path in sample_files() if path.name == name)
