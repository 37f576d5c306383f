"""What a PET value is multiplied by to be the body-weight SUV in g/ml (PS3.3 C.8.9).

The rules are those that the Quantitative Imaging Biomarkers Alliance wrote down: nothing is
guessed, and where an attribute is missing, empty or zero there is no SUV.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from pydicom.dataset import Dataset

from core.imaging.frame import floats, texts

_GE_SCAN = ("GEMS_PETD_01", 0x0009, 0x0D)
_PHILIPS_SUV = ("Philips PET Private Group", 0x7053, 0x00)
_PHILIPS_ACTIVITY = ("Philips PET Private Group", 0x7053, 0x09)


def suv_factor(ds: Dataset) -> float:
    """The factor for rescaled values, 0 where the header does not allow one."""
    if _text(ds, "Modality") != "PT":
        return 0.0
    units = _text(ds, "Units").upper()
    if units == "GML":
        # Without a type it is by body weight (PS3.3 C.8.9.1).
        return 1.0 if _text(ds, "SUVType").upper() in ("", "BW") else 0.0
    if not {"ATTN", "DECY"} <= {text.strip().upper() for text in texts(ds.get("CorrectedImage"))}:
        return 0.0
    if units == "BQML":
        return _by_dose(ds)
    if units == "CNTS":
        return _private(ds, *_PHILIPS_SUV) or _private(ds, *_PHILIPS_ACTIVITY) * _by_dose(ds)
    return 0.0


def _by_dose(ds: Dataset) -> float:
    """Weight in g by the dose left at the time that the values are corrected to, in Bq."""
    weight = _number(ds, "PatientWeight")
    items = ds.get("RadiopharmaceuticalInformationSequence")
    if not items or weight <= 0:
        return 0.0
    dose = _number(items[0], "RadionuclideTotalDose")
    half_life = _number(items[0], "RadionuclideHalfLife")
    correction = _text(ds, "DecayCorrection").upper()
    if dose <= 0 or half_life <= 0 or correction not in ("START", "ADMIN"):
        return 0.0
    if correction == "ADMIN":
        return weight * 1000 / dose
    scanned = _scan_start(ds, half_life)
    given = _given(ds, items[0], scanned)
    if scanned is None or given is None or not timedelta(0) <= scanned - given < timedelta(days=7):
        return 0.0
    left = dose * 2.0 ** (-(scanned - given).total_seconds() / half_life)
    return weight * 1000 / left if left > 0 else 0.0


def _scan_start(ds: Dataset, half_life: float) -> datetime | None:
    """When the scan began: the series' time, unless that is of a later making."""
    series, acquired = _moment(ds, "Series"), _moment(ds, "Acquisition")
    if series is None or acquired is None:
        return None
    if series <= acquired:
        return series
    creator, group, element = _GE_SCAN
    try:
        written = ds.private_block(group, creator)[element].value
        return parsed(str(written))
    except (KeyError, AttributeError):
        pass
    reference, duration = _number(ds, "FrameReferenceTime"), _number(ds, "ActualFrameDuration")
    if reference <= 0 or duration <= 0:
        return None
    decay = math.log(2) / half_life
    lost = decay * duration / 1000
    average = math.log(lost / -math.expm1(-lost)) / decay
    return acquired - timedelta(seconds=reference / 1000 - average)


def _given(ds: Dataset, item: Dataset, scanned: datetime | None) -> datetime | None:
    """When the tracer was given; a time without a date belongs to the day before the scan's end."""
    whole = parsed(_text(item, "RadiopharmaceuticalStartDateTime"))
    if whole is not None:
        return whole
    time = _text(item, "RadiopharmaceuticalStartTime")
    if scanned is None or not time:
        return None
    given = parsed(scanned.strftime("%Y%m%d") + time)
    if given is not None and given > scanned:
        return given - timedelta(days=1)
    return given


def _moment(ds: Dataset, name: str) -> datetime | None:
    time = _text(ds, f"{name}Time")
    return parsed(_text(ds, f"{name}Date") + time) if time else None


def parsed(text: str) -> datetime | None:
    """A DT value, or DA and TM in a row, to the second and its parts; None where it is neither.

    The zone is left off: the times that are compared are of one scanner.
    """
    text = text.strip().replace(":", "")
    for sign in "+-":
        text = text.partition(sign)[0]
    whole, _, part = text.partition(".")
    for form in ("%Y%m%d%H%M%S", "%Y%m%d%H%M"):
        try:
            found = datetime.strptime(whole, form)
        except ValueError:
            continue
        return found + timedelta(seconds=float(f"0.{part}") if part.isdigit() else 0.0)
    return None


def _number(ds: Dataset, keyword: str) -> float:
    return next(iter(floats(ds.get(keyword))), 0.0)


def _text(ds: Dataset, keyword: str) -> str:
    return next(iter(texts(ds.get(keyword))), "").strip()


def _private(ds: Dataset, creator: str, group: int, element: int) -> float:
    try:
        return next(iter(floats(ds.private_block(group, creator)[element].value)), 0.0)
    except (KeyError, AttributeError):
        return 0.0
