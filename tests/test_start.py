"""What a start does not wait for: the DICOM libraries take half a second to load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.processes import free_port
from tests.tui.commandline import CommandLine

SLOW = ("pydicom", "pynetdicom", "numpy", "gdcm", "tinydb", "term_image", "PIL", "textual")


@pytest.mark.parametrize("module", ["core.station", "tui.cli", "tui.verbs.network"])
def test_it_loads_no_library_that_takes_long(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()
    assert module in loaded
    assert not [name for name in loaded if name in SLOW]


def test_the_first_frame_waits_for_no_dicom_library_and_no_picture() -> None:
    loaded = _modules_after("import tui.cli, tui.verbs.service, tui.app")
    assert "textual" in loaded
    assert set(loaded) & set(SLOW) == {"textual"}
    assert not {name for name in loaded if name.startswith("tui.screens.query")}


def _modules_after(code: str) -> list[str]:
    """What a fresh process has loaded when `code` is through; it may exit as it likes."""
    whole = f"import sys\ntry:\n    {code}\nfinally:\n    print(*sys.modules)"
    return subprocess.run(
        [sys.executable, "-c", whole], check=False, capture_output=True, text=True, timeout=60
    ).stdout.split()


NEEDLESS = {"numpy", "gdcm", "PIL", "requests", "pydantic"}
OF_EXPORTS = {"core.transfers.media_directory"}
STUDY = ("--study", "1.2.3")


@pytest.mark.parametrize(
    ("verb", "needless"),
    [
        (("echo",), NEEDLESS | OF_EXPORTS | {"textual", "tinydb", "core.archive.archive"}),
        (("find",), NEEDLESS | OF_EXPORTS | {"textual", "tinydb", "core.archive.archive"}),
        (("move", *STUDY), NEEDLESS | {"textual"}),
        (("get", *STUDY), NEEDLESS | {"textual"}),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_verb_loads_nothing_it_does_not_need(
    verb: tuple[str, ...], needless: set[str], tmp_path: Path
) -> None:
    cli = CommandLine(tmp_path)
    peer = ("--aet", "A", "--host", "127.0.0.1", "--port", free_port())
    argv = cli.words(*verb, *peer)
    loaded = _modules_after(f"sys.argv[1:] = {argv!r}; from tui.cli import main; main()")
    assert {"pynetdicom", "core.network.scu"} <= set(loaded)
    assert not needless & set(loaded)


def test_what_pydicom_was_loaded_without_is_there_for_everybody_else() -> None:
    loaded = _modules_after(
        "from core.station.lean import load_pydicom_alone; load_pydicom_alone(); "
        "import core.network.scu; assert 'numpy' not in sys.modules; import numpy, PIL, gdcm"
    )
    assert {"numpy", "PIL", "gdcm"} <= set(loaded)
