"""The peers themselves: without them running, interop tests would prove nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers import dcmtk
from tests.peers.orthanc import Orthanc


@pytest.mark.interop
def test_dcmtk_reaches_orthanc(orthanc: Orthanc) -> None:
    answer = dcmtk.run("echoscu", "-v", "-aec", "ORTHANC", "127.0.0.1", orthanc.port)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.interop
def test_dcmqrscp_and_storescp_answer(tmp_path: Path) -> None:
    with (
        dcmtk.storescp(tmp_path / "in") as store,
        dcmtk.dcmqrscp(tmp_path / "qr", {"me": ("ECHOSCU", 11113)}) as archive,
    ):
        assert dcmtk.run("echoscu", "127.0.0.1", store.port).returncode == 0
        answer = dcmtk.run("echoscu", "-v", "-aec", "DCMQRSCP", "127.0.0.1", archive.port)
        assert answer.returncode == 0, answer.stdout
