"""RT doses and treatment records in tables (PS3.3 C.8.8.3, C.8.8.4, C.8.8.17 on)."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from core.documents.general import refer
from core.documents.outline import Outline, joined
from core.documents.planning import tabulate
from core.documents.words import items, number, numbers, plain, text, whole

_DOSE = (
    *("DoseUnits", "DoseType", "DoseSummationType", "DoseComment", "SpatialTransformOfDose"),
    *("TissueHeterogeneityCorrection", "DoseGridScaling", "NormalizationPoint"),
)
_HISTOGRAMS = ("ROI", "Type", "Least", "Mean", "Most", "Dose in", "Volume", "D95", "D50", "Bins")
_RECORD = (
    *("TreatmentDate", "TreatmentTime", "InstanceNumber", "NumberOfFractionsPlanned"),
    *("CurrentTreatmentStatus", "TreatmentStatusComment", "FirstTreatmentDate"),
    *("MostRecentTreatmentDate", "PrimaryDosimeterUnit", "OperatorsName"),
)
_SESSION = (
    *("ReferencedBeamNumber", "BeamName", "CurrentFractionNumber", "RadiationType"),
    *("TreatmentDeliveryType", "SpecifiedPrimaryMeterset", "DeliveredPrimaryMeterset"),
    *("SpecifiedTreatmentTime", "DeliveredTreatmentTime", "TreatmentTerminationStatus"),
    *("TreatmentVerificationStatus", "NumberOfControlPoints"),
)
_BRACHY = (
    *("ReferencedBrachyApplicationSetupNumber", "CurrentFractionNumber", "TreatmentDeliveryType"),
    *("ApplicationSetupType", "TotalReferenceAirKerma", "TreatmentTerminationStatus"),
    "TreatmentVerificationStatus",
)
_MEASURED = (
    *("ReferencedDoseReferenceNumber", "MeasuredDoseReferenceNumber", "MeasuredDoseDescription"),
    *("MeasuredDoseType", "MeasuredDoseValue", "DoseUnits"),
)
_CALCULATED = (
    *("ReferencedDoseReferenceNumber", "CalculatedDoseReferenceNumber"),
    *("CalculatedDoseReferenceDescription", "CalculatedDoseReferenceDoseValue"),
)
_SUMMARY = (
    *("ReferencedFractionGroupNumber", "FractionGroupType", "NumberOfFractionsPlanned"),
    "NumberOfFractionsDelivered",
)
_MACHINE = ("TreatmentMachineName", "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber")


def fill_dose(outline: Outline, ds: Dataset) -> None:
    """What the dose is of, its grid, and its volume histograms."""
    outline.title = joined("RT Dose", text(ds, "DoseSummationType").lower())
    outline.heading(0, "Dose")
    outline.attributes(1, ds, *_DOSE)
    outline.add(1, "Grid", _grid(ds))
    histograms = items(ds, "DVHSequence")
    if histograms:
        outline.heading(0, "Dose volume histograms", f"{len(histograms):,}")
        outline.attributes(1, ds, "DVHNormalizationDoseValue")
        outline.table(1, _HISTOGRAMS, [_histogram(one) for one in histograms])
    refer(outline, ds)


def _grid(ds: Dataset) -> str:
    """Size and spacing; the planes stand as far apart as their offsets (PS3.3 C.8.8.3.2)."""
    sizes = (whole(ds, "Columns"), whole(ds, "Rows"), max(1, whole(ds, "NumberOfFrames")))
    spacing = numbers(ds, "PixelSpacing")[::-1]
    offsets = numbers(ds, "GridFrameOffsetVector")
    if len(offsets) > 1:
        spacing.append(abs(offsets[1] - offsets[0]))
    return joined(
        " × ".join(f"{size:,}" for size in sizes),
        " × ".join(plain(step) for step in spacing) + " mm" if spacing else "",
    )


def _histogram(one: Dataset) -> tuple[str, ...]:
    doses, volumes = _cumulative(one)
    referred = items(one, "DVHReferencedROISequence")
    contributions = {"EXCLUDED": "not ", "INCLUDED": ""}
    return (
        joined(
            *(
                contributions.get(text(roi, "DVHROIContributionType"), "")
                + text(roi, "ReferencedROINumber")
                for roi in referred
            )
        ),
        joined(text(one, "DVHType").lower(), text(one, "DoseType").lower()),
        *(plain(number(one, f"DVH{which}Dose")) for which in ("Minimum", "Mean", "Maximum")),
        text(one, "DoseUnits"),
        f"{plain(volumes[0])} {text(one, 'DVHVolumeUnits').lower()}" if volumes else "",
        plain(_dose_to(0.95, doses, volumes)),
        plain(_dose_to(0.50, doses, volumes)),
        f"{len(numbers(one, 'DVHData')) // 2:,}",
    )


def _cumulative(one: Dataset) -> tuple[list[float], list[float]]:
    """Dose at the start of each bin, and the volume that gets at least that (PS3.3 C.8.8.4.4).

    Empty where the histogram cannot be read so.
    """
    values = np.array(numbers(one, "DVHData"))
    widths, volumes = values[::2], values[1::2]
    kind = text(one, "DVHType")
    if len(widths) != len(volumes) or not len(widths) or (widths < 0).any():
        return [], []
    widths = widths * (number(one, "DVHDoseScaling") or 1.0)
    if kind == "DIFFERENTIAL":
        volumes = np.cumsum(volumes[::-1])[::-1]
    elif kind != "CUMULATIVE":
        return [], []
    doses = np.concatenate(([0.0], np.cumsum(widths)[:-1]))
    return doses.tolist(), volumes.tolist()


def _dose_to(share: float, doses: list[float], volumes: list[float]) -> float | None:
    """The most dose that so much of the volume gets at least."""
    if not volumes or volumes[0] <= 0 or (np.diff(volumes) > 1e-6 * volumes[0]).any():
        return None
    wanted = share * volumes[0]
    if volumes[-1] > wanted:
        return None
    return float(np.interp(-wanted, [-volume for volume in volumes], doses))


def fill_record(outline: Outline, ds: Dataset) -> None:
    """What was given: each beam or application, as ordered and as delivered."""
    outline.title = "RT treatment record"
    outline.heading(0, "Treatment")
    outline.attributes(1, ds, *_RECORD)
    for machine in items(ds, "TreatmentMachineSequence"):
        outline.attributes(1, machine, *_MACHINE)
    for title, sequence, keywords in (
        ("Beams", "TreatmentSessionBeamSequence", _SESSION),
        ("Ion beams", "TreatmentSessionIonBeamSequence", _SESSION),
        ("Applications", "TreatmentSessionApplicationSetupSequence", _BRACHY),
        ("Measured doses", "MeasuredDoseReferenceSequence", _MEASURED),
        ("Calculated doses", "CalculatedDoseReferenceSequence", _CALCULATED),
        ("Calculated doses", "TreatmentSummaryCalculatedDoseReferenceSequence", _CALCULATED),
        ("Fraction groups", "FractionGroupSummarySequence", _SUMMARY),
    ):
        rows = items(ds, sequence)
        if rows:
            outline.heading(0, title, f"{len(rows):,}")
            tabulate(outline, 1, rows, keywords)
    refer(outline, ds)
