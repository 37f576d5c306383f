"""What is read of an object, from sound and from hostile bytes, held against pydicom."""

from __future__ import annotations

import random
import struct
import tracemalloc
import warnings
import zlib
from pathlib import Path
from typing import Any

import pytest
from pydicom import config, dcmread
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from core.archive import attributes
from core.archive.archive import Archive
from core.archive.elements import DEFLATED, Source
from core.archive.header import Header, HeaderReader, read_header
from core.errors import MismatchError, ModalittyError, NotDicomError
from core.model import Level, Query, StoreAction
from tests.core.archive.objects import BIG, CT, EXPLICIT, IMPLICIT, Opener, encode, make, store
from tests.samples import sample_files

FILES = sample_files()


def read(data: bytes, syntax: str = EXPLICIT) -> Header:
    return read_header(Source(data, len(data)), syntax)


def element(tag: int, vr: str, value: bytes) -> bytes:
    long = vr in ("OB", "OW", "SQ", "UN", "UT", "UC")
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    return (
        head
        + (struct.pack("<HL", 0, len(value)) if long else struct.pack("<H", len(value)))
        + value
    )


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_values_are_read_in_each_encoding(syntax: str) -> None:
    item = Dataset()
    item.RequestedProcedureID = "R1"
    inner = Dataset()
    inner.CodeValue = "x"
    item.RequestedProcedureCodeSequence = [inner]
    header = read(encode(make(Rows=300, RequestAttributesSequence=[item, item]), syntax), syntax)
    assert header.common["Rows"] == "300"
    assert header.series["RequestAttributesSequence"] == [{"RequestedProcedureID": "R1"}] * 2
    assert header.study["PatientName"] == "Doe^Jane"
    assert header.warning == ""


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("ISO_IR 100", "Grün^Jörg".encode("latin_1"), "Grün^Jörg"),
        ("ISO_IR 192", "Grün^Jörg 山".encode(), "Grün^Jörg 山"),
        ("ISO_IR 144", "Иванов^Иван".encode("iso8859_5"), "Иванов^Иван"),
        ("GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),
        ("ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
        (
            "\\ISO 2022 IR 87",
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            "Yamada^Tarou=山田^太郎=やまだ^たろう",
        ),
        (
            "\\ISO 2022 IR 149",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            "Hong^Gildong=洪^吉洞=홍^길동",
        ),
        ("ISO-IR 100", b"Gr\xfcn", "Grün"),
    ],
)
def test_names_in_their_character_sets(charset: str, raw: bytes, text: str) -> None:
    raw += b" " * (len(raw) % 2)
    charset += " " * (len(charset) % 2)
    data = element(0x00080005, "CS", charset.encode()) + encode(make(PatientName=None))
    data = data.replace(b"\x10\0\x20\0LO", element(0x00100010, "PN", raw) + b"\x10\0\x20\0LO")
    header = read(data)
    assert header.study["PatientName"] == text
    assert header.warning == ""


@pytest.mark.parametrize(
    "charset", ["ISO_IR 999", "utter nonsense", "ISO_IR 192", "\\ISO 2022 IR 87", ""]
)
def test_a_set_that_lies_leaves_something_readable_and_a_warning(charset: str) -> None:
    raw = b"Gr\xfcn^\x1b$Q\xff\xfe\x1b"
    data = element(0x00080005, "CS", charset.encode().ljust(16)) + encode(make(PatientName=None))
    data = data.replace(
        b"\x10\0\x20\0LO", element(0x00100010, "PN", raw + b" ") + b"\x10\0\x20\0LO"
    )
    header = read(data)
    assert header.study["PatientName"].startswith("Gr")
    assert "character set" in header.warning


def test_a_missing_uid_is_named() -> None:
    with pytest.raises(NotDicomError, match="StudyInstanceUID"):
        read(encode(make(StudyInstanceUID=None)))


def test_cut_anywhere_gives_an_object_or_a_clear_error() -> None:
    data = encode(
        make(Rows=1, BitsAllocated=8, PixelData=b"x" * 50, RequestAttributesSequence=[Dataset()])
    )
    kept = 0
    for cut in range(len(data)):
        try:
            header = read(data[:cut])
        except NotDicomError:
            continue
        kept += 1
        if cut < len(data) - 1 and header.warning == "":
            # Cut between two elements: nothing shows that more was meant.
            assert read(data[:cut]).sop_instance_uid == "1.2.3"
    assert kept > 50


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
def test_random_damage_never_escapes(syntax: str) -> None:
    rng = random.Random(7)
    plain = encode(make(Rows=1, RequestAttributesSequence=[make()]), syntax)
    data = plain if syntax != DEFLATED else deflate(encode(make()))
    for _ in range(1500):
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 6)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            read(bytes(damaged), syntax)
        except NotDicomError:
            continue


def outcome(reader: HeaderReader, data: bytes) -> object:
    try:
        header = reader.finish(Source(data, len(data)))
    except NotDicomError as error:
        return str(error)
    return header.study, header.series, header.common, header.own, header.warning


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
def test_a_look_at_its_beginning_changes_nothing(syntax: str) -> None:
    """However much of it is looked at first, and however it is damaged or cut."""
    rng = random.Random(11)
    item = Dataset()
    item.RequestedProcedureID = "R1"
    rich = make(RequestAttributesSequence=[item, item], Rows=7)
    rich.StudyID = "x" * 16
    rich.add_new(0x00080081, "ST", "x" * 1000)
    rich.SpecificCharacterSet, rich.PatientComments = "ISO_IR 100", "Gr\xfcn"
    rich.add_new(0x00290010, "UN", b"y" * 3000)
    rich.add_new(0x7FE00010, "OB", b"z" * 500)
    data = encode(rich, syntax) if syntax != DEFLATED else deflate(encode(rich))
    for number in range(1500):
        damaged = bytearray(data[: rng.randrange(len(data))] if number % 3 == 1 else data)
        for _ in range(rng.randint(0, 4) if damaged else 0):
            damaged[rng.randrange(min(len(damaged), 1000))] = rng.randrange(256)
        whole = bytes(damaged)
        plain, looked = HeaderReader(syntax), HeaderReader(syntax)
        looked.look(whole[: rng.randrange(len(whole) + 1)])
        assert outcome(looked, whole) == outcome(plain, whole)


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def test_a_deflated_bomb_takes_no_memory() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(
        encode(make()) + struct.pack("<HH2sHL", 0x7FE0, 0x10, b"OB", 0, 300 << 20)
    )
    bomb += b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()
    tracemalloc.start()
    try:
        header = read(bomb, DEFLATED)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    assert header.sop_instance_uid == "1.2.3"


def test_sequences_nested_200_deep() -> None:
    start = struct.pack("<HH2sHL", 0x0008, 0x1111, b"SQ", 0, 0xFFFFFFFF)
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    ends = struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    nested = (start + item) * 200 + ends * 200
    data = encode(make())
    at = data.index(b"\x10\0\x10\0PN")
    header = read(data[:at] + nested + data[at:])
    assert header.study["PatientName"] == "Doe^Jane"
    assert header.warning == ""


def test_strange_vrs_and_odd_lengths_are_passed_over() -> None:
    data = encode(make())
    at = data.index(b"\x10\0\x10\0PN")
    strange = element(0x00090010, "LO", b"odd") + b"\x09\0\x11\0ZZ\0\0\x04\0\0\0abcd"
    strange += b"\x09\0\x12\0" + struct.pack("<L", 2) + b"im"
    assert read(data[:at] + strange + data[at:]).study["PatientName"] == "Doe^Jane"


def test_a_value_too_long_to_index_is_left_out_and_said() -> None:
    data = encode(make(PatientComments="x" * 10240))
    at = data.index(b"\x10\0\x10\0PN")
    header = read(data[:at] + element(0x00080080, "LO", b"y" * 30000) + data[at:])
    assert len(header.study["PatientComments"]) == 10240
    assert "InstitutionName" not in header.series
    assert "InstitutionName" in header.warning


def test_a_head_larger_than_memory_is_read_from_the_file(opener: Opener) -> None:
    with opener() as archive:
        ds = make(SeriesDescription="late")
        ds.add_new(0x00091001, "OB", b"z" * 700_000)
        ds.add_new(0x00090010, "LO", "PRIVATE")
        stored = store(archive, ds)
        assert stored.warning == ""
        (row,) = archive.match(Query(level=Level.STUDY, keys={"PatientName": ""}))
        assert row.values["PatientName"] == "Doe^Jane"


def values_of(path: Path, keywords: dict[str, str]) -> dict[str, str]:
    """What pydicom reads of a file; numbers in text are left out, because it rewrites them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = dcmread(path, force=True)
        wanted = [keyword for keyword, vr in keywords.items() if vr not in ("DS", "IS")]
        return {keyword: text_of(ds.get(keyword)) for keyword in wanted}


def text_of(value: Any) -> str:
    if isinstance(value, MultiValue):
        return "\\".join(str(part).strip(" \0") for part in value)
    return str(value).strip(" \0").rstrip("=") if value is not None else ""


def test_every_file_of_pydicom_answers_as_the_file_says(opener: Opener) -> None:
    taken: dict[str, Path] = {}
    with opener() as archive:
        for path in FILES:
            try:
                stored = archive.take_file(path)
            except ModalittyError:
                continue
            if stored.action is StoreAction.STORED:
                taken[stored.instance.sop_instance_uid] = path
        assert len(taken) > 100
        assert archive.check(repair=False).clean
        keywords = {
            keyword: vr
            for table in (
                attributes.PATIENT,
                attributes.STUDY,
                attributes.SERIES,
                attributes.COMMON,
                attributes.OWN,
            )
            for keyword, (_, vr) in table.items()
            if vr != "SQ" and keyword != "AvailableTransferSyntaxUID"
        }
        shared = set(attributes.PATIENT) | set(attributes.STUDY) | set(attributes.SERIES)
        rows = archive.match(Query(level=Level.IMAGE, keys=dict.fromkeys(keywords, "")))
        answers = {row.values["SOPInstanceUID"]: row.values for row in rows}
        assert answers.keys() == taken.keys()
        said = {uid: values_of(path, keywords) for uid, path in taken.items()}
        of_study: dict[tuple[str, str], set[str]] = {}
        for values in said.values():
            for keyword in shared & values.keys():
                of_study.setdefault((values["StudyInstanceUID"], keyword), set()).add(
                    values[keyword]
                )
        for uid, values in said.items():
            for keyword, value in values.items():
                answer = answers[uid][keyword].rstrip("=")
                # What is kept once for a study or series is as one of its objects has it.
                allowed = (
                    of_study[values["StudyInstanceUID"], keyword] if keyword in shared else {value}
                )
                assert answer in allowed, f"{taken[uid].name}: {keyword}"
    assert config.settings.reading_validation_mode == config.WARN


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_no_file_of_pydicom_breaks_anything_on_its_way_in(path: Path, archive: Archive) -> None:
    try:
        stored = archive.take_file(path)
    except NotDicomError:
        assert archive.statistics().instances == 0
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = dcmread(path, force=True, stop_before_pixels=True)
        copy = dcmread(stored.instance.path, stop_before_pixels=True)
        assert stored.instance.study_uid == ds.StudyInstanceUID
        assert stored.instance.sop_instance_uid == ds.SOPInstanceUID
        assert copy.SOPInstanceUID == ds.SOPInstanceUID


def test_a_file_without_meta_gets_one(tmp_path: Path, archive: Archive) -> None:
    for number, syntax in enumerate((IMPLICIT, EXPLICIT, BIG)):
        path = tmp_path / f"{number}"
        path.write_bytes(encode(make(f"1.1.{number}"), syntax))
        stored = archive.take_file(path)
        assert stored.instance.transfer_syntax_uid == syntax
        ds = dcmread(stored.instance.path)
        assert ds.file_meta.TransferSyntaxUID == syntax
        assert ds.PatientID == "P1"
        assert path.read_bytes() == encode(make(f"1.1.{number}"), syntax)


def test_meta_that_names_another_object_is_written_anew(tmp_path: Path, archive: Archive) -> None:
    first = Path(store(archive, make("1.1.1")).instance.path)
    path = tmp_path / "lying.dcm"
    data = first.read_bytes()
    at = data.index(b"1.1.1")
    path.write_bytes(data[:at] + b"9.9.9" + data[at + 5 :].replace(b"1.1.1", b"1.1.2"))
    stored = archive.take_file(path)
    assert stored.instance.sop_instance_uid == "1.1.2"
    assert dcmread(stored.instance.path).file_meta.MediaStorageSOPInstanceUID == "1.1.2"


@pytest.mark.parametrize(
    "content", [b"", b"short", b"\0" * 4096, b"%PDF-1.7 " * 100, b"\0" * 128 + b"DICM"]
)
def test_what_is_no_object_is_refused(tmp_path: Path, archive: Archive, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    for strange in (path, tmp_path, tmp_path / "missing", Path("/dev/zero"), Path("a\0b")):
        with pytest.raises(NotDicomError):
            archive.take_file(strange)
    assert list((archive.folder / "incoming").iterdir()) == []


def test_an_object_with_no_instance_uid_is_refused(archive: Archive) -> None:
    with archive.receive(
        sop_class_uid=CT, sop_instance_uid="", transfer_syntax_uid=EXPLICIT, source="X"
    ) as incoming:
        incoming.write(encode(make(SOPInstanceUID="")))
        with pytest.raises((NotDicomError, MismatchError)):
            incoming.commit()
