"""Modalities of Orthanc and dcmqrscp: everything they may write, and what is no such file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.errors import UsageError
from core.modality_files.comments import plain_json
from core.modality_files.reading import MAX_MODALITIES, candidates
from core.model import Candidate, Fate, Modality, Operation

ORTHANC = """
{
  /* several
     lines */
  "Name" : "http://not // a comment",
  "DicomModalities" : {
    // "sample" : [ "NO", "127.0.0.1", 1 ]
    "array" : [ "STORESCP", "127.0.0.1", 2000 ],
    "vitrea" : [ "VITREA", "192.168.1.1", "104", "Vitrea" ],   // a port as text
    "limited" : { "AET" : "LTD", "Port" : 104, "Host" : "ltd.lan", "AllowEcho" : false,
                  "AllowStorageCommitment" : false, "UseDicomTls" : true, "LocalAet" : "HELLO", },
    "odd name.1" : [ "ODD", "odd", 104 ],
    "odd/name/1" : [ "ODD2", "odd2", 104 ],
    "long" : [ "SEVENTEEN-LETTERS", "h", 104 ],
    "port" : [ "P", "h", 70000 ],
    "env" : [ "${AET}", "h", 104 ],
    "short" : [ "S", "h" ],
    "none" : null,
  },
}
"""
DCMQRSCP = """
NetworkTCPPort = 104
HostTable BEGIN
# comment
acme1   = (ACME1, acmehost1, 5678)
acme2   = (ACME2, acmehost2, 5678)
"Acme CT" = acme1, acme2
both    = (UNITED1, united1, 104), (UNITED2, united2, 104)
broken  = (ONLY, two)
lost    = acme1, nowhere
HostTable END
AETable BEGIN
OTHER /db RW (9, 1024mb) ANY
AETable END
"""


def _read(tmp_path: Path, text: str, *known: Modality) -> dict[str, Candidate]:
    file = tmp_path / "file"
    file.write_text(text)
    return {c.name: c for c in candidates(file, {m.name: m for m in known}, "MODALITTY")}


def test_every_form_of_orthancs_modalities_is_read(tmp_path: Path) -> None:
    found = _read(tmp_path, ORTHANC)
    assert found["array"].modality == Modality(
        name="array", ae_title="STORESCP", host="127.0.0.1", port=2000
    )
    vitrea = found["vitrea"].modality
    assert vitrea is not None
    assert (vitrea.port, vitrea.comment) == (104, "Vitrea")
    limited = found["limited"].modality
    assert limited is not None
    assert limited.tls
    assert set(Operation) - set(limited.allow) == {Operation.ECHO, Operation.COMMIT}
    assert "LocalAet" in str(found["limited"].notes)
    odd = found["odd name.1"]
    assert odd.modality is not None
    assert odd.modality.name == "odd-name-1"
    assert "odd-name-1" in str(odd.notes)
    assert "sample" not in found, "it stands in a comment"


def test_what_cannot_be_taken_says_why(tmp_path: Path) -> None:
    found = _read(tmp_path, ORTHANC)
    why = {name: c.why for name, c in found.items() if c.fate is Fate.LEFT_OUT}
    assert "17 bytes" in why["long"]
    assert "1 to 65535" in why["port"]
    assert "environment" in why["env"]
    assert "short" in why
    assert "none" in why
    assert 'named "odd-name-1" too' in why["odd/name/1"]


def test_the_answer_of_orthancs_rest_api_is_read(tmp_path: Path) -> None:
    entry = {"AET": "A", "Host": "h", "Port": 104, "AllowFind": False, "Manufacturer": "Generic"}
    found = _read(tmp_path, json.dumps({"a": entry}))
    assert found["a"].fate is Fate.NEW


def test_a_host_table_is_read_with_its_groups(tmp_path: Path) -> None:
    found = _read(tmp_path, DCMQRSCP)
    acme = found["acme1"].modality
    assert acme is not None
    assert (acme.ae_title, acme.host, acme.port) == ("ACME1", "acmehost1", 5678)
    assert acme.comment == "groups Acme CT, lost"
    assert found["Acme CT"].fate is Fate.GROUP
    assert {"both-UNITED1", "both-UNITED2"} <= set(found)
    assert found["broken"].fate is Fate.LEFT_OUT
    assert "nowhere" in found["lost"].why


def test_what_is_here_already_is_told_from_what_clashes(tmp_path: Path) -> None:
    same = Modality(name="array", ae_title="STORESCP", host="127.0.0.1", port=2000, comment="mine")
    other = Modality(name="vitrea", ae_title="VITREA", host="10.0.0.1", port=104, max_jobs=7)
    found = _read(tmp_path, ORTHANC, same, other)
    assert found["array"].fate is Fate.SAME
    assert found["vitrea"].fate is Fate.CLASH
    assert "10.0.0.1:104" in found["vitrea"].why
    merged = found["vitrea"].modality
    assert merged is not None
    assert (merged.host, merged.max_jobs) == ("192.168.1.1", 7), "what the file cannot know stays"


def test_debians_own_files_are_understood_and_name_nobody() -> None:
    for path in map(Path, ("/etc/orthanc/orthanc.json", "/etc/dcmtk/dcmqrscp.cfg")):
        if not os.access(path, os.R_OK):
            pytest.skip(f"{path} is not here")
        with pytest.raises(UsageError, match="no modality in it"):
            candidates(path, {}, "MODALITTY")


HOSTILE = {
    "binary": b"\x7fELF\0\0",
    "empty": b"",
    "prose": b"root:x:0:0",
    "huge": b"{" + b" " * (5 << 20),
    "cut short": b'{"DicomModalities": {"a": ["A", "h"',
    "brackets": b"[" * 200_000,
    "number": b'{"DicomModalities": {"a": ["A", "h", ' + b"9" * 10_000 + b"]}}",
    "quotes": b'{"' + b'\\"' * 1_000_000,
    "open comments": b"{" + b"/* " * 1_000_000,
    "list": b"[1, 2, 3]",
    "section": b'{"DicomModalities": [1]}',
    "no end": b"HostTable BEGIN\na = (A, h, 1)\n",
    "spaces": b"HostTable BEGIN\na = " + b"x " * 500_000 + b"\nHostTable END\n",
    "crowd": b"HostTable BEGIN\n"
    + b"".join(b"a%d = (A, h, 1)\n" % n for n in range(MAX_MODALITIES + 1))
    + b"HostTable END\n",
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != "spaces"])
def test_what_is_no_such_file_gets_one_line(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(HOSTILE[kind])
    with pytest.raises(UsageError) as told:
        candidates(file, {}, "MODALITTY")
    assert "\n" not in str(told.value)
    assert str(file) in str(told.value)
    assert len(told.value.message) < 300


@pytest.mark.timeout(20)
def test_a_line_without_end_takes_no_time(tmp_path: Path) -> None:
    found = _read(tmp_path, HOSTILE["spaces"].decode())
    assert found["a"].fate is Fate.LEFT_OUT


def test_a_pipe_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="no file"):
        candidates(tmp_path / "pipe", {}, "MODALITTY")


def test_a_comment_sign_in_a_string_is_text() -> None:
    text = '{"a": "x // y /* z */", "b": "q\\"// r"}'
    assert json.loads(plain_json(text)) == {"a": "x // y /* z */", "b": 'q"// r'}
