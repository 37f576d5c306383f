"""Damaged objects by the thousand: python -m benchmarks.fuzz_pictures [SEED [COUNT]].

Each is a sample with something broken in it: bytes, lengths, attributes, or an end too early. What
must hold: an answer within the time limit, a worker that is replaced when it dies, and a sound
picture afterwards. Printed are how many were drawn, refused and fatal, the slowest, and memory.
"""

from __future__ import annotations

import io
import random
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.uid import HTJ2K, JPEG2000, JPEGExtended12Bit, JPEGLossless, JPEGLSLossless

from core.errors import NoPreviewError
from core.imaging import Decoder
from tests.core.imaging.objects import image
from tests.samples import sample_files

CODED = Path(__file__).parent.parent / "tests" / "core" / "imaging" / "coded"
_SYNTAXES = {
    ".jph": HTJ2K,
    ".j2k": JPEG2000,
    ".jp2": JPEG2000,
    ".jpg": JPEGLossless,
    ".jls": JPEGLSLossless,
}

LARGEST = 200_000
"""Bytes of a sample: larger ones make the round slow and break in no other way."""
LIMIT = 2.5
"""Seconds: two, and a margin for a machine that has other work."""
_WORDS = (b"\0\0", b"\xff\xff", b"\x01\0", b"\0\x80", b"\xff\x7f")
_LENGTHS = (0, 1, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 0x80000000, 1 << 24)
# Rows, Columns, bits, samples, frames, planar, palette, window: each as its tag is written.
_ELEMENTS = tuple(
    struct.pack("<HH", 0x0028, element)
    for element in (
        0x0002, 0x0004, 0x0006, 0x0008, 0x0010, 0x0011, 0x0100, 0x0101, 0x0102, 0x0103, 0x0120,
        0x1050, 0x1051, 0x1053, 0x1101, 0x1201, 0x3002, 0x3006,
    )
)  # fmt: skip


def samples() -> list[bytes]:
    """Sound objects of every kind, small ones."""
    found = []
    for path in sample_files():
        if path.suffix in ("", ".dcm") and path.stat().st_size < LARGEST:
            data = path.read_bytes()
            if b"\xe0\x7f\x10\x00" in data or b"\x7f\xe0\x00\x10" in data:
                found.append(data)
    return found + [_object(path) for path in sorted(CODED.glob("*.j*"))]


def _object(path: Path) -> bytes:
    """A coded frame of the tests, as an object."""
    colour = "rgb" in path.name or "ct." in path.name
    array = np.zeros((24, 32, 3) if colour else (24, 32), np.uint8 if colour else np.uint16)
    ds = image(array, syntax=_SYNTAXES[path.suffix])
    if "extended" in path.name:
        ds.file_meta.TransferSyntaxUID = JPEGExtended12Bit
    ds.PixelData = encapsulate([path.read_bytes()])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    written = io.BytesIO()
    ds.save_as(written, enforce_file_format=True)
    return written.getvalue()


def damaged(dice: random.Random, sound: list[bytes]) -> bytes:
    """One sample with something broken in it."""
    data = bytearray(dice.choice(sound))
    pixels = max(data.rfind(b"\xe0\x7f\x10\x00"), 0)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        how = dice.randrange(7)
        place = dice.randrange(len(data))
        if how == 0:
            data[place] = dice.randrange(256)
        elif how == 1 and pixels + 12 < len(data):
            # Where the codestream says what it is.
            data[min(len(data) - 1, pixels + dice.randrange(200))] = dice.randrange(256)
        elif how == 2:
            del data[place : place + dice.choice((1, 2, 100, len(data)))]
        elif how == 3:
            data[place:place] = dice.randbytes(dice.choice((1, 4, 300)))
        elif how == 4:
            data[place : place + 4] = struct.pack("<I", dice.choice(_LENGTHS))
        elif how == 5:
            found = data.find(dice.choice(_ELEMENTS))
            if found >= 0:
                data[found + 8 : found + 10] = dice.choice(_WORDS)
        else:
            other = dice.choice(sound)
            cut = dice.randrange(len(other))
            data[place:] = other[cut:]
        if len(data) < 2:
            data = bytearray(dice.choice(sound))
    return bytes(data)


def tried(
    decoder: Decoder, seed: int, count: int, folder: Path
) -> Iterator[tuple[int, str, float]]:
    """For each damaged object its number, what became of it, and the seconds that took."""
    sound, dice = samples(), random.Random(seed)
    path = folder / "damaged.dcm"
    for number in range(count):
        path.write_bytes(damaged(dice, sound))
        began = time.perf_counter()
        try:
            decoder.picture(path)
            fate = "drawn"
        except NoPreviewError as fault:
            fate = fault.message
        took = time.perf_counter() - began
        if took > LIMIT:
            kept = folder.parent / f"slow-{seed}-{number}.dcm"
            kept.write_bytes(path.read_bytes())
        yield number, fate, took


def _resident(pid: int | str) -> int:
    """MiB that a process holds now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) >> 10


def main() -> None:
    """Try as many as the arguments say."""
    seed, count = (int(word) for word in [*sys.argv[1:3], "1", "3000"][:2])
    fates: Counter[str] = Counter()
    slowest, late = 0.0, 0
    with tempfile.TemporaryDirectory() as folder, Decoder() as decoder:
        decoder.warm_up()
        before = _resident("self")
        for number, fate, took in tried(decoder, seed, count, Path(folder)):
            fates[fate.removeprefix("no preview: ").partition(":")[0][:60]] += 1
            slowest, late = max(slowest, took), late + (took > LIMIT)
            if "died" in fate or "too long" in fate:
                print(f"{number}: {fate} ({took:.2f} s)", flush=True)
        print(f"console before and after: {before} and {_resident('self')} MiB")
    print(f"slowest {slowest:.2f} s, {late} beyond {LIMIT} s")
    for fate, times in fates.most_common(25):
        print(f"{times:6}  {fate}")


if __name__ == "__main__":
    main()
