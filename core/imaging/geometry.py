"""Which way round the patient is in a picture, and where its slice lies (PS3.3 C.7.6.2.1.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.imaging.frame import FrameAttributes, floats, texts

Vector = NDArray[np.float64]

_AXES = (("L", "R"), ("P", "A"), ("H", "F"))
"""Where x, y and z grow to in a biped, and the other way."""
_BIPED = {letter: other for pair in _AXES for letter, other in (pair, pair[::-1])}
_QUADRUPED = {
    letter: other
    for pair in (("LE", "RT"), ("D", "V"), ("CR", "CD"), ("PR", "DI"))
    for letter, other in (pair, pair[::-1])
}
_LEAST = 0.1
"""Share of a direction below which an axis is not named: some six degrees."""

UNKNOWN = ("", "", "", "")


def orientation(attributes: FrameAttributes) -> tuple[str, str, str, str]:
    """Letters for the left, right, top and bottom of a frame, empty where they are not known."""
    cosines = _cosines(attributes)
    if cosines is not None:
        # How the axes lie in a quadruped is told by words alone.
        if str(attributes.ds.get("AnatomicalOrientationType", "") or "").strip() == "QUADRUPED":
            return UNKNOWN
        along, down = cosines
        return _letters(-along), _letters(along), _letters(-down), _letters(down)
    place = attributes.place("", "PatientOrientation")
    words = [text.strip().upper() for text in texts(place.get("PatientOrientation"))]
    if len(words) != 2 or not all(words):
        return UNKNOWN
    return _opposite(words[0]), words[0], _opposite(words[1]), words[1]


def position(attributes: FrameAttributes) -> str:
    """Where the slice lies, in millimetres along the axis that it is most nearly across."""
    cosines = _cosines(attributes)
    corner = attributes.floats("PlanePositionSequence", "ImagePositionPatient")
    if cosines is not None and len(corner) == 3:
        normal = np.cross(*cosines)
        place = _of_dose_plane(attributes, np.array(corner), normal)
        axis = int(np.argmax(np.abs(normal)))
        return f"slice {_words(float(np.dot(normal, place)) * float(np.sign(normal[axis])))} mm"
    location = attributes.floats("", "SliceLocation")
    return f"slice {_words(location[0])} mm" if location else ""


def _of_dose_plane(attributes: FrameAttributes, corner: Vector, normal: Vector) -> Vector:
    """The corner of a frame of a dose grid: offsets from the first, or places along the axis."""
    offsets = floats(attributes.ds.get("GridFrameOffsetVector"))
    if attributes.frame >= len(offsets):
        return corner
    if offsets[0] == 0:
        return corner + normal * offsets[attributes.frame]
    # PS3.3 C.8.8.3.2: places themselves, along z, of transverse planes alone.
    return np.array([*corner[:2], offsets[attributes.frame]])


def _words(number: float) -> str:
    return f"{round(number, 1) + 0.0:.1f}"


def _cosines(attributes: FrameAttributes) -> tuple[Vector, Vector] | None:
    values = attributes.floats("PlaneOrientationSequence", "ImageOrientationPatient")
    if len(values) != 6:
        return None
    along, down = np.array(values[:3]), np.array(values[3:])
    lengths = np.linalg.norm(along), np.linalg.norm(down)
    if any(abs(length - 1) > 0.01 for length in lengths) or abs(np.dot(along, down)) > 0.01:
        return None
    return along, down


def _letters(direction: Vector) -> str:
    """The axes a direction goes along, the one it follows most first."""
    shares = sorted(enumerate(direction.tolist()), key=lambda pair: -abs(pair[1]))
    return "".join(_AXES[axis][share < 0] for axis, share in shares if abs(share) > _LEAST)


def _opposite(word: str) -> str:
    """The other side of what a value of Patient Orientation names; empty for what is unheard of."""
    letters = [_BIPED.get(letter, "") for letter in word]
    return _QUADRUPED.get(word) or ("".join(letters) if all(letters) else "")
