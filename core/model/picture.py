"""One object's picture: how it is wanted, what it is, and what one of its pixels says."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class PixelMode(str, Enum):
    """How the bytes of a picture are laid out: one or three bytes per pixel, rows from the top."""

    GREY = "L"
    COLOUR = "RGB"


class Window(Struct, frozen=True, kw_only=True):
    """A VOI window, PS3.3 C.11.2.1.2, in the unit of the picture.

    `function` is a VOI LUT Function (LINEAR, LINEAR_EXACT, SIGMOID); where empty, the object's own.
    """

    center: float
    width: float
    explanation: str = ""
    function: str = ""


class Rendering(Struct, frozen=True, kw_only=True):
    """How a picture is wanted.

    `window` takes the place of the object's own; `automatic` asks for one over the values that
    occur. `edge` is the longest side wanted in pixels, 0 for as it is; nothing is made larger.
    """

    window: Window | None = None
    automatic: bool = False
    invert: bool = False
    overlays: bool = True
    edge: int = 0


class Picture(Struct, frozen=True, kw_only=True):
    """One rendered frame, ready for a screen: 8 bits per sample, no padding.

    `width` and `height` are those of `pixels`, `columns` and `rows` those of the stored matrix,
    which is larger where an edge was asked for. `aspect` is the height of a pixel divided by its
    width, 1.0 for square ones. `window` is the one that was applied, None where none was;
    `windows` are the object's own. `frames` is the object's number of frames, and `frame` counts
    from 0. `orientation` says which side of the patient is at the left, right, top and bottom
    (PS3.3 C.7.6.1.1.1), empty where unknown; `position` is the slice's place in words. `unit` is
    that of windows and values, empty where unknown; times `suv_factor` they are body-weight SUV in
    g/ml, and it is 0 where the header of a PET does not allow it. `overlays` is how many there are.
    """

    width: int
    height: int
    mode: PixelMode
    pixels: bytes
    columns: int = 0
    rows: int = 0
    aspect: float = 1.0
    frame: int = 0
    frames: int = 1
    frames_per_second: float = 0.0
    window: Window | None = None
    windows: tuple[Window, ...] = ()
    orientation: tuple[str, str, str, str] = ("", "", "", "")
    position: str = ""
    unit: str = ""
    suv_factor: float = 0.0
    modality: str = ""
    overlays: int = 0
    caption: str = ""


class PixelValue(Struct, frozen=True, kw_only=True):
    """What stands at one place of a frame; `column` and `row` count from 0.

    `stored` has one value per sample, `value` is what they mean in `unit`, None for colours and
    padding. `suv` is the body-weight SUV in g/ml where the header of a PET allows it.
    """

    column: int
    row: int
    stored: tuple[float, ...]
    value: float | None = None
    unit: str = ""
    suv: float | None = None
    is_padding: bool = False
