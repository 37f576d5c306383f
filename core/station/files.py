"""Which files and folders a station uses."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from core.settings import Settings


class UsedFile(NamedTuple):
    """A file or a folder in use, whether or not it is there yet: its name, where, what for."""

    name: str
    path: Path
    about: str


def archive_folder(settings: Settings, data: Path) -> Path:
    """Where the archive lies: as configured, else in the data folder."""
    configured = settings.archive.folder
    return Path(configured).expanduser() if configured else data


def files_in_use(settings: Settings, config: Path, data: Path) -> tuple[UsedFile, ...]:
    """Name what is read and written under these settings."""
    archive = archive_folder(settings, data)
    tls = settings.station.tls
    certificates = (
        UsedFile("TLS certificate", Path(tls.certificate), "Ours; shown to peers."),
        UsedFile("TLS key", Path(tls.key or tls.certificate), "Of our certificate."),
        UsedFile("TLS CAs", Path(tls.ca), "The certificates we trust."),
    )
    return (
        UsedFile("configuration", config, "Edits made here are written to it; comments stay."),
        UsedFile("data", data, "What this station keeps, but for what is said below."),
        UsedFile("objects", archive / "objects", "Part 10 files, by study and series."),
        UsedFile("index", archive / "index", "The journal; made anew from the objects if lost."),
        UsedFile("jobs", archive / "jobs", "Transfers that outlive a restart."),
        UsedFile("commitments", archive / "commitments", "Storage commitments not yet reported."),
        *(file for file in certificates if file.path.name),
    )
