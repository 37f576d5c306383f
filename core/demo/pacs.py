"""A simulated PACS on loopback: a second station that holds the sample studies."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType

from pydicom.config import disable_value_validation

from core.demo.ending import end_softly
from core.demo.loopback import HOST, free_port
from core.demo.studies import write_studies
from core.errors import ListenError, ModalittyError
from core.model import JobState, Modality
from core.settings_file import SettingsStore
from core.station import Station

AE_TITLE = "DEMOPACS"
_ATTEMPTS = 5


class DemoPacs:
    """A PACS with the sample studies while the context lasts; afterwards nothing is left of it.

    It knows `console` (AE title and port of the console's own listener), so that C-MOVE to it
    works. Everything lies in a folder of its own under `folder`, the system's one for temporary
    files by default. In the main thread, SIGTERM and SIGHUP end the context like sys.exit does,
    unless the program handles them itself.
    """

    def __init__(
        self, console: Modality, folder: Path | None = None, today: date | None = None
    ) -> None:
        self._console = console
        self._parent = folder
        self._today = today
        self._exits = ExitStack()
        self._station: Station | None = None

    def __enter__(self) -> DemoPacs:
        with ExitStack() as exits:
            end_softly(exits)
            folder = Path(tempfile.mkdtemp(prefix="modalitty-demo-", dir=self._parent))
            exits.callback(shutil.rmtree, folder, ignore_errors=True)
            self._station = _listening(exits, folder, self._console)
            self._fill(folder / "studies")
            self._exits = exits.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._exits.close()

    @property
    def station(self) -> Station:
        """The station under it; there is one while the context lasts."""
        if self._station is None:
            raise ModalittyError("the demo PACS is not open")
        return self._station

    @property
    def modality(self) -> Modality:
        """How the console reaches it."""
        where = self.station.listening
        return Modality(
            name="demo-pacs",
            ae_title=AE_TITLE,
            host=HOST,
            port=where[1] if where else 1,
            comment="simulated PACS with sample studies",
        )

    def _fill(self, folder: Path) -> None:
        """Write the studies, import them, and take the files away again."""
        with disable_value_validation():  # our own values, which a test of them validates
            write_studies(folder, self._today or date.today())
        job = self.station.jobs.wait(self.station.jobs.import_files([folder]).id)
        if job.state is not JobState.DONE:
            raise ModalittyError(f"the sample studies cannot be imported: {job.note}")
        shutil.rmtree(folder, ignore_errors=True)


def _listening(exits: ExitStack, folder: Path, console: Modality) -> Station:
    """A station that listens; a port that someone else takes meanwhile is tried again."""
    for attempt in range(_ATTEMPTS):
        config = folder / "config.toml"
        config.write_text(_CONFIG.format(port=free_port()), encoding="utf-8")
        station = Station.open(SettingsStore.open(config), folder / "data")
        try:
            station.modalities.put(console)
            station.listen()
        except ListenError:
            station.close()
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        except BaseException:
            station.close()
            raise
        exits.callback(station.close)
        return station
    raise AssertionError("unreachable")


_CONFIG = f"""\
[station]
ae_title = "{AE_TITLE}"
host = "{HOST}"
port = {{port}}
[archive]
burst_mib = 0
"""
