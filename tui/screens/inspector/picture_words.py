"""What the line below a picture says: what is seen of it, the most telling first."""

from __future__ import annotations

from core.model import Picture, PixelMode, PixelValue
from tui.preview.viewport import Placement
from tui.preview.windows import Windows, numbers
from tui.screens.inspector.cine import Cine


def pixel_words(pixel: PixelValue) -> str:
    """Where a pixel is, and what it says: its value in its unit, SUV, what is stored."""
    at = f"x {pixel.column} y {pixel.row}"
    stored = ", ".join(f"{value:.6g}" for value in pixel.stored)
    if pixel.is_padding:
        return f"{at}: padding ({stored})"
    parts = []
    if pixel.value is not None:
        parts.append(f"{pixel.value:.6g} {pixel.unit}".strip())
    if pixel.suv is not None and pixel.unit != "g/ml":
        parts.append(f"SUV {pixel.suv:.3g} g/ml")
    if (pixel.value,) != pixel.stored:
        parts.append(f"stored {stored}")
    return f"{at}: {', '.join(parts)}"


def window_words(picture: Picture, windows: Windows) -> str:
    """The window that is applied and its name, whether black and white are exchanged."""
    words = []
    if picture.window is not None:
        chosen = windows.chosen
        name = "automatic" if chosen.automatic else picture.window.explanation
        words.append(f"{name} {numbers(picture.window)} {picture.unit}".strip())
    elif picture.mode is PixelMode.GREY:
        words.append("grey as stored")
    if windows.is_inverted:
        words.append("inverted")
    if picture.overlays:
        count = "overlay" if picture.overlays == 1 else f"{picture.overlays} overlays"
        words.append(count if windows.has_overlays else f"{count} hidden")
    return ", ".join(words)


def zoom_words(placement: Placement | None) -> str:
    """How large it is drawn, where not all of it is seen."""
    if placement is None or placement.is_whole:
        return ""
    return f"zoom {placement.zoom:.2g}:1"


def cine_words(cine: Cine) -> str:
    """That it plays, how fast it is to, and how fast it does."""
    if not cine.is_playing:
        return ""
    how = "↔" if cine.sweeps else "▶"
    achieved = cine.achieved
    seen = "" if achieved is None else f"{achieved:.3g} of "
    return f"{how} {seen}{cine.rate:.3g}/s"
