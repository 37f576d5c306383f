"""Modalitty and its peers as servers: each a process of its own over a folder of its own.

Every peer runs at the setting that is best for it; see `SETTINGS` for what that is.
"""

from __future__ import annotations

import contextlib
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from benchmarks import stock_pynetdicom
from benchmarks.figures import OURS
from core.archive.archive import Archive
from core.events import EventBus
from core.model import Modality
from core.settings import ArchiveSettings
from core.settings_file import SettingsStore, shipped_config_path
from tests.peers import dcmtk
from tests.peers.orthanc import Orthanc, have_orthanc
from tests.peers.processes import Peer, free_port

ORTHANC = "Orthanc"
ORTHANC_NO_SYNC = "Orthanc, no fsync"
STORESCP = "storescp"
DCMQRSCP = "dcmqrscp"
PYNETDICOM = "pynetdicom"
LARGEST_PDU = 131072
"""The most that DCMTK, and Orthanc with it, can be set to."""

SETTINGS: Mapping[str, str] = {
    OURS: "`modalitty serve` as shipped; unknown callers accepted, more associations for one"
    " address",
    ORTHANC: "TCP_NODELAY=1, MaximumPduLength 131072, no MD5, no plugins; it syncs its files"
    " (SyncStorageArea, its default)",
    ORTHANC_NO_SYNC: "the same without SyncStorageArea: files are not synced",
    STORESCP: "TCP_NODELAY=1, PDUs of 131072, `--fork` where callers come at once; no index, no"
    " sync",
    DCMQRSCP: "TCP_NODELAY=1, PDUs of 131072; index, no sync",
    PYNETDICOM: "stock, TCP_NODELAY, PDUs of any length, data sets written undecoded; no index,"
    " no sync",
}
_ORTHANC_AT_ITS_BEST: Mapping[str, Any] = {
    "MaximumPduLength": LARGEST_PDU,
    "StoreMD5ForAttachments": False,
    "DicomAlwaysAllowFind": True,
    "DicomAlwaysAllowGet": True,
    "DicomAlwaysAllowMove": True,
    "DicomCheckCalledAet": False,
}


class Server(ABC):
    """A running server at `port` of loopback, called `ae_title`."""

    def __init__(self, ae_title: str, port: int, pid: int) -> None:
        self.ae_title = ae_title
        self.port = port
        self.pid = pid

    @abstractmethod
    def held(self) -> int:
        """How many objects it holds now, by its own account where it has an index."""


Start = Callable[[Path], AbstractContextManager[Server]]
"""Starts a server over a folder that does not exist yet."""


class _Files(Server):
    """One without an index: what it holds are the files in its folder."""

    def __init__(self, ae_title: str, peer: Peer, folder: Path) -> None:
        super().__init__(ae_title, peer.port, peer.pid)
        self._folder = folder

    def held(self) -> int:
        return count_files(self._folder)


class _Modalitty(Server):
    def __init__(self, peer: Peer, data: Path) -> None:
        super().__init__("MODALITTY", peer.port, peer.pid)
        self._data = data

    def held(self) -> int:
        return held_by_us(self._data)


class OrthancServer(Server):
    """Orthanc; it has to know where it is to send to."""

    def __init__(self, orthanc: Orthanc) -> None:
        super().__init__(orthanc.ae_title, orthanc.port, orthanc.pid)
        self._orthanc = orthanc

    def held(self) -> int:
        return int(self._orthanc.rest("/statistics")["CountInstances"])

    def know(self, ae_title: str, port: int) -> None:
        """Tell it where a destination is."""
        self._orthanc.know(ae_title, ae_title, port)


def held_by_us(data: Path) -> int:
    """Objects in a data folder of ours whose file is there and which the index knows."""
    with Archive.open(data, settings=ArchiveSettings, events=EventBus(), read_only=True) as archive:
        return min(count_files(data / "objects"), archive.statistics().instances)


def count_files(folder: Path) -> int:
    """Objects that lie in a folder, whatever their names; not a peer's index."""
    names = (name for _, _, names in os.walk(folder) for name in names)
    return sum(name not in ("index.dat",) and not name.startswith(".") for name in names)


def configure(folder: Path, destinations: Mapping[str, int]) -> tuple[Path, int]:
    """Write a config.toml that lets everybody in; its path and the port in it."""
    config, port = folder / "config.toml", free_port()
    config.write_text(shipped_config_path().read_text())
    store = SettingsStore.open(config)
    changes = {
        "host": "127.0.0.1",
        "port": port,
        "accept.unknown_callers": "accept",
        "max_associations": 200,
        "max_associations_per_address": 200,
    }
    for key, value in changes.items():
        store.change(f"station.{key}", value)
    for title, at in destinations.items():
        store.put_modality(Modality(name=title, ae_title=title, host="127.0.0.1", port=at))
    return config, port


def program() -> list[str]:
    """How `modalitty` is called: the script beside this interpreter."""
    script = Path(sys.executable).with_name("modalitty")
    if script.exists():
        return [str(script)]
    return [sys.executable, "-c", "from tui.cli import main; main()"]


def modalitty(destinations: Mapping[str, int] | None = None, data: Path | None = None) -> Start:
    """`modalitty serve`; it knows `destinations`, AE title → port."""

    @contextlib.contextmanager
    def start(folder: Path) -> Iterator[Server]:
        folder.mkdir(parents=True)
        config, port = configure(folder, destinations or {})
        held = data or folder / "data"
        command = [*program(), "--config", str(config), "--data", str(held), "serve"]
        with dcmtk.running(Peer(command, port, folder / "serve.log")) as peer:
            yield _Modalitty(peer, held)

    return start


def orthanc(destinations: Mapping[str, int] | None = None, **settings: Any) -> Start:
    """Orthanc; it knows `destinations`, AE title → port."""

    @contextlib.contextmanager
    def start(folder: Path) -> Iterator[Server]:
        with orthanc_server(folder, **settings) as server:
            for title, port in (destinations or {}).items():
                server.know(title, port)
            yield server

    return start


@contextlib.contextmanager
def orthanc_server(folder: Path, **settings: Any) -> Iterator[OrthancServer]:
    """Orthanc at its best, but for `settings`."""
    with Orthanc(folder, **{**_ORTHANC_AT_ITS_BEST, **settings}) as peer:
        yield OrthancServer(peer)


@contextlib.contextmanager
def storescp(folder: Path) -> Iterator[Server]:
    """DCMTK's storescp, for one caller after another."""
    with dcmtk.storescp(folder / "in", "-pdu", str(LARGEST_PDU), "+B") as peer:
        yield _Files("STORESCP", peer, folder / "in")


@contextlib.contextmanager
def storescp_forking(folder: Path) -> Iterator[Server]:
    """DCMTK's storescp with a process for each caller."""
    with dcmtk.storescp(folder / "in", "-pdu", str(LARGEST_PDU), "+B", "--fork") as peer:
        yield _Files("STORESCP", peer, folder / "in")


def dcmqrscp(destinations: Mapping[str, int] | None = None) -> Start:
    """DCMTK's small archive; it knows `destinations`, AE title → port."""

    @contextlib.contextmanager
    def start(folder: Path) -> Iterator[Server]:
        peers = {title.lower(): (title, port) for title, port in (destinations or {}).items()}
        with dcmtk.dcmqrscp(folder, peers, max_pdu=LARGEST_PDU) as peer:
            yield _Files("DCMQRSCP", peer, folder / "storage")

    return start


def pynetdicom(objects: Path | None = None) -> Start:
    """Stock pynetdicom; `objects` are what it answers queries from."""

    @contextlib.contextmanager
    def start(folder: Path) -> Iterator[Server]:
        storage = folder / "in"
        storage.mkdir(parents=True)
        port = free_port()
        words = [str(port), str(storage), *([str(objects)] if objects else [])]
        command = [sys.executable, "-m", "benchmarks.stock_pynetdicom", *words]
        with dcmtk.running(Peer(command, port, folder / "pynetdicom.log")) as peer:
            yield _Files(stock_pynetdicom.AE_TITLE, peer, storage)

    return start


def installed(starts: Mapping[str, Start]) -> dict[str, Start]:
    """Those of some servers that are installed here."""
    have = {ORTHANC: have_orthanc(), ORTHANC_NO_SYNC: have_orthanc()}
    have |= dict.fromkeys((STORESCP, DCMQRSCP), dcmtk.have_dcmtk())
    return {name: start for name, start in starts.items() if have.get(name, True)}
