"""Requests and reports as bytes: as pydicom writes and reads them, and damaged ones."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from core.errors import UsageError
from core.network import identifier
from core.network.commitment.messages import (
    Reference,
    Refusal,
    Report,
    Request,
    TooManyError,
    decode_report,
    decode_request,
    encode_report,
    encode_request,
)
from core.network.contexts import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE

CT = "1.2.840.10008.5.1.4.1.1.2"
SYNTAXES = (EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE)
REQUEST = Request("2.25.1", tuple(Reference(CT, f"1.2.3.{n}") for n in range(3)))
REPORT = Report("2.25.1", (Reference(CT, "1.2.3"),), (Refusal(Reference(CT, "1.2.4"), 0x0112),))


def by_pydicom(ds: Dataset, syntax: str, *, undefined: bool) -> bytes:
    out = DicomBytesIO()
    out.is_implicit_VR = syntax == IMPLICIT_LE
    out.is_little_endian = syntax != EXPLICIT_BE
    for element in ds:
        if element.VR == "SQ":
            element.is_undefined_length = undefined
            for item in element.value:
                item.is_undefined_length_sequence_item = undefined
    write_dataset(out, ds)
    return out.getvalue()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_pydicom_reads_what_we_write(syntax: str) -> None:
    ds = identifier.decode(encode_report(REPORT, syntax, "OURS"), syntax)
    assert (ds.TransactionUID, ds.RetrieveAETitle) == ("2.25.1", "OURS")
    (item,) = ds.ReferencedSOPSequence
    assert (item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID) == (CT, "1.2.3")
    (item,) = ds.FailedSOPSequence
    assert (item.ReferencedSOPInstanceUID, item.FailureReason) == ("1.2.4", 0x0112)
    asked = identifier.decode(encode_request(REQUEST, syntax), syntax)
    assert len(asked.ReferencedSOPSequence) == 3


@pytest.mark.parametrize("undefined", [True, False])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_we_read_what_pydicom_writes(syntax: str, undefined: bool) -> None:
    asked = identifier.decode(encode_request(REQUEST, syntax), syntax)
    asked.StorageMediaFileSetID = "ODD"
    asked.ReferencedSOPSequence[0].PurposeOfReferenceCodeSequence = [Dataset()]
    data = by_pydicom(asked, syntax, undefined=undefined)
    assert decode_request(data, syntax) == REQUEST
    told = identifier.decode(encode_report(REPORT, syntax), syntax)
    assert decode_report(by_pydicom(told, syntax, undefined=undefined), syntax) == REPORT


def test_empty_sequences_are_left_out() -> None:
    ds = identifier.decode(encode_report(Report("1.2"), EXPLICIT_LE), EXPLICIT_LE)
    assert list(ds.keys()) == [0x00081195]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_cut_is_told_or_harmless(syntax: str) -> None:
    whole = encode_report(REPORT, syntax)
    for end in range(len(whole)):
        try:
            found = decode_report(whole[:end], syntax)
        except UsageError:
            continue
        assert len(found.committed) + len(found.failed) < 2


@given(st.binary(max_size=200), st.sampled_from(SYNTAXES))
def test_nothing_but_misuse_is_raised(noise: bytes, syntax: str) -> None:
    head = encode_request(REQUEST, syntax)
    for data in (noise, head[:40] + noise, head + noise):
        try:
            decode_request(data, syntax)
            decode_report(data, syntax)
        except UsageError:
            pass


def test_sequences_nested_without_end_are_misuse() -> None:
    deep = b"\x08\0\x99\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff" * 5000
    with pytest.raises(UsageError, match="nested"):
        decode_request(deep, EXPLICIT_LE)


def test_what_is_no_uid_comes_as_it_is_and_goes_back_so() -> None:
    hostile = Reference("\x1b[2J", "../../x\\[/b]\xff")
    for syntax in SYNTAXES:
        data = encode_request(Request("x" * 65, (hostile,)), syntax)
        assert decode_request(data, syntax).references == (hostile,)
        report = Report("x" * 65, failed=(Refusal(hostile, 0x0112),))
        assert decode_report(encode_report(report, syntax), syntax) == report


def test_a_uid_of_a_megabyte_is_refused() -> None:
    data = encode_request(Request("1.2", (Reference(CT, "1" * (1 << 20)),)), IMPLICIT_LE)
    with pytest.raises(UsageError, match="0008,1155"):
        decode_request(data, IMPLICIT_LE)


def test_the_number_of_references_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.network.commitment.messages.MAX_REFERENCES", 10)
    many = tuple(itertools.repeat(Reference(CT, "1.2"), 11))
    with pytest.raises(TooManyError):
        decode_request(encode_request(Request("1.2", many), EXPLICIT_LE), EXPLICIT_LE)
