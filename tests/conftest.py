"""Interop tests run where their peers are installed, and CI may not leave them out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pydicom  # noqa: F401  whole, before a verb that asks only loads it without its decoders
import pytest
from pynetdicom.transport import AssociationServer

from core.archive.arrivals import Arrivals
from tests.peers.dcmtk import have_dcmtk
from tests.peers.orthanc import Orthanc, have_orthanc

REQUIRED = bool(os.environ.get("MODALITTY_REQUIRE_PEERS"))
_passed_interop = 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [
        name for name, have in (("dcmtk", have_dcmtk()), ("orthanc", have_orthanc())) if not have
    ]
    if not missing:
        return
    if REQUIRED:
        raise pytest.UsageError(f"peers are required and missing: {', '.join(missing)}")
    reason = f"needs {' and '.join(missing)}, see tests/peers/install.sh"
    for item in items:
        if item.get_closest_marker("interop"):
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    global _passed_interop
    if report.when == "call" and report.passed and "interop" in report.keywords:
        _passed_interop += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    is_worker = hasattr(session.config, "workerinput")
    if REQUIRED and not is_worker and not _passed_interop and not session.config.option.collectonly:
        print(
            "\nno interop test passed, and MODALITTY_REQUIRE_PEERS is set: this run proves nothing"
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True, scope="session")
def _little_is_kept_ready() -> Iterator[None]:
    """A station of a test makes one MiB of its log ready, not what a real one does."""
    real = Arrivals.make_ready
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Arrivals, "make_ready", lambda log, size: real(log, min(size, 1 << 20)))
        yield


@pytest.fixture(autouse=True, scope="session")
def _stock_servers_end_soon() -> Iterator[None]:
    """A server of pynetdicom's looks twenty times a second whether it is to end, and not twice."""
    real = AssociationServer.serve_forever
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AssociationServer, "serve_forever", lambda server: real(server, 0.05))
        yield


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    """An Orthanc of one's own, that knows nobody yet."""
    with Orthanc(tmp_path / "orthanc") as peer:
        yield peer
