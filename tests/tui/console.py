"""A console over a real station, with a second one as its peer, and ways to look at the screen."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from core.model import JobState, Modality
from core.settings_file import SettingsStore
from core.station import Station
from tests.peers.processes import free_port

HOSTILE = "Evil^[/b][@click=app.exit]x\x1b]52;c;AAAA\x07"


@dataclass(frozen=True)
class Pair:
    """Two stations that know each other: ours, and the PACS beside it."""

    me: Station
    pacs: Station

    @property
    def pacs_modality(self) -> Modality:
        return self.me.modalities.get("pacs")


def open_station(
    folder: Path, ae_title: str, peer: tuple[str, str, int] | None, port: int = 0
) -> Station:
    folder.mkdir(parents=True)
    config = folder / "config.toml"
    text = f'[station]\nae_title = "{ae_title}"\nhost = "127.0.0.1"\n'
    text += f"port = {port or free_port()}\nconnect_timeout = 3\n"
    if peer:
        name, title, at = peer
        text += f'[modalities.{name}]\nae_title = "{title}"\nhost = "127.0.0.1"\nport = {at}\n'
    config.write_text(text)
    return Station.open(SettingsStore.open(config), folder / "data")


@contextlib.contextmanager
def pair(folder: Path, studies: int = 2) -> Iterator[Pair]:
    """Open both; the PACS holds `studies` studies of two series with two images each."""
    my_port = free_port()
    with open_station(folder / "pacs", "PACS", ("me", "ME", my_port)) as pacs:
        pacs_port = pacs.listen()
        with open_station(folder / "me", "ME", ("pacs", "PACS", pacs_port), my_port) as me:
            if studies:
                files = folder / "files"
                write_studies(files, studies)
                hold(pacs, files)
            yield Pair(me, pacs)


def write_studies(folder: Path, studies: int, start: int = 1) -> None:
    """Write small CT objects; the first study's patient has a hostile name."""
    folder.mkdir(parents=True, exist_ok=True)
    for study in range(start, start + studies):
        for series in (1, 2):
            for image in (1, 2):
                ds = image_object(study, series, image)
                ds.save_as(folder / f"{study}-{series}-{image}.dcm", enforce_file_format=True)


def image_object(study: int, series: int, image: int) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.SOPClassUID = CTImageStorage
    ds.StudyInstanceUID = f"1.2.3.{study}"
    ds.SeriesInstanceUID = f"1.2.3.{study}.{series}"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{study}.{series}.{image}"
    ds.PatientName = HOSTILE if study == 1 else f"Patient^Number {study}"
    ds.PatientID = f"ID{study}"
    ds.AccessionNumber = f"ACC{study}"
    ds.StudyDate = f"202401{study % 28 + 1:02}"
    ds.StudyTime = "120000"
    ds.StudyDescription = f"study {study}"
    ds.Modality = "CT"
    ds.SeriesNumber = series
    ds.SeriesDescription = f"series {series}"
    ds.InstanceNumber = image
    ds.Rows = ds.Columns = 16
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    ds.PixelRepresentation = 0
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.PixelData = bytes(range(256))
    return ds


def text_of(app: App[object]) -> str:
    """What stands on the screen now."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def hold(station: Station, *paths: Path) -> None:
    """Take files, or folders of them, into a station's archive."""
    job = station.jobs.import_files(paths)
    ended = station.jobs.wait(job.id, 30)
    assert ended.state is JobState.DONE
    assert ended.arrived


async def open_inspector(pilot: Pilot[object], *texts: str) -> None:
    """Open the first object held of the only study, and wait until `texts` stand on the screen."""
    await pilot.press("4")
    await until_shown(pilot, "1 study")
    await pilot.press("i")
    await until_shown(pilot, *texts)


async def paste(pilot: Pilot[object], text: str) -> None:
    """Put text into the input that has the focus, in place of what is there."""
    line = pilot.app.focused
    assert isinstance(line, Input)
    line.value = text
    await pilot.pause()


async def until(
    pilot: Pilot[object], condition: Callable[[], object], what: str = "", seconds: float = 20
) -> None:
    """Wait until `condition()` is true; shows the screen where it never is."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}\n{text_of(pilot.app)}")
        await pilot.pause(0.01)


async def until_shown(pilot: Pilot[object], *texts: str) -> None:
    """Wait until all of `texts` stand on the screen, and a question there takes an answer."""
    for text in texts:
        await until(pilot, lambda text=text: text in text_of(pilot.app), f"{text!r} on the screen")
    await until(pilot, lambda: getattr(pilot.app.screen, "seen_at", 0) < math.inf, "its paint")
