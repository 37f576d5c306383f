"""Objects that are not what they should be, by C-STORE and by import, and through every verb."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.network.fakes import CT
from tests.core.network.raw import Raw, p_data, store_command
from tests.faults.served import (
    Served,
    children_peak_mib,
    command_line,
    harmless,
    leftovers,
    objects,
    one_line,
    outside,
    run,
)

LONG = struct.Struct("<HH2sHI")
SHORT = struct.Struct("<HH2sH")
HOSTILE = "E^\x1b]52;c;AAAA\x07\x1b[2J\u202e[/b][@click=app.exit]\x9b31m\u2028\x00"


def element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2) if vr == b"UI" else b" " * (len(value) % 2)
    if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
        return LONG.pack(group, number, vr, 0, len(value)) + value
    return SHORT.pack(group, number, vr, len(value)) + value


def with_uid(uid: bytes, *more: bytes, study: bytes = b"1.2", series: bytes = b"1.2.1") -> bytes:
    """A data set with whatever it has for a UID."""
    head = element(8, 0x16, b"UI", CT.encode()) + element(8, 0x18, b"UI", uid)
    tail = element(0x20, 0x0D, b"UI", study) + element(0x20, 0x0E, b"UI", series)
    return head + tail + b"".join(more)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(command_line(tmp_path_factory.mktemp("objects"))) as station:
        assert station.store("1.1") == 0
        yield station


def send(served: Served, uid: bytes, data: bytes) -> int:
    command = store_command("X" * (len(uid) + len(uid) % 2))
    filler = b"X" * (len(uid) + len(uid) % 2)
    with Raw.connect(served.port) as raw:
        raw.associate()
        raw.send(p_data(3, 3, command.replace(filler, uid.ljust(len(filler), b"\0"))))
        for start in range(0, max(1, len(data)), 16000):
            last = start + 16000 >= len(data)
            raw.send(p_data(3, 2 if last else 0, data[start : start + 16000]))
        return raw.answer().status or 0


UIDS = (
    b"../../../x",
    b"/tmp/modalitty-x",
    b"..",
    b".",
    b"1.2/../../3",
    b"1.2\0.3",
    b"\0\0",
    b"1." * 40 + b"1",
    b"letters",
    b"1.2\x1b[2J\x07",
    b"1.2\n3",
    b"-rf",
    b"~",
    b"%00",
    b"1.2.\xff\xfe",
    b"CON",
    b"1..2",
)


def test_no_uid_leads_out_of_the_folder(served: Served) -> None:
    before = served.held
    folder = served.cli.config.parent
    for uid in UIDS:
        for data in (
            with_uid(uid),
            with_uid(uid, study=uid, series=uid),
            with_uid(b"1.2.77", study=uid, series=b"../" + uid),
            with_uid(b""),
        ):
            status = send(served, uid, data)
            assert status == 0 or status >> 12 in (0xA, 0xC) or status >> 8 == 1, hex(status)
    served.back_to(before)
    assert leftovers(served.cli) == []
    assert outside(folder) == []
    assert not Path("/tmp/modalitty-x").exists()
    for path in (served.cli.data / "objects").rglob("*"):
        assert path.name.isprintable()
        assert path.name.isascii()
    for words in (("list", "--level", "instance"), ("list", "--json"), ("statistics",), ("check",)):
        said = served.cli(*words)
        assert said.code == 0, said
        harmless(said.out)
        harmless(said.err)


BROKEN = {
    "empty": b"",
    "cut in a header": with_uid(b"1.6.1")[:-3],
    "length beyond the end": with_uid(b"1.6.2") + LONG.pack(0x7FE0, 0x10, b"OW", 0, 0xFFFFFFF0),
    "length beyond, first": LONG.pack(8, 5, b"UN", 0, 0x7FFFFFFF) + with_uid(b"1.6.3"),
    "unknown VR": with_uid(b"1.6.4", SHORT.pack(0x10, 0x10, b"ZZ", 2) + b"ab"),
    "VR to obey": with_uid(b"1.6.5", SHORT.pack(0x10, 0x10, b"\x1b[", 2) + b"ab"),
    "odd length": with_uid(b"1.6.6", SHORT.pack(0x10, 0x10, b"PN", 3) + b"abc"),
    "nested 5000 deep": with_uid(
        b"1.6.7",
        (LONG.pack(0x40, 0xA730, b"SQ", 0, 0xFFFFFFFF) + b"\xfe\xff\0\xe0\xff\xff\xff\xff") * 5000,
    ),
    "tags backwards": with_uid(b"1.6.8", element(8, 5, b"CS", b"ISO_IR 6")),
    "a set nobody has": element(8, 5, b"CS", b"\x1b[2J") + with_uid(b"1.6.9"),
    "random": bytes((i * 7919) & 255 for i in range(4000)),
    "another encoding": struct.pack("<HHI", 8, 0x18, 6) + b"1.6.10",
    "all 0xFF": b"\xff" * 3000,
    "group length that lies": SHORT.pack(8, 0, b"UL", 4) + b"\xff" * 4 + with_uid(b"1.6.12"),
    "a command group": struct.pack("<HHI", 0, 0, 4) + b"\0" * 4 + with_uid(b"1.6.13"),
}


def test_broken_data_sets_are_taken_or_refused_and_never_an_end(served: Served) -> None:
    before = served.held
    for number, (name, data) in enumerate(BROKEN.items(), 1):
        status = send(served, f"1.6.{number}".encode(), data)
        assert status == 0 or status >> 12 in (0xA, 0xC), (name, hex(status))
    served.back_to(before)
    assert leftovers(served.cli) == []
    assert served.peak_mib < 200
    said = served.cli("check")
    assert said.code == 0, said
    for path in objects(served.cli):
        for words in (("dump", path), ("dump", path, "--json")):
            shown = served.cli(*words)
            assert shown.code in (0, 1), shown
            harmless(shown.err)
            harmless(shown.out)


def part10(data: bytes, syntax: bytes = b"1.2.840.10008.1.2.1", uid: bytes = b"1.8") -> bytes:
    meta = element(2, 2, b"UI", CT.encode()) + element(2, 3, b"UI", uid)
    meta += element(2, 0x10, b"UI", syntax)
    return b"\0" * 128 + b"DICM" + element(2, 0, b"UL", struct.pack("<I", len(meta))) + meta + data


def pixels(rows: int, frames: bytes, data: bytes) -> bytes:
    return with_uid(
        b"1.8",
        element(0x28, 2, b"US", b"\1\0"),
        element(0x28, 4, b"CS", b"MONOCHROME2"),
        element(0x28, 8, b"IS", frames),
        *(element(0x28, at, b"US", struct.pack("<H", rows)) for at in (0x10, 0x11)),
        *(element(0x28, at, b"US", b"\x10\0") for at in (0x100, 0x101)),
        element(0x28, 0x102, b"US", b"\x0f\0"),
        element(0x28, 0x103, b"US", b"\0\0"),
        LONG.pack(0x7FE0, 0x10, b"OB", 0, 0xFFFFFFFF)
        + b"\xfe\xff\0\xe0\0\0\0\0\xfe\xff\0\xe0"
        + struct.pack("<I", len(data))
        + data
        + b"\xfe\xff\xdd\xe0\0\0\0\0",
    )


def bombs() -> dict[str, bytes]:
    rle = struct.pack("<16I", 2, 64, 110, *[0] * 13) + b"\x81\0" * 48
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    blank = element(0x7FE0, 0x10, b"OW", b"\0" * (100 << 20))
    deflated = squeeze.compress(with_uid(b"1.8") + blank) + squeeze.flush()
    jpeg = bytes.fromhex("ffd8ffc3001110ffffffff0301110002110103110100ffda")
    return {
        "rle of 8 GiB": part10(pixels(65535, b"1", rle), b"1.2.840.10008.1.2.5"),
        "2**31 frames": part10(pixels(16, b"2147483647", rle), b"1.2.840.10008.1.2.5"),
        "deflated": part10(deflated, b"1.2.840.10008.1.2.1.99"),
        "jpeg": part10(pixels(65535, b"1", jpeg), b"1.2.840.10008.1.2.4.70"),
        "jpeg 2000": part10(pixels(65535, b"1", b"\xff\x4f\xff\x51"), b"1.2.840.10008.1.2.4.90"),
        "syntax to obey": part10(with_uid(b"1.8"), b"1.2\x1b[2J"),
    }


def test_bombs_have_no_preview_and_take_no_memory(tmp_path: Path) -> None:
    cli = command_line(tmp_path)
    path = tmp_path / "x.dcm"
    for name, data in bombs().items():
        path.write_bytes(data)
        for words in (("preview", path), ("dump", path)):
            said = cli(*words)
            assert said.code in (0, 1), (name, said)
            harmless(said.err)
            if words[0] == "preview":
                assert said.code == 1, (name, said)
                one_line(said.err)
        said = cli("import", path, "--json")
        assert said.code in (0, 1), (name, said)
        harmless(said.err)
    assert leftovers(cli) == []
    assert children_peak_mib() < 2000


def test_hostile_text_through_every_verb(tmp_path: Path) -> None:
    cli = command_line(tmp_path)
    text = HOSTILE.encode()
    keys = [(0x10, 0x10, b"PN"), (0x10, 0x20, b"LO"), (8, 0x50, b"SH"), (8, 0x1030, b"LO")]
    keys += [(8, 0x60, b"CS"), (8, 0x20, b"DA"), (8, 0x30, b"TM"), (0x20, 0x13, b"IS")]
    keys += [(0x10, 0x30, b"DA"), (8, 0x103E, b"LO"), (9, 0x10, b"LO"), (0x18, 0x15, b"CS")]
    values = sorted(element(*key, text) for key in keys)
    data = element(8, 5, b"CS", b"ISO_IR 192") + with_uid(b"1.9.1", *values)
    folder = tmp_path / "in\x1b[2J\x07[b]"
    folder.mkdir()
    path = folder / "ev\x1b]0;x\x07il\u202e[b].dcm"
    path.write_bytes(part10(data, uid=b"1.9.1"))
    (folder / "no\x1b[2Jthing\udcff").write_bytes(b"no DICOM")
    assert cli("import", folder).code == 0
    held = str(objects(cli)[0])
    verbs: list[tuple[object, ...]] = [
        ("import", folder),
        ("import", folder / "missing\x1b[2J"),
        ("list",),
        ("list", "--level", "patient"),
        ("list", "--level", "series"),
        ("list", "--level", "instance", "-k", "PatientName", "-k", "00090010"),
        ("list", "-k", "PatientName=\x1b[2J*"),
        ("list", "-k", "\x1b[2J"),
        ("list", "--level", "\x1b[2J"),
        ("lookup", HOSTILE.replace("\0", "")),
        ("lookup", "1.9.1"),
        ("dump", path),
        ("dump", "1.9.1"),
        ("dump", "\x1b[2J"),
        ("dump", folder / "no\x1b[2Jthing\udcff"),
        ("preview", path),
        ("preview", "/\x1b[2J"),
        ("preview", held, "--window", "\x1b[2J"),
        ("statistics",),
        ("check",),
        ("protect", "1.9.1"),
        ("protect",),
        ("export", "1.9.1", "--to", tmp_path / "out\x1b[2J"),
        ("export", "\x1b[2J", "--to", tmp_path / "out2"),
        ("send", "\x1b[2J", held),
        ("echo", "\x1b[2J\x07"),
        ("echo", "--aet", "A\x1b[2J", "--host", "h", "--port", 1),
        ("echo", "--aet", "A", "--host", "\x1b[2J", "--port", 1),
        ("find", "x", "-k", "PatientName=\x1b[2J"),
        ("move", "\x1b[2J", "--study", "\x1b[2J"),
        ("modalities", "add", "\x1b[2J", "--aet", "A", "--host", "h", "--port", 1),
        ("modalities", "remove", "\x1b[2J"),
        ("\x1b[2J",),
        ("list", "--\x1b[2J"),
        ("--config", "/\x1b[2J", "list"),
        ("--log-level", "\x1b[2J", "list"),
    ]
    for words in verbs:
        plain = cli(*words)
        wanted = [plain]
        if words[0] not in ("preview", "--config", "--log-level", "\x1b[2J"):
            wanted.append(cli(*words, "--json"))
        for said in wanted:
            assert said.code in (0, 1, 2, 3, 4), (words, said)
            harmless(said.out)
            harmless(said.err)
            assert said.code == 0 or said.err, words
    known = cli("list", "--json", "-k", "PatientName")
    assert known.lines[0]["values"]["PatientName"].startswith("E^\x1b]52"), "whole in JSON"


def test_a_text_too_long_for_a_line_is_cut(tmp_path: Path) -> None:
    cli = command_line(tmp_path)
    name = b"A" * 60000
    path = tmp_path / "long.dcm"
    path.write_bytes(part10(with_uid(b"1.8", element(0x10, 0x10, b"PN", name)), uid=b"1.8"))
    assert run(cli, "import", path).returncode == 0
    said = cli("list")
    assert said.code == 0
    assert max(map(len, said.out.splitlines())) < 500
