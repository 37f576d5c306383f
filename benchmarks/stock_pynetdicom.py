"""A storage and query SCP of stock pynetdicom, without index or sync, as its documentation has it.

    python -m benchmarks.stock_pynetdicom PORT FOLDER [OBJECTS]

Stores into FOLDER; answers a C-FIND from the study attributes of the files in OBJECTS.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.presentation import DEFAULT_TRANSFER_SYNTAXES
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

AE_TITLE = "STOCK"


class Handlers:
    """What the server does with objects and queries."""

    def __init__(self, folder: Path, objects: Path | None) -> None:
        self._folder = folder
        self._held = [] if objects is None else [_read(path) for path in objects.rglob("*.dcm")]

    def all(self) -> list[Any]:
        return [
            (evt.EVT_CONN_OPEN, self.no_delay),
            (evt.EVT_C_STORE, self.store),
            (evt.EVT_C_FIND, self.find),
        ]

    def no_delay(self, event: Any) -> None:
        event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def store(self, event: Any) -> int:
        # Without decoding: the quick way that its documentation shows.
        path = self._folder / f"{event.request.AffectedSOPInstanceUID}.dcm"
        path.write_bytes(event.encoded_dataset())
        return 0x0000

    def find(self, event: Any) -> Iterator[tuple[int, Dataset]]:
        identifier = event.identifier
        wanted = str(identifier.get("PatientName", "")) or "*"
        for held in self._held:
            if fnmatchcase(str(held.PatientName), wanted):
                answer = Dataset()
                answer.QueryRetrieveLevel = "STUDY"
                for element in identifier:
                    if element.tag in held:
                        answer[element.tag] = held[element.tag]
                yield 0xFF00, answer


def _read(path: Path) -> Dataset:
    return pydicom.dcmread(path, stop_before_pixels=True)


def main() -> None:
    """Serve until the process is ended."""
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    ae = AE(AE_TITLE)
    ae.maximum_pdu_size = 0
    ae.maximum_associations = 200
    for context in AllStoragePresentationContexts:
        ae.add_supported_context(context.abstract_syntax, DEFAULT_TRANSFER_SYNTAXES)
    ae.add_supported_context(Verification)
    ae.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    objects = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    handlers = Handlers(folder, objects)
    ae.start_server(("127.0.0.1", port), block=True, evt_handlers=handlers.all())


if __name__ == "__main__":
    main()
