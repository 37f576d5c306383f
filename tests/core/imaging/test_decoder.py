"""The decoder lives through what an object does to it, within two seconds, in bounded memory."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import examples
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from benchmarks import fuzz_pictures
from core.errors import NoPreviewError
from core.imaging import Decoder, guarded, patience
from core.imaging.pictures import Renderer
from core.imaging.protocol import PictureRequest
from core.model import PixelMode
from tests.core.imaging.objects import encapsulated, image, write, write_deflated
from tests.samples import sample_file

CODED = Path(__file__).parent / "coded"
GREY = {
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "BitsAllocated": 8,
    "BitsStored": 8,
    "HighBit": 7,
    "PixelRepresentation": 0,
}
LIMIT = 8
"""Seconds: two for a picture, and the start of a new process on a machine that is busy."""
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        decoder.warm_up()
        yield decoder


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write(tmp_path, image(RAMP), "sound.dcm")


def pid_of(decoder: Decoder) -> int:
    assert decoder._process is not None
    return decoder._process.pid


def peak_memory(pid: int) -> int:
    """The largest resident size of a process so far, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) >> 10


def refused(decoder: Decoder, path: Path, frame: int = 0) -> str:
    """Why there is no picture; told before the time limit of decoding ends it."""
    began = time.monotonic()
    with pytest.raises(NoPreviewError) as caught:
        decoder.picture(path, frame=frame)
    assert time.monotonic() - began < LIMIT
    assert caught.value.message.startswith("no preview: ")
    return caught.value.message


def test_a_frame_comes_back_as_it_is(decoder: Decoder, sound: Path) -> None:
    picture = decoder.picture(sound)
    assert (picture.width, picture.height, picture.mode) == (16, 16, PixelMode.GREY)
    assert picture.pixels == RAMP.tobytes()


def test_the_next_frame_comes_from_the_same_worker(decoder: Decoder) -> None:
    path = Path(str(examples.get_path("ybr_color")))
    assert decoder.picture(path).frames == 30
    worker = decoder._process
    assert [decoder.picture(path, frame=frame).frame for frame in range(1, 11)] == [*range(1, 11)]
    assert decoder._process is worker


def test_65535_by_65535_in_160_bytes_is_refused(decoder: Decoder, tmp_path: Path) -> None:
    coded = bytes([1] + [0] * 3 + [64] + [0] * 59) + b"\x81\x00" * 48
    path = write(tmp_path, encapsulated([coded], RLELossless, Rows=65535, Columns=65535, **GREY))
    assert "65535 by 65535" in refused(decoder, path)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless])
def test_two_thousand_million_frames_that_are_not_there(
    decoder: Decoder, tmp_path: Path, syntax: UID
) -> None:
    if syntax == RLELossless:
        coded = bytes([1] + [0] * 3 + [64] + [0] * 59) + b"\x81\x00" * 2
        ds = encapsulated([coded], syntax, Rows=16, Columns=16, **GREY)
    else:
        ds = image(RAMP)
    ds.NumberOfFrames = 2**31 - 1
    path = write(tmp_path, ds)
    assert decoder.picture(path).frames < 100
    refused(decoder, path, frame=2**31 - 2)
    refused(decoder, path, frame=2**31 - 1)
    refused(decoder, path, frame=-1)
    assert peak_memory(pid_of(decoder)) < 600


def test_a_deflated_bomb_is_not_inflated(decoder: Decoder, tmp_path: Path) -> None:
    path = write_deflated(tmp_path, image(RAMP), tail=bytes(300 << 20))
    assert path.stat().st_size < 400_000
    assert "inflates" in refused(decoder, path)
    assert peak_memory(pid_of(decoder)) < 600


def test_a_sound_deflated_object_is_shown(decoder: Decoder, tmp_path: Path) -> None:
    assert decoder.picture(write_deflated(tmp_path, image(RAMP))).pixels == RAMP.tobytes()


@pytest.mark.parametrize(
    "name",
    [
        "SC_rgb_jpeg_dcmtk.dcm",
        "JPEG-lossy.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "693_J2KI.dcm",
        "SC_rgb_rle.dcm",
    ],
)
def test_damaged_pixel_data_hurts_nobody(
    decoder: Decoder, tmp_path: Path, sound: Path, name: str
) -> None:
    whole = sample_file(name).read_bytes()
    start = whole.rindex(b"\xe0\x7f\x10\x00") + 12
    dice = random.Random(name)
    for turn in range(12):
        damaged = bytearray(whole)
        for _ in range(1 + turn * 4):
            damaged[dice.randrange(start, len(whole))] = dice.randrange(256)
        if turn % 3 == 2:
            del damaged[dice.randrange(start, len(whole)) :]
        path = tmp_path / "damaged.dcm"
        path.write_bytes(damaged)
        began = time.monotonic()
        with contextlib.suppress(NoPreviewError):
            decoder.picture(path)
        assert time.monotonic() - began < LIMIT
    assert decoder.picture(sound).width == 16


def test_a_codestream_that_claims_to_be_huge_stays_within_bounds(
    decoder: Decoder, tmp_path: Path, sound: Path
) -> None:
    whole = bytearray(sample_file("SC_rgb_jpeg_dcmtk.dcm").read_bytes())
    frame = whole.index(b"\xff\xc0") + 5
    whole[frame : frame + 4] = b"\xff\xff\xff\xff"
    path = tmp_path / "huge.dcm"
    path.write_bytes(whole)
    refused(decoder, path)
    assert decoder.picture(sound).width == 16


@pytest.mark.parametrize(
    ("place", "claim"),
    [(8, struct.pack(">2I", 60_000, 60_000)), (24, struct.pack(">2I", 1, 1)),
     (40, struct.pack(">H", 16384))],
    ids=["size", "tiles", "samples"],
)  # fmt: skip
def test_a_jpeg_2000_frame_that_claims_too_much(
    decoder: Decoder, tmp_path: Path, sound: Path, place: int, claim: bytes
) -> None:
    coded = bytearray((CODED / "j2k_rct.j2k").read_bytes())
    coded[place : place + len(claim)] = claim
    if place == 24:
        coded[8:16] = struct.pack(">2I", 2000, 2000)
    ds = encapsulated([bytes(coded)], JPEG2000Lossless, Rows=2000, Columns=2000, **GREY)
    refused(decoder, write(tmp_path, ds))
    assert decoder.picture(sound).width == 16
    assert peak_memory(pid_of(decoder)) < 800


def test_the_console_grows_by_nothing_that_a_bomb_holds(
    decoder: Decoder, tmp_path: Path, sound: Path
) -> None:
    def resident() -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) >> 10

    decoder.picture(sound)
    before = resident()
    # A gigabyte of one value, in a frame that says so: 64 KiB of runs.
    coded = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\x00" * 32_000
    path = write(tmp_path, encapsulated([coded], RLELossless, Rows=32767, Columns=32767, **GREY))
    refused(decoder, path)
    refused(decoder, write_deflated(tmp_path, image(RAMP), tail=bytes(200 << 20)))
    assert decoder.picture(sound).width == 16
    assert resident() - before < 30


def test_damage_of_any_kind_is_survived(tmp_path: Path, sound: Path) -> None:
    with Decoder() as decoder:
        decoder.warm_up()
        fates = list(fuzz_pictures.tried(decoder, seed=20261123, count=400, folder=tmp_path))
        assert decoder.picture(sound).pixels == RAMP.tobytes()
    assert max(took for _, _, took in fates) < LIMIT
    drawn = sum(fate == "drawn" for _, fate, _ in fates)
    assert 80 < drawn < 320  # some of it was damage, and some was none
    assert all(fate == "drawn" or fate.startswith("no preview: ") for _, fate, _ in fates)


def test_sequences_nested_two_hundred_deep(decoder: Decoder, tmp_path: Path) -> None:
    inner = Dataset()
    for _ in range(200):
        outer = Dataset()
        outer.ReferencedImageSequence = Sequence([inner])
        inner = outer
    ds = image(RAMP)
    ds.ReferencedImageSequence = inner.ReferencedImageSequence
    assert decoder.picture(write(tmp_path, ds)).pixels == RAMP.tobytes()


def test_a_file_that_is_not_dicom_or_not_there(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear colleague, " * 200)
    refused(decoder, path)
    refused(decoder, tmp_path / "nowhere.dcm")
    refused(decoder, tmp_path)
    (tmp_path / "empty.dcm").write_bytes(b"")
    refused(decoder, tmp_path / "empty.dcm")
    os.mkfifo(tmp_path / "pipe.dcm")
    refused(decoder, tmp_path / "pipe.dcm")


def test_the_next_frame_is_decoded_before_it_is_asked_for(tmp_path: Path) -> None:
    frame = np.random.default_rng(1).integers(0, 4096, (400, 400), dtype=np.uint16)
    ds = image(frame, BitsStored=12, HighBit=11)
    ds.compress(JPEG2000Lossless, generate_instance_uid=False)
    coded = next(generate_frames(ds.PixelData, number_of_frames=1))
    ds.PixelData, ds.NumberOfFrames = encapsulate([coded] * 4), 4
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    renderer = Renderer()
    path = str(write(tmp_path, ds))
    for number in range(2):
        renderer.answer(PictureRequest(path=path, frame=number))
    opened = renderer._image
    assert opened is not None
    renderer.read_ahead()
    assert [*opened._decoded] == [0, 1, 2]
    renderer.answer(PictureRequest(path=path, frame=0))  # a jump: nobody knows what comes next
    renderer.read_ahead()
    assert [*opened._decoded] == [1, 2, 0]
    renderer.forget()


def test_who_asks_is_not_blamed_for_what_was_read_ahead(sound: Path) -> None:
    many = Path(str(examples.get_path("ybr_color")))
    with Decoder() as decoder:
        decoder.picture(many)
        os.kill(pid_of(decoder), signal.SIGSEGV)
        assert decoder.picture(sound).width == 16


def test_a_worker_that_is_killed_is_replaced(sound: Path) -> None:
    with Decoder() as decoder:
        decoder.picture(sound)
        first = pid_of(decoder)
        os.kill(first, signal.SIGSEGV)
        # Whether the first call meets the dying worker or its successor is a matter of luck.
        with contextlib.suppress(NoPreviewError):
            decoder.picture(sound)
        assert decoder.picture(sound).width == 16
        assert pid_of(decoder) != first


def test_a_decoder_that_hangs_is_given_up(sound: Path) -> None:
    with Decoder() as decoder:
        decoder.picture(sound)
        os.kill(pid_of(decoder), signal.SIGSTOP)
        with pytest.raises(NoPreviewError, match="takes too long"):
            decoder.picture(sound)
        assert decoder.picture(sound).width == 16


def test_a_process_that_never_comes_back_is_ended_by_its_own_clock() -> None:
    program = "from core.imaging.patience import PATIENCE as p; p.begin(); [*iter(int, 1)]"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, timeout=20, check=False)
    assert done.returncode == -signal.SIGALRM


def test_time_is_allowed_by_the_bytes_that_are_there() -> None:
    assert patience.allowed(0) < 2
    assert patience.allowed(1 << 20) < 2
    assert patience.allowed(12 << 20) > 4  # a mammogram in JPEG 2000
    assert patience.allowed(1 << 40) == patience.MOST


def test_threads_share_one_decoder(decoder: Decoder, sound: Path) -> None:
    seen: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: seen.append(decoder.picture(sound).pixels))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert seen == [RAMP.tobytes()] * 8


def test_closing_ends_the_worker(sound: Path) -> None:
    decoder = Decoder()
    decoder.picture(sound)
    pid = pid_of(decoder)
    decoder.close()
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(NoPreviewError, match="closed"):
        decoder.picture(sound)
    decoder.close()


def test_closing_does_not_wait_for_a_picture(sound: Path) -> None:
    decoder = Decoder(seconds=60)
    decoder.picture(sound)
    os.kill(pid_of(decoder), signal.SIGSTOP)
    faults: list[str] = []

    def ask() -> None:
        with pytest.raises(NoPreviewError) as caught:
            decoder.picture(sound)
        faults.append(caught.value.message)

    asking = threading.Thread(target=ask)
    asking.start()
    deadline = time.monotonic() + 5
    while not decoder._lock.locked() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    decoder.close()
    asking.join(timeout=5)
    assert faults


def test_the_console_loads_no_decoder_itself() -> None:
    program = (
        "import sys, core.imaging\n"
        "assert not {'numpy', 'pydicom', 'gdcm', 'PIL'} & set(sys.modules), 'loaded'\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert (
        subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode
        == 0
    )


def test_pillow_is_out_of_reach_of_the_worker() -> None:
    program = guarded._START.partition("from importlib")[0] + (
        "from pydicom.pixels.decoders.base import get_decoder as d; from pydicom import uid\n"
        "print(*d(uid.JPEGBaseline8Bit).available_plugins, *d(uid.JPEG2000).available_plugins)"
    )
    path = "\n".join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, path], capture_output=True, text=True, check=True
    )
    assert "gdcm" in done.stdout
    assert "pillow" not in done.stdout


def test_the_worker_does_not_outlive_a_killed_parent(sound: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from core.imaging import Decoder\n"
        "d = Decoder(); d.picture(Path(sys.argv[1])); print(d._process.pid, flush=True)\n"
        "sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(sound)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait(timeout=10)
    parent.stdout.close()
    parent.stdin.close()
    deadline = time.monotonic() + 10
    while _alive(worker) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert not _alive(worker)


def _alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
