"""Radiotherapy plans in tables: prescription, fractions, beams, points (PS3.3 C.8.8.9 on)."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset

from core.documents.general import refer
from core.documents.outline import Outline, joined, listed
from core.documents.words import class_name, items, name, number, plain, several, text

_PLAN = (
    *("RTPlanLabel", "RTPlanName", "RTPlanDescription", "RTPlanDate", "RTPlanTime"),
    *("ApprovalStatus", "ReviewDate", "ReviewTime", "ReviewerName", "PlanIntent"),
    *("TreatmentProtocols", "PrescriptionDescription", "RTPlanGeometry", "TreatmentSites"),
)
_DOSES = (
    *("DoseReferenceNumber", "DoseReferenceType", "DoseReferenceStructureType"),
    *("DoseReferenceDescription", "ReferencedROINumber", "TargetPrescriptionDose"),
    *("TargetMinimumDose", "TargetMaximumDose", "DeliveryWarningDose", "DeliveryMaximumDose"),
    "OrganAtRiskMaximumDose",
)
_SETUPS = (
    *("PatientSetupNumber", "PatientSetupLabel", "PatientPosition", "SetupTechnique"),
    "SetupTechniqueDescription",
)
_CHANNELS = (
    *("ChannelNumber", "SourceApplicatorID", "SourceApplicatorType", "ChannelLength"),
    *("ChannelTotalTime", "NumberOfControlPoints", "ReferencedSourceNumber"),
)
_SOURCES = (
    *("SourceNumber", "SourceType", "SourceIsotopeName", "SourceIsotopeHalfLife"),
    *("ReferenceAirKermaRate", "SourceStrengthReferenceDate"),
)
_ANGLES = ("GantryAngle", "BeamLimitingDeviceAngle", "PatientSupportAngle")
_POINTS = (
    *("ControlPointIndex", "CumulativeMetersetWeight", "NominalBeamEnergy", "DoseRateSet"),
    *("GantryAngle", "GantryRotationDirection", "BeamLimitingDeviceAngle", "PatientSupportAngle"),
)
_SHORT = {
    "ControlPointIndex": "Point",
    "CumulativeMetersetWeight": "Weight",
    "NominalBeamEnergy": "Energy MeV",
    "DoseRateSet": "Rate MU/min",
    "GantryAngle": "Gantry °",
    "GantryRotationDirection": "Turning",
    "BeamLimitingDeviceAngle": "Collimator °",
    "PatientSupportAngle": "Couch °",
    "DoseReferenceNumber": "Number",
    "DoseReferenceType": "Type",
    "DoseReferenceStructureType": "By",
    "DoseReferenceDescription": "Description",
    "ReferencedROINumber": "ROI",
    "TargetPrescriptionDose": "Prescribed Gy",
    "TargetMinimumDose": "Least Gy",
    "TargetMaximumDose": "Most Gy",
    "DeliveryWarningDose": "Warning Gy",
    "DeliveryMaximumDose": "Limit Gy",
    "OrganAtRiskMaximumDose": "Organ's most Gy",
}


def fill(outline: Outline, ds: Dataset) -> None:
    """Label and approval, what is prescribed, how it is divided, and how each beam gives it."""
    outline.title = class_name(text(ds, "SOPClassUID"))
    outline.heading(0, "Plan")
    outline.attributes(1, ds, *_PLAN)
    _titled(outline, "Prescription", ds, "DoseReferenceSequence", _DOSES)
    for group in items(ds, "FractionGroupSequence"):
        _fractions(outline, group, ds)
    beams = _beams(ds)
    if beams:
        outline.heading(0, "Beams", f"{len(beams):,}")
        outline.table(1, _BEAM_COLUMNS, [_beam_row(beam) for beam in beams])
    _titled(outline, "Patient setups", ds, "PatientSetupSequence", _SETUPS)
    _brachytherapy(outline, ds)
    for beam in beams:
        _control_points(outline, beam)
    refer(outline, ds)


def tabulate(outline: Outline, depth: int, rows: list[Dataset], keywords: Sequence[str]) -> None:
    """Append a table of items with a column for each attribute that any of them has."""
    outline.table(
        depth,
        [_SHORT.get(keyword) or name(keyword) for keyword in keywords],
        [[_cell(row, keyword) for keyword in keywords] for row in rows],
        keywords=keywords,
    )


def _cell(row: Dataset, keyword: str) -> str:
    """A value as a person writes it: DS without the zeros that fill it up."""
    value = text(row, keyword)
    try:
        shown = f"{float(value):.6g}"
    except ValueError:
        return listed(value)
    return shown if "." in value or "e" in value.lower() else value


def _titled(
    outline: Outline, title: str, ds: Dataset, sequence: str, keywords: Sequence[str]
) -> None:
    rows = items(ds, sequence)
    if rows:
        outline.heading(0, title, f"{len(rows):,}")
        tabulate(outline, 1, rows, keywords)


def _beams(ds: Dataset) -> list[Dataset]:
    return items(ds, "BeamSequence") or items(ds, "IonBeamSequence")


def _points(beam: Dataset) -> list[Dataset]:
    return items(beam, "ControlPointSequence") or items(beam, "IonControlPointSequence")


def _fractions(outline: Outline, group: Dataset, ds: Dataset) -> None:
    """A fraction group: each beam's dose and meterset (PS3.3 C.8.8.13)."""
    planned = number(group, "NumberOfFractionsPlanned")
    outline.heading(
        0,
        f"Fraction group {text(group, 'FractionGroupNumber')}".strip(),
        several(int(planned), "fraction") if planned is not None else "",
    )
    outline.attributes(1, group, "FractionGroupDescription", "FractionPattern")
    named = {text(beam, "BeamNumber"): beam for beam in _beams(ds)}
    rows = []
    for referred in items(group, "ReferencedBeamSequence"):
        beam = named.get(text(referred, "ReferencedBeamNumber"), Dataset())
        rows.append(
            (
                text(referred, "ReferencedBeamNumber"),
                text(beam, "BeamName"),
                _cell(referred, "BeamDose"),
                _cell(referred, "BeamMeterset"),
                text(beam, "PrimaryDosimeterUnit"),
            )
        )
    outline.table(1, ("Beam", "Name", "Dose Gy", "Meterset", "Unit"), rows)
    tabulate(
        outline,
        1,
        items(group, "ReferencedBrachyApplicationSetupSequence"),
        ("ReferencedBrachyApplicationSetupNumber", "BrachyApplicationSetupDose"),
    )


_BEAM_COLUMNS = (
    *("Number", "Name", "Machine", "Type", "Radiation", "Delivery", "Energy MeV", "Points"),
    *("Gantry °", "Collimator °", "Couch °", "Modifiers"),
)


def _beam_row(beam: Dataset) -> tuple[str, ...]:
    points = _points(beam)
    energies = {_cell(point, "NominalBeamEnergy"): None for point in points}
    said = ("BeamNumber", "BeamName", "TreatmentMachineName")
    kind = joined(text(beam, "BeamType"), text(beam, "ScanMode"), by=" ").lower()
    return (
        *(text(beam, keyword) for keyword in said),
        kind,
        text(beam, "RadiationType").lower(),
        text(beam, "TreatmentDeliveryType").lower(),
        _range([energy for energy in energies if energy]),
        f"{len(points):,}",
        *(_way(points, keyword) for keyword in _ANGLES),
        _modifiers(beam),
    )


def _range(values: list[str]) -> str:
    return joined(*values[:3], by=", ") if len(values) <= 3 else f"{values[0]} – {values[-1]}"


def _way(points: list[Dataset], keyword: str) -> str:
    """From the first to the last angle: a control point tells only of what changes."""
    values = [value for point in points if (value := _cell(point, keyword))]
    return joined(*dict.fromkeys((*values[:1], *values[-1:])), by=" → ")


def _modifiers(beam: Dataset) -> str:
    counted = (
        ("NumberOfWedges", "wedge", ""),
        ("NumberOfCompensators", "compensator", ""),
        ("NumberOfBoli", "bolus", "boli"),
        ("NumberOfBlocks", "block", ""),
        ("NumberOfRangeShifters", "range shifter", ""),
        ("NumberOfRangeModulators", "range modulator", ""),
    )
    found = ((int(number(beam, keyword) or 0), one, many) for keyword, one, many in counted)
    return joined(*(several(count, one, many) for count, one, many in found if count))


def _control_points(outline: Outline, beam: Dataset) -> None:
    points = _points(beam)
    label = f"Control points of beam {text(beam, 'BeamNumber')}"
    outline.heading(0, joined(label, text(beam, "BeamName"), by=" "), f"{len(points):,}")
    outline.attributes(1, beam, "BeamDescription")
    if distance := number(beam, "SourceAxisDistance"):
        outline.add(1, "Source-Axis Distance", plain(distance, 6), unit="mm")
    rows = [
        [
            *(_cell(point, keyword) for keyword in _POINTS),
            *(_opening(point, axis) for axis in ("X", "Y")),
            _leaves(point),
            _spots(point),
            ", ".join(_decimal(part) for part in text(point, "IsocenterPosition").split("\\")),
        ]
        for point in points
    ]
    columns = [_SHORT[keyword] for keyword in _POINTS]
    outline.table(1, [*columns, "X mm", "Y mm", "Leaves", "Spots", "Isocentre mm"], rows)


def _devices(point: Dataset) -> list[tuple[str, list[str]]]:
    return [
        (
            text(device, "RTBeamLimitingDeviceType"),
            [part for part in text(device, "LeafJawPositions").split("\\") if part],
        )
        for device in items(point, "BeamLimitingDevicePositionSequence")
    ]


def _opening(point: Dataset, axis: str) -> str:
    """Where the two jaws of an axis stand (PS3.3 C.8.8.14)."""
    for kind, positions in _devices(point):
        if kind in (axis, f"ASYM{axis}") and len(positions) == 2:
            return " … ".join(_decimal(position) for position in positions)
    return ""


def _decimal(value: str) -> str:
    try:
        return plain(float(value), 5)
    except ValueError:
        return value


def _leaves(point: Dataset) -> str:
    """How many pairs of leaves stand open."""
    for kind, positions in _devices(point):
        if kind.startswith("MLC"):
            half = len(positions) // 2
            pairs = zip(positions[:half], positions[half:], strict=False)
            return f"{sum(one != other for one, other in pairs)} of {half} open"
    return ""


def _spots(point: Dataset) -> str:
    return text(point, "NumberOfScanSpotPositions")


def _brachytherapy(outline: Outline, ds: Dataset) -> None:
    """Sources and application setups (PS3.3 C.8.8.15)."""
    outline.attributes(0, ds, "BrachyTreatmentTechnique", "BrachyTreatmentType")
    _titled(outline, "Sources", ds, "SourceSequence", _SOURCES)
    for setup in items(ds, "ApplicationSetupSequence"):
        outline.heading(0, f"Application setup {text(setup, 'ApplicationSetupNumber')}".strip())
        outline.attributes(1, setup, "ApplicationSetupType", "ApplicationSetupName")
        outline.attributes(1, setup, "TotalReferenceAirKerma")
        tabulate(outline, 1, items(setup, "ChannelSequence"), _CHANNELS)
