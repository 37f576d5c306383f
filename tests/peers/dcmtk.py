"""DCMTK's clients and servers on loopback."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.peers.processes import ENVIRONMENT, Peer, free_port


def have_dcmtk() -> bool:
    return all(shutil.which(tool) for tool in ("echoscu", "storescu", "findscu", "movescu"))


def run(tool: str, *words: object, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run one of DCMTK's tools to its end; what it printed is in stdout, both streams together."""
    return subprocess.run(
        [tool, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        timeout=timeout,
        env=ENVIRONMENT,
        check=False,
    )


@contextlib.contextmanager
def storescp(folder: Path, *options: str, ae_title: str = "STORESCP") -> Iterator[Peer]:
    """Run a storescp that writes into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = ["storescp", "-aet", ae_title, "-od", str(folder), *options, str(port)]
    with running(Peer(command, port, folder.parent / f"storescp-{port}.log")) as peer:
        yield peer


@contextlib.contextmanager
def dcmqrscp(
    folder: Path,
    peers: Mapping[str, tuple[str, int]],
    ae_title: str = "DCMQRSCP",
    max_pdu: int = 16384,
) -> Iterator[Peer]:
    """Run a dcmqrscp over `folder`; `peers` are name → AE title and port of those it knows."""
    storage = folder / "storage"
    storage.mkdir(parents=True)
    port = free_port()
    hosts = "\n".join(f"{name} = ({title}, 127.0.0.1, {at})" for name, (title, at) in peers.items())
    configuration = folder / "dcmqrscp.cfg"
    configuration.write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = {max_pdu}\nMaxAssociations = 16\n"
        f"HostTable BEGIN\n{hosts}\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\n{ae_title} {storage} RW (200, 1024mb) ANY\nAETable END\n"
    )
    command = ["dcmqrscp", "-c", str(configuration), str(port)]
    with running(Peer(command, port, folder / "dcmqrscp.log")) as peer:
        yield peer


@contextlib.contextmanager
def running(peer: Peer) -> Iterator[Peer]:
    """Start a peer, and stop it at the end, also where its start is cut short."""
    try:
        peer.start()
        yield peer
    finally:
        peer.stop()
