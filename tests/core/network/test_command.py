"""Command sets by struct, against pydicom's reading and writing of the same."""

from __future__ import annotations

import io
import struct

import pytest
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from core.network import command
from core.network.command import Field, Verb
from core.network.faults import ProtocolError


def test_pydicom_reads_what_we_write() -> None:
    fields = command.request(Verb.C_STORE_RQ, 513, "1.2.840.1", data_set=True)
    fields[Field.AFFECTED_SOP_INSTANCE_UID] = "1.2.3"
    fields[Field.MOVE_ORIGINATOR_AE_TITLE] = "ODD"
    data = command.encode(fields)
    ds = read_dataset(io.BytesIO(data), True, True)
    assert ds.CommandGroupLength == len(data) - 12
    assert (ds.CommandField, ds.MessageID, ds.Priority) == (1, 513, 0)
    assert (ds.AffectedSOPInstanceUID, ds.MoveOriginatorApplicationEntityTitle) == ("1.2.3", "ODD")
    assert [element.tag for element in ds] == sorted(element.tag for element in ds)


def test_we_read_what_pydicom_writes() -> None:
    ds = Dataset()
    ds.CommandField = 0x8020
    ds.CommandDataSetType = 0x0101
    ds.MessageIDBeingRespondedTo = 7
    ds.Status = 0xA900
    ds.ErrorComment = "no level"
    ds.OffendingElement = [0x00080052, 0x0020000D]
    out = DicomBytesIO()
    out.is_implicit_VR, out.is_little_endian = True, True
    write_dataset(out, ds)
    found = command.decode(out.getvalue())
    assert (found.verb, found.status, found.responds_to) == (0x8020, 0xA900, 7)
    assert not found.has_data_set
    assert found.text(Field.ERROR_COMMENT) == "no level"
    assert found.tags(Field.OFFENDING_ELEMENT) == ("(0008,0052)", "(0020,000D)")


def test_absent_elements_are_absent() -> None:
    found = command.decode(command.cancel(9))
    assert found.verb == Verb.C_CANCEL_RQ
    assert found.responds_to == 9
    assert found.number(Field.REMAINING) is None
    assert found.text(Field.ERROR_COMMENT) == ""


def test_a_comment_is_cut_to_what_its_vr_holds_and_made_ascii() -> None:
    to = command.decode(command.encode(command.request(Verb.C_ECHO_RQ, 1, "1.2", data_set=False)))
    found = command.decode(command.encode(command.response(to, 0x0110, comment="é" * 100)))
    assert found.text(Field.ERROR_COMMENT) == "?" * 64


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0",
        b"\0\0\0\1\xff\xff\xff\xff",
        b"\x08\0\0\1\2\0\0\0\1\0",
        b"",
        b"\0\0\0\1\1\0\0\0\1\0\0\0\x08\2\0\0\0\1\1",
    ],
)
def test_a_damaged_command_set_is_a_protocol_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        command.decode(data)


@pytest.mark.parametrize("value", [b"", b"\0"])
@pytest.mark.parametrize(("verb", "field"), [(0x8001, Field.STATUS), (0x0030, Field.MESSAGE_ID)])
def test_an_element_that_is_too_short_is_missing(verb: int, field: Field, value: bytes) -> None:
    numbers = {Field.COMMAND_FIELD: verb, Field.COMMAND_DATA_SET_TYPE: command.NO_DATA_SET}
    short = struct.pack("<HHI", 0, field, len(value)) + value
    with pytest.raises(ProtocolError, match="without"):
        command.decode(command.encode(numbers) + short)
