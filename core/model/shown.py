"""One object to be looked at: its tags and its picture."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class ElementRow(Struct, frozen=True, kw_only=True):
    """One line of a data set as a tree: an element, or the start of a sequence item.

    `depth` is 0 for the data set itself. `length` is the value's length in bytes, None where
    undefined. `path` names the element as pydicom would be asked for it, such as
    `ReferencedSeriesSequence[0].SeriesInstanceUID`. `is_item` marks an item's own line.
    """

    depth: int
    tag: str
    vr: str
    keyword: str
    name: str
    value: str
    path: str
    vm: int = 1
    length: int | None = None
    is_private: bool = False
    is_sequence: bool = False
    is_item: bool = False


class PixelMode(str, Enum):
    """How the bytes of a picture are laid out: one or three bytes per pixel, rows from the top."""

    GREY = "L"
    COLOUR = "RGB"


class Window(Struct, frozen=True, kw_only=True):
    """A VOI window, PS3.3 C.11.2.1.2."""

    center: float
    width: float
    explanation: str = ""


class Picture(Struct, frozen=True, kw_only=True):
    """One rendered frame, ready for a screen: 8 bits per sample, no padding.

    `aspect` is the height of a pixel divided by its width, 1.0 for square ones. `window` is the
    one that was applied, None where none was. `frames` is the object's number of frames, and
    `frame` counts from 0.
    """

    width: int
    height: int
    mode: PixelMode
    pixels: bytes
    aspect: float = 1.0
    frame: int = 0
    frames: int = 1
    frames_per_second: float = 0.0
    window: Window | None = None
    windows: tuple[Window, ...] = ()
    caption: str = ""
