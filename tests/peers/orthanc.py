"""Orthanc on loopback, over a folder of its own."""

from __future__ import annotations

import json
import shutil
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.peers.processes import Peer, eventually, free_port


def _binary() -> str | None:
    return shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


def have_orthanc() -> bool:
    return _binary() is not None


class Orthanc:
    """A running Orthanc: its DICOM side at `port`, its REST side through `rest`."""

    def __init__(self, folder: Path, ae_title: str = "ORTHANC", **settings: Any) -> None:
        self.folder = folder
        self.ae_title = ae_title
        self.port = free_port()
        self._http_port = free_port()
        self._settings = settings

    def __enter__(self) -> Orthanc:
        self.folder.mkdir(parents=True)
        configuration = self.folder / "orthanc.json"
        configuration.write_text(json.dumps(self._configuration()))
        binary = _binary()
        assert binary, "Orthanc is not installed"
        self._peer = Peer([binary, str(configuration)], self.port, self.folder / "orthanc.log")
        self._peer.start()
        eventually(self._rest_is_up, what="Orthanc's REST API")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._peer.stop()

    @property
    def pid(self) -> int:
        return self._peer.pid

    def rest(self, path: str, body: Any = None, method: str = "") -> Any:
        """Ask the REST API: GET, or POST where there is a body (bytes, or a value for JSON)."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._http_port}{path}",
            data=data,
            method=method or ("GET" if data is None else "POST"),
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = response.read()
        return json.loads(answer) if answer else None

    def upload(self, *paths: Path) -> None:
        for path in paths:
            self.rest("/instances", path.read_bytes())

    def know(self, name: str, ae_title: str, port: int) -> None:
        """Enter a modality, allowed everything."""
        peer = {"AET": ae_title, "Host": "127.0.0.1", "Port": port}
        self.rest(f"/modalities/{name}", peer, method="PUT")

    def _rest_is_up(self) -> bool:
        try:
            return bool(self.rest("/system"))
        except OSError:
            return False

    def _configuration(self) -> dict[str, Any]:
        return {
            "Name": "test",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "index"),
            "DicomAet": self.ae_title,
            "DicomPort": self.port,
            "HttpPort": self._http_port,
            "HttpServerEnabled": True,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAlwaysAllowEcho": True,
            "DicomAlwaysAllowStore": True,
            "DicomModalitiesInDatabase": True,
            "DicomModalities": {},
            # Its default, Latin-1, loses every name in another script.
            "DefaultEncoding": "Utf8",
            "Plugins": [],
            **self._settings,
        }
