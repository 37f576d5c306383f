"""What the figures were measured on: the machine's size, and the peers' versions."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from tests.peers.orthanc import have_orthanc

_UNKNOWN = "unknown"
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


def described(folder: Path) -> dict[str, str]:
    """The machine by what counts here, as seen from a folder to work in."""
    return {
        "cores": f"{os.cpu_count()} ({_processor()})",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "kernel": f"{platform.system()} {platform.release()}",
        "file system": _file_system(folder, Path("/proc/mounts").read_text()),
        "Python": platform.python_version(),
        **versions(),
    }


def versions() -> Mapping[str, str]:
    """The peers that are installed."""
    found = {"pynetdicom": version("pynetdicom")}
    if have_orthanc():
        found["Orthanc"] = _said("Orthanc")
    if shutil.which("storescp"):
        found["DCMTK"] = _said("storescp")
    return found


def _said(program: str) -> str:
    told = subprocess.run(
        [shutil.which(program, path=_PATH) or program, "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"\d+(\.\d+)+", told.stdout)
    return found.group() if found else _UNKNOWN


def _processor() -> str:
    names = re.findall(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return names[0] if names else platform.machine() or _UNKNOWN


def _file_system(folder: Path, mounts: str) -> str:
    """The kind of file system at a folder: that of the longest mount point above it."""
    at = str(folder.resolve())
    points = {line.split()[1]: line.split()[2] for line in mounts.splitlines()}
    above = [p for p in points if at == p or at.startswith(p.rstrip("/") + "/")]
    return points[max(above, key=len)] if above else _UNKNOWN
