"""An archive that cannot be opened leaves nothing open, however often it is tried."""

from __future__ import annotations

import errno
import threading

import pytest

from core.archive import archive as archive_module
from core.archive import arrivals, mending
from core.archive.files import ObjectFiles
from core.errors import ArchiveError
from tests.core.archive.objects import Opener, make, store
from tests.peers.processes import descriptors

OBJECTS = 12
"""In the log when the process died: more than are synced without a process that helps."""


class Died(BaseException):
    """What nobody expects."""


def fails(*_: object, **__: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


def dies(*_: object) -> None:
    raise Died


@pytest.fixture
def crashed(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> Opener:
    """An archive with objects in its log of arrivals."""
    monkeypatch.setattr(arrivals, "_QUIET", 1000.0)
    log = opener.folder / "index/arrivals-0"
    with opener() as archive:
        for number in range(OBJECTS):
            store(archive, make(f"1.{number}"))
        logged = log.read_bytes()
    log.write_bytes(logged)
    return opener


def leaves_nothing(opener: Opener, error: type[BaseException]) -> None:
    before = descriptors(), threading.active_count()
    for _ in range(3):
        with pytest.raises(error):
            opener()
    assert (descriptors(), threading.active_count()) == before


def opens_again(opener: Opener) -> None:
    with opener() as archive:
        assert archive.statistics().instances == OBJECTS
        assert archive.check(repair=False).clean


def test_where_the_journal_can_be_opened_only_in_part(crashed: Opener) -> None:
    mark = crashed.folder / "index/mark"
    mark.unlink()
    mark.mkdir()
    leaves_nothing(crashed, ArchiveError)
    mark.rmdir()
    opens_again(crashed)


@pytest.mark.parametrize(
    ("of", "name", "fault", "error"),
    [
        (archive_module, "Protection", dies, Died),
        (ObjectFiles, "leftovers", fails, ArchiveError),
        (mending, "finish_leftovers", dies, Died),
    ],
    ids=["the index is not understood", "leftovers cannot be read", "its end in the midst"],
)
def test_where_it_fails_later(
    crashed: Opener,
    monkeypatch: pytest.MonkeyPatch,
    of: object,
    name: str,
    fault: object,
    error: type[BaseException],
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(of, name, fault)
        leaves_nothing(crashed, error)
    opens_again(crashed)


def test_what_cannot_be_let_go_keeps_nothing_else(
    crashed: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Least of all the lock: another station may have the folder."""
    archive = crashed()
    with monkeypatch.context() as patch:
        patch.setattr(ObjectFiles, "close", fails)
        with pytest.raises(OSError, match="Input/output"):
            archive.close()
    archive._landing.files.close()
    opens_again(crashed)
