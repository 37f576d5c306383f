"""What stored values mean: rescaled, real world values, and in which unit.

PS3.3 C.11.1 (Modality LUT), C.7.6.16.2.11 (Real World Value Mapping), C.8.9.1 (PET units).
"""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from core.imaging.frame import FrameAttributes, floats, texts
from core.imaging.tables import Lut, Values, first_lut

_RESCALE_TYPES = {
    "US": "",
    "UNSPECIFIED": "",
    "NORMALIZED": "",
    "HU_MOD": "HU (modified)",
    "MGML": "mg/ml",
    "Z_EFF": "Z eff.",
    "ED": "10^23 electrons/ml",
    "EDW": "electrons by water",
    "PCT": "%",
    "OD": "10^-3 OD",
}
"""Units that Rescale Type and Modality LUT Type stand for (PS3.3 C.11.1.1.2)."""
_PET_UNITS = {
    "CNTS": "counts",
    "NONE": "",
    "CM2": "cm2",
    "CM2ML": "cm2/ml",
    "PCNT": "%",
    "CPS": "counts/s",
    "BQML": "Bq/ml",
    "MGMINML": "mg/min/ml",
    "UMOLMINML": "umol/min/ml",
    "MLMING": "ml/min/g",
    "MLG": "ml/g",
    "1CM": "1/cm",
    "UMOLML": "umol/ml",
    "PROPCNTS": "counts (proportional)",
    "PROPCPS": "counts/s (proportional)",
    "MLMINML": "ml/min/ml",
    "MLML": "ml/ml",
    "GML": "g/ml",
    "STDDEV": "standard deviations",
}
_DOSE_UNITS = {"GY": "Gy", "RELATIVE": "relative dose"}


class Meaning:
    """The modality transformation of one frame, and the real world values behind it."""

    def __init__(self, attributes: FrameAttributes, *, signed: bool) -> None:
        self._attributes = attributes
        self.slope, self.intercept = attributes.rescale()
        self.share = attributes.text("", "SegmentationFractionalType").lower()
        if self.share:
            # Of a fractional segmentation (PS3.3 C.8.20.2.3): 0 to 1.
            self.slope = 1 / ((attributes.floats("", "MaximumFractionalValue") or [0])[0] or 255)
        self.lut: Lut | None = first_lut(attributes.ds, "ModalityLUTSequence", signed)

    @property
    def is_plain(self) -> bool:
        """Whether stored values are shown as they are."""
        return self.lut is None and (self.slope, self.intercept) == (1.0, 0.0)

    def apply(self, stored: Values) -> Values:
        """Stored values after the Modality LUT, in :meth:`unit`."""
        if self.lut is not None:
            return self.lut.apply(stored)
        return stored if self.is_plain else stored * self.slope + self.intercept

    def unit(self) -> str:
        """The unit of what the Modality LUT gives, empty where nothing tells it."""
        attributes, ds = self._attributes, self._attributes.ds
        if self.share:
            return self.share
        units = attributes.text("", "Units").upper()
        if units:
            return _PET_UNITS.get(units, units)
        if "DoseGridScaling" in ds:
            return _DOSE_UNITS.get(attributes.text("", "DoseUnits").upper(), "")
        kind = self._rescale_type()
        if kind:
            return _RESCALE_TYPES.get(kind.upper(), kind)
        # Where a CT does not say, it is Hounsfield units (PS3.3 C.8.2.1.1.5).
        if attributes.text("", "Modality") == "CT" and self._is_rescaled():
            return "HU"
        return self._unit_as_mapped()

    def _unit_as_mapped(self) -> str:
        """The unit of real world values that are the rescaled ones, as in parametric maps."""
        for item in self._attributes.items("RealWorldValueMappingSequence"):
            scale = [
                *floats(item.get("RealWorldValueSlope")),
                *floats(item.get("RealWorldValueIntercept")),
            ]
            if scale == [self.slope, self.intercept]:
                return _unit_of(item)
        return ""

    def _rescale_type(self) -> str:
        if self.lut is not None:
            items: Any = self._attributes.ds.get("ModalityLUTSequence")
            return next(iter(texts(items[0].get("ModalityLUTType"))), "").strip()
        return self._attributes.text("PixelValueTransformationSequence", "RescaleType")

    def _is_rescaled(self) -> bool:
        place = self._attributes.place("PixelValueTransformationSequence", "RescaleIntercept")
        return "RescaleIntercept" in place

    def real_world(self, stored: float) -> tuple[float, str] | None:
        """Value and unit by the first Real World Value Mapping that covers a stored value."""
        for item in self._attributes.items("RealWorldValueMappingSequence"):
            value = _mapped(item, stored)
            if value is not None:
                return value, _unit_of(item)
        return None


def _mapped(item: Dataset, stored: float) -> float | None:
    limits = [
        floats(item.get(f"DoubleFloatRealWorldValue{end}ValueMapped"))
        or floats(item.get(f"RealWorldValue{end}ValueMapped"))
        for end in ("First", "Last")
    ]
    if not all(limits) or not limits[0][0] <= stored <= limits[1][0]:
        return None
    table = floats(item.get("RealWorldValueLUTData"))
    if table:
        place = int(stored - limits[0][0])
        return table[place] if place < len(table) else None
    slope = floats(item.get("RealWorldValueSlope"))
    intercept = floats(item.get("RealWorldValueIntercept"))
    return stored * slope[0] + intercept[0] if slope and intercept else None


def _unit_of(item: Dataset) -> str:
    """The unit by its UCUM code, or as it is called where that is not one."""
    codes = item.get("MeasurementUnitsCodeSequence")
    if not codes:
        return ""
    code, name = (
        next(iter(texts(codes[0].get(keyword))), "").strip()
        for keyword in ("CodeValue", "CodeMeaning")
    )
    return {"1": "", "[hnsf'U]": "HU"}.get(code, code or name)
