"""Worklist files for wlmscpfs, made of text by dump2dcm on the spot."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.peers import dcmtk
from tests.peers.dcmtk import running
from tests.peers.processes import Peer, free_port

TEMPLATE = """\
(0008,0005) CS [{charset}]
(0008,0050) SH [{accession}]
(0008,0090) PN [Ref^Doc]
(0010,0010) PN [{name}]
(0010,0020) LO [{patient_id}]
(0010,0030) DA [19700102]
(0010,0040) CS [O]
(0020,000d) UI [1.2.3.4.{number}]
(0032,1060) LO [{procedure}]
(0032,1064) SQ
(fffe,e000) -
(0008,0100) SH [CT1]
(0008,0102) SH [99TEST]
(0008,0104) LO [Chest CT]
(fffe,e00d) -
(fffe,e000) -
(0008,0100) SH [CT2]
(0008,0102) SH [99TEST]
(fffe,e00d) -
(fffe,e0dd) -
(0040,0100) SQ
(fffe,e000) -
(0008,0060) CS [{modality}]
(0040,0001) AE [{station}]
(0040,0002) DA [{date}]
(0040,0003) TM [{time}]
(0040,0006) PN [Op^Erator]
(0040,0007) LO [{step}]
(0040,0008) SQ
(fffe,e0dd) -
(0040,0009) SH [SPS{number}]
(fffe,e00d) -
(fffe,e0dd) -
(0040,1001) SH [RP{number}]
"""

DEFAULTS = {
    "charset": "ISO_IR 100",
    "name": "Test^Case",
    "procedure": "Thorax",
    "modality": "CT",
    "station": "CT1",
    "date": "20260115",
    "time": "101500",
    "step": "Thorax nativ",
    "encoding": "latin-1",
}


def write_worklist(folder: Path, entries: Sequence[dict[str, str]]) -> None:
    """Write one `.wl` file for each entry: what differs from DEFAULTS."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lockfile").touch()
    for number, entry in enumerate(entries, 1):
        values = {
            **DEFAULTS,
            "number": str(number),
            "accession": f"A{number}",
            "patient_id": f"P{number}",
            **entry,
        }
        text = folder / f"{number}.dump"
        text.write_bytes(TEMPLATE.format(**values).encode(values["encoding"]))
        made = dcmtk.run("dump2dcm", "+te", text, folder / f"{number}.wl")
        assert made.returncode == 0, made.stdout
        text.unlink()


@contextlib.contextmanager
def wlmscpfs(
    folder: Path, entries: Sequence[dict[str, str]], *options: str, ae_title: str = "WORKLIST"
) -> Iterator[Peer]:
    """Run DCMTK's worklist server over files made of `entries`."""
    write_worklist(folder / ae_title, entries)
    port = free_port()
    command = ["wlmscpfs", "-dfp", str(folder), *options, str(port)]
    with running(Peer(command, port, folder / "wlmscpfs.log")) as peer:
        yield peer
