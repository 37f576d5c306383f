"""Windows that people ask for by name, where what they show has a unit of its own."""

from __future__ import annotations

from msgspec.structs import replace

from core.model.picture import Picture, Window


def _named(explanation: str, width: float, center: float) -> Window:
    return Window(center=center, width=width, explanation=explanation)


PRESETS: dict[str, tuple[Window, ...]] = {
    "CT": (
        _named("brain", 80, 40),
        _named("subdural", 215, 75),
        _named("stroke", 40, 40),
        _named("temporal bone", 2800, 600),
        _named("soft tissue", 400, 50),
        _named("lung", 1500, -600),
        _named("mediastinum", 350, 50),
        _named("abdomen", 400, 40),
        _named("liver", 150, 30),
        _named("spine", 250, 50),
        _named("bone", 1800, 400),
        _named("angiography", 600, 170),
    ),
    "PT": (
        _named("SUV 0 to 5", 5, 2.5),
        _named("SUV 0 to 7", 7, 3.5),
        _named("SUV 0 to 10", 10, 5),
        _named("SUV 0 to 15", 15, 7.5),
    ),
}
"""Windows by modality, those of CT in HU and those of PET in g/ml of body-weight SUV."""


def presets_for(picture: Picture) -> tuple[Window, ...]:
    """The named windows that fit a picture, in its unit; none where its values are in another."""
    if picture.modality == "CT" and picture.unit == "HU":
        return PRESETS["CT"]
    if picture.modality == "PT" and picture.suv_factor > 0:
        return tuple(_scaled(window, 1 / picture.suv_factor) for window in PRESETS["PT"])
    return ()


def _scaled(window: Window, factor: float) -> Window:
    return replace(window, center=window.center * factor, width=window.width * factor)
