"""The attributes that the index keeps and queries may ask for, by level (PS3.4 C.6).

Everything at PATIENT and STUDY level lives in a study's record, because a patient is known by his
studies only. At IMAGE level most attributes are alike through a series: they live in a record
that instances share, and only those of OWN are kept for each.
"""

from __future__ import annotations

from core.model import Level

PATIENT: dict[str, tuple[int, str]] = {
    "PatientName": (0x00100010, "PN"),
    "PatientID": (0x00100020, "LO"),
    "IssuerOfPatientID": (0x00100021, "LO"),
    "PatientBirthDate": (0x00100030, "DA"),
    "PatientBirthTime": (0x00100032, "TM"),
    "PatientSex": (0x00100040, "CS"),
    "OtherPatientIDs": (0x00101000, "LO"),
    "OtherPatientNames": (0x00101001, "PN"),
    "EthnicGroup": (0x00102160, "SH"),
    "PatientSpeciesDescription": (0x00102201, "LO"),
    "ResponsiblePerson": (0x00102297, "PN"),
    "PatientComments": (0x00104000, "LT"),
}

STUDY: dict[str, tuple[int, str]] = {
    "StudyInstanceUID": (0x0020000D, "UI"),
    "StudyDate": (0x00080020, "DA"),
    "StudyTime": (0x00080030, "TM"),
    "AccessionNumber": (0x00080050, "SH"),
    "IssuerOfAccessionNumberSequence": (0x00080051, "SQ"),
    "ReferringPhysicianName": (0x00080090, "PN"),
    "StudyDescription": (0x00081030, "LO"),
    "ProcedureCodeSequence": (0x00081032, "SQ"),
    "NameOfPhysiciansReadingStudy": (0x00081060, "PN"),
    "AdmittingDiagnosesDescription": (0x00081080, "LO"),
    "PatientAge": (0x00101010, "AS"),
    "PatientSize": (0x00101020, "DS"),
    "PatientWeight": (0x00101030, "DS"),
    "Occupation": (0x00102180, "SH"),
    "AdditionalPatientHistory": (0x001021B0, "LT"),
    "StudyID": (0x00200010, "SH"),
}

SERIES: dict[str, tuple[int, str]] = {
    "SeriesInstanceUID": (0x0020000E, "UI"),
    "SeriesDate": (0x00080021, "DA"),
    "SeriesTime": (0x00080031, "TM"),
    "Modality": (0x00080060, "CS"),
    "Manufacturer": (0x00080070, "LO"),
    "InstitutionName": (0x00080080, "LO"),
    "StationName": (0x00081010, "SH"),
    "SeriesDescription": (0x0008103E, "LO"),
    "InstitutionalDepartmentName": (0x00081040, "LO"),
    "PerformingPhysicianName": (0x00081050, "PN"),
    "OperatorsName": (0x00081070, "PN"),
    "ManufacturerModelName": (0x00081090, "LO"),
    "BodyPartExamined": (0x00180015, "CS"),
    "ProtocolName": (0x00181030, "LO"),
    "PatientPosition": (0x00185100, "CS"),
    "SeriesNumber": (0x00200011, "IS"),
    "FrameOfReferenceUID": (0x00200052, "UI"),
    "Laterality": (0x00200060, "CS"),
    "PerformedProcedureStepStartDate": (0x00400244, "DA"),
    "PerformedProcedureStepStartTime": (0x00400245, "TM"),
    "PerformedProcedureStepID": (0x00400253, "SH"),
    "PerformedProcedureStepDescription": (0x00400254, "LO"),
    "RequestAttributesSequence": (0x00400275, "SQ"),
}

COMMON: dict[str, tuple[int, str]] = {
    "ImageType": (0x00080008, "CS"),
    "InstanceCreationDate": (0x00080012, "DA"),
    "SOPClassUID": (0x00080016, "UI"),
    "AcquisitionDate": (0x00080022, "DA"),
    "ContentDate": (0x00080023, "DA"),
    "AvailableTransferSyntaxUID": (0x00083002, "UI"),
    "AcquisitionNumber": (0x00200012, "IS"),
    "SamplesPerPixel": (0x00280002, "US"),
    "PhotometricInterpretation": (0x00280004, "CS"),
    "NumberOfFrames": (0x00280008, "IS"),
    "Rows": (0x00280010, "US"),
    "Columns": (0x00280011, "US"),
    "BitsAllocated": (0x00280100, "US"),
    "ConceptNameCodeSequence": (0x0040A043, "SQ"),
    "CompletionFlag": (0x0040A491, "CS"),
    "VerificationFlag": (0x0040A493, "CS"),
    "DocumentTitle": (0x00420010, "ST"),
    "ContentLabel": (0x00700080, "CS"),
    "ContentDescription": (0x00700081, "LO"),
}

OWN: dict[str, tuple[int, str]] = {
    "SOPInstanceUID": (0x00080018, "UI"),
    "AcquisitionDateTime": (0x0008002A, "DT"),
    "AcquisitionTime": (0x00080032, "TM"),
    "ContentTime": (0x00080033, "TM"),
    "InstanceNumber": (0x00200013, "IS"),
}

NESTED: dict[str, tuple[int, str]] = {
    "AccessionNumber": (0x00080050, "SH"),
    "CodeValue": (0x00080100, "SH"),
    "CodingSchemeDesignator": (0x00080102, "SH"),
    "CodeMeaning": (0x00080104, "LO"),
    "StudyInstanceUID": (0x0020000D, "UI"),
    "RequestedProcedureDescription": (0x00321060, "LO"),
    "LocalNamespaceEntityID": (0x00400031, "UT"),
    "UniversalEntityID": (0x00400032, "UT"),
    "UniversalEntityIDType": (0x00400033, "CS"),
    "ScheduledProcedureStepDescription": (0x00400007, "LO"),
    "ScheduledProcedureStepID": (0x00400009, "SH"),
    "RequestedProcedureID": (0x00401001, "SH"),
}
"""What is kept of the items of a sequence."""

COMPUTED: dict[str, tuple[int, str, Level]] = {
    "InstanceAvailability": (0x00080056, "CS", Level.PATIENT),
    "NumberOfPatientRelatedStudies": (0x00201200, "IS", Level.PATIENT),
    "NumberOfPatientRelatedSeries": (0x00201202, "IS", Level.PATIENT),
    "NumberOfPatientRelatedInstances": (0x00201204, "IS", Level.PATIENT),
    "ModalitiesInStudy": (0x00080061, "CS", Level.STUDY),
    "SOPClassesInStudy": (0x00080062, "UI", Level.STUDY),
    "NumberOfStudyRelatedSeries": (0x00201206, "IS", Level.STUDY),
    "NumberOfStudyRelatedInstances": (0x00201208, "IS", Level.STUDY),
    "NumberOfSeriesRelatedInstances": (0x00201209, "IS", Level.SERIES),
}
"""What is counted, not read: keyword → tag, VR and the highest level that knows it."""

LEVELS: dict[str, Level] = {
    **dict.fromkeys(PATIENT, Level.PATIENT),
    **dict.fromkeys(STUDY, Level.STUDY),
    **dict.fromkeys(SERIES, Level.SERIES),
    **dict.fromkeys(COMMON, Level.IMAGE),
    **dict.fromkeys(OWN, Level.IMAGE),
    **{keyword: level for keyword, (_, _, level) in COMPUTED.items()},
}
"""Keyword → the level it belongs to."""

KEPT: dict[int, tuple[str, str]] = {
    tag: (keyword, vr)
    for table in (PATIENT, STUDY, SERIES, COMMON, OWN)
    for keyword, (tag, vr) in table.items()
}
"""Tag → keyword and VR of everything that is read from an object."""

KEPT_NESTED: dict[int, tuple[str, str]] = {
    tag: (keyword, vr) for keyword, (tag, vr) in NESTED.items()
}

LAST_TAG = max(KEPT)
"""Elements come in ascending order (PS3.5 7.1): after this one nothing of interest follows."""
