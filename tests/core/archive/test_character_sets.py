"""Text in every character set, on its whole way: file, index, queries in other sets, answers.

The files are pydicom's own test files for character sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from core.archive.archive import Archive
from core.archive.entities import fold_name
from core.archive.text import decode, encodings_of
from core.model import Level, Query, Root
from core.station import Station
from tests.core.archive.objects import encode, make
from tests.core.archive.querying import Asker, answers_of, identifier
from tests.core.test_transfers import station_at
from tests.samples import sample_file
from tests.tui.commandline import CommandLine

NAMES = {
    "chrArab.dcm": "قباني^لنزار",
    "chrFren.dcm": "Buc^Jérôme",
    "chrGerm.dcm": "Äneas^Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw.dcm": "שרון^דבורה",
    "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrJapMulti.dcm": "やまだ^たろう",
    "chrKoreanMulti.dcm": "김희중",
    "chrRuss.dcm": "Люкceмбypг",  # noqa: RUF001
    "chrX1.dcm": "Wang^XiaoDong=王^小東",
    "chrX2.dcm": "Wang^XiaoDong=王^小东",
}


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    folder = tmp_path_factory.mktemp("charsets")
    with station_at(folder / "ours", "OURS") as ours:
        ours.change("station.accept.unknown_callers", "accept")
        job = ours.jobs.wait(ours.jobs.import_files([sample_file(name) for name in NAMES]).id, 30)
        assert (job.arrived, job.failed) == (len(NAMES), 0)
        yield ours


@pytest.fixture(scope="module")
def ask(station: Station) -> Iterator[Asker]:
    with Asker(station.settings.station.port, "OURS") as asker:
        yield asker


def uid_of(name: str) -> str:
    return str(dcmread(sample_file(name), stop_before_pixels=True).StudyInstanceUID)


def in_set(level: str, charset: str | list[str], **keys: str) -> Dataset:
    ds = identifier(level, {"StudyInstanceUID": "", **keys})
    ds.SpecificCharacterSet = charset
    return ds


@pytest.mark.parametrize("name", NAMES)
def test_each_group_of_a_name_finds_its_study(station: Station, ask: Asker, name: str) -> None:
    study = uid_of(name)
    for group in NAMES[name].split("="):
        for pattern in (group, f"{group[:2]}*", group.swapcase(), f"?{group[1:]}"):
            answers = ask(in_set("STUDY", "ISO_IR 192", PatientName=pattern))
            found = {row["StudyInstanceUID"]: row for row in answers.rows}
            assert answers.status == 0
            assert study in found, pattern
            assert found[study]["PatientName"] == NAMES[name]
            own = station.archive.list(Query(level=Level.STUDY, keys={"PatientName": pattern}))
            assert study in {match.values["StudyInstanceUID"] for match in own}, pattern
    (row,) = ask(
        in_set("STUDY", "ISO_IR 192", PatientName=NAMES[name], StudyInstanceUID=study)
    ).rows
    assert row["PatientName"] == NAMES[name]


@pytest.mark.parametrize(
    ("charset", "pattern", "names"),
    [
        (["", "ISO 2022 IR 87"], "*=山田*", {"chrH31.dcm", "chrH32.dcm"}),
        (["", "ISO 2022 IR 87"], "山田^太郎", {"chrH31.dcm", "chrH32.dcm"}),
        (["", "ISO 2022 IR 87"], "やまだ*", {"chrH31.dcm", "chrH32.dcm", "chrJapMulti.dcm"}),
        (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ*", {"chrH32.dcm"}),
        (["", "ISO 2022 IR 149"], "홍^길동", {"chrI2.dcm"}),
        (["", "ISO 2022 IR 149"], "김*", {"chrKoreanMulti.dcm"}),
        ("GB18030", "王*", {"chrX1.dcm", "chrX2.dcm"}),
        ("GB18030", "王^小东", {"chrX2.dcm"}),
        ("GBK", "王^小东", {"chrX2.dcm"}),
        ("ISO_IR 144", "ЛЮК*", {"chrRuss.dcm"}),
        ("ISO_IR 126", "διον*", {"chrGreek.dcm"}),
        ("ISO_IR 100", "äneas*", {"chrGerm.dcm"}),
        ("ISO_IR 101", "Äneas*", {"chrGerm.dcm"}),
        ("ISO_IR 138", "שרון*", {"chrHbrw.dcm"}),
        ("ISO_IR 127", "قباني*", {"chrArab.dcm"}),
    ],
)
def test_a_query_in_one_set_finds_data_in_another(
    ask: Asker, charset: str | list[str], pattern: str, names: set[str]
) -> None:
    answers = ask(in_set("STUDY", charset, PatientName=pattern))
    assert answers.status == 0
    assert {row["StudyInstanceUID"] for row in answers.rows} == {uid_of(name) for name in names}
    assert {row["PatientName"] for row in answers.rows} == {NAMES[name] for name in names}
    assert all(row["SpecificCharacterSet"] == "ISO_IR 192" for row in answers.rows)


def test_the_command_line_lists_and_dumps_them(tmp_path: Path) -> None:
    cli = CommandLine(tmp_path)
    assert cli("import", *(sample_file(name) for name in NAMES)).code == 0
    listed = {line["values"]["PatientName"].rstrip("=") for line in cli("list", "--json").lines}
    assert listed == set(NAMES.values())
    for name in ("chrH32.dcm", "chrI2.dcm", "chrX2.dcm"):
        said = cli("dump", sample_file(name), "--json").json["00100010"]["Value"][0]
        assert list(said.values()) == NAMES[name].split("=")


def test_text_that_lies_about_its_set_is_marked_and_kept(archive: Archive, tmp_path: Path) -> None:
    name, charset = b"Gr\xfcn^J\xf6rg ", b"ISO_IR 192"
    data = encode(make(PatientName=None))
    data = b"\x08\0\x05\0CS" + bytes((len(charset), 0)) + charset + data
    at = data.index(b"\x10\0\x20\0LO")
    data = data[:at] + b"\x10\0\x10\0PN" + bytes((len(name), 0)) + name + data[at:]
    (tmp_path / "lies").write_bytes(data)
    stored = archive.take_file(tmp_path / "lies")
    assert "PatientName does not fit its character set" in stored.warning
    (match,) = archive.match(Query(level=Level.STUDY, keys={"PatientName": "GR*"}))
    assert match.values["PatientName"] == "Grün^Jörg"
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query["PatientName"] = _bytes(0x00100010, "PN", b"Gr\xfc*")
    query["SpecificCharacterSet"] = _bytes(0x00080005, "CS", b"NO SUCH SET ")
    assert len(answers_of(archive, query, Root.STUDY)) == 1


@pytest.mark.parametrize(
    "charset",
    [
        "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 144", "ISO_IR 127",
        "ISO_IR 126", "ISO_IR 138", "ISO_IR 148", "ISO_IR 13", "ISO_IR 166", "ISO_IR 203",
        "ISO_IR 192", "GB18030", "GBK", "ISO 2022 IR 6", "ISO 2022 IR 100", "ISO 2022 IR 101",
        "ISO 2022 IR 109", "ISO 2022 IR 110", "ISO 2022 IR 144", "ISO 2022 IR 127",
        "ISO 2022 IR 126", "ISO 2022 IR 138", "ISO 2022 IR 148", "ISO 2022 IR 13",
        "ISO 2022 IR 166", "ISO 2022 IR 203", "ISO 2022 IR 87", "ISO 2022 IR 159",
        "ISO 2022 IR 149", "ISO 2022 IR 58",
    ],
)  # fmt: skip
def test_every_set_of_the_standard_is_known(charset: str) -> None:
    """PS3.3 tables C.12-2 to C.12-5."""
    codecs, warning = encodings_of(charset)
    assert warning == ""
    assert decode(b"Plain^ASCII", codecs, is_name=True) == ("Plain^ASCII", True)


def _bytes(tag: int, vr: str, value: bytes) -> object:
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    return RawDataElement(Tag(tag), vr, len(value), value, 0, False, True)


def test_kana_keep_their_voice_and_latin_loses_its_accents() -> None:
    assert fold_name("Ångström^JÖRG") == "angstrom^jorg"
    assert fold_name("やまだ") != fold_name("やまた")
    assert fold_name("ﾔﾏﾀﾞ") == fold_name("ヤマダ")
    assert len(fold_name("홍길동")) == 3
