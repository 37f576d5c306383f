"""A query, or a retrieve, as commands for a shell: `modalitty`, and DCMTK's findscu and friends.

Each function returns one line that does the same again. Words are quoted by shlex: values come
from outside, and a shell obeys what is not.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.model import Level, Modality, Query, Ref, Root
from core.settings import TlsSettings
from core.settings_file import user_config_path, user_data_path
from tui import libraries
from tui.levels import COLUMNS, EXTRA_KEYS, WORKLIST_COLUMNS

_LEVELS = {
    Level.PATIENT: "patient",
    Level.STUDY: "study",
    Level.SERIES: "series",
    Level.IMAGE: "instance",
}
_MODELS = {Root.STUDY: "-S", Root.PATIENT: "-P", Root.PATIENT_STUDY_ONLY: "-O"}
_UTF8 = "SpecificCharacterSet=ISO_IR 192"
_NAMED = {
    *(column.key for columns in COLUMNS.values() for column in columns),
    *(key for keys in EXTRA_KEYS.values() for key in keys),
    *(part for column in WORKLIST_COLUMNS for part in column.key.split(".")),
}
"""Keywords that DCMTK's dictionary surely has; others go by their tag."""


@dataclass(frozen=True)
class Ourselves:
    """Who asks: our AE title, our TLS files, our configuration and data folder."""

    ae_title: str
    tls: TlsSettings
    config: Path
    data: Path

    def modalitty(self, verb: str) -> list[str]:
        """Our own program at a verb, with the files that this console uses."""
        words = ["modalitty"]
        if self.config != user_config_path():
            words += ["--config", str(self.config)]
        if self.data != user_data_path():
            words += ["--data", str(self.data)]
        return [*words, verb]


def modalitty_find(us: Ourselves, peer: Modality | None, query: Query) -> str:
    """`modalitty find`, or `worklist`; `list` for the own archive (None)."""
    keys = [f"{key}={value}" for key, value in query.keys.items() if value]
    words = us.modalitty("list")
    if peer:
        words = us.modalitty("worklist" if query.root is Root.WORKLIST else "find")
        words.append(peer.name)
    if query.root is not Root.WORKLIST:
        words += ["--level", _LEVELS[query.level]]
        if peer and query.root is Root.PATIENT and query.level is not Level.PATIENT:
            words += ["--root", "patient"]
    if query.limit:
        words += ["--limit", str(query.limit)]
    return shlex.join([*words, *_each("-k", keys)])


def findscu(us: Ourselves, peer: Modality, query: Query) -> str:
    """DCMTK's findscu with the same keys; it has no limit."""
    worklist = query.root is Root.WORKLIST
    words = _dcmtk("findscu", us, peer, "-W" if worklist else _MODELS[query.root])
    keys = {} if worklist else {"QueryRetrieveLevel": query.level.value}
    keys |= query.keys
    return shlex.join([*words, *_each("-k", _dcmtk_keys(keys)), peer.host, str(peer.port)])


def modalitty_retrieve(us: Ourselves, peer: Modality, ref: Ref, destination: str = "") -> str:
    """`modalitty move`, to ourselves where there is no destination; a whole patient cannot be."""
    words = [*us.modalitty("move"), peer.name, *_uids(ref)]
    return shlex.join([*words, "--to", destination] if destination else words)


def modalitty_get(us: Ourselves, peer: Modality, ref: Ref) -> str:
    """`modalitty get`; a whole patient cannot be."""
    return shlex.join([*us.modalitty("get"), peer.name, *_uids(ref)])


def movescu(us: Ourselves, peer: Modality, ref: Ref, destination: str = "") -> str:
    """DCMTK's movescu; without a destination the objects come to our own listener."""
    words = _dcmtk("movescu", us, peer, _model_of(ref))
    words += ["-aem", destination or us.ae_title]
    return shlex.join([*words, *_ref_keys(ref), peer.host, str(peer.port)])


def getscu(us: Ourselves, peer: Modality, ref: Ref) -> str:
    """DCMTK's getscu; the objects come into the folder where it is run."""
    words = _dcmtk("getscu", us, peer, _model_of(ref))
    return shlex.join([*words, "-od", ".", *_ref_keys(ref), peer.host, str(peer.port)])


def _dcmtk(tool: str, us: Ourselves, peer: Modality, model: str) -> list[str]:
    words = [tool, model, "-aet", us.ae_title.strip(), "-aec", peer.ae_title.strip()]
    if not peer.tls:
        return words
    tls = us.tls
    own = ["-pw", "+tls", tls.key or tls.certificate, tls.certificate]
    return [*words, *(own if tls.certificate else ["+tla"]), *(["+cf", tls.ca] if tls.ca else [])]


def _model_of(ref: Ref) -> str:
    return _MODELS[Root.PATIENT if ref.level is Level.PATIENT else Root.STUDY]


def _ref_keys(ref: Ref) -> list[str]:
    """The unique keys of a reference: those of the study root have no PatientID (PS3.4 C.6.2)."""
    keys = {
        "QueryRetrieveLevel": ref.level.value,
        "PatientID": ref.patient_id if ref.level is Level.PATIENT else "",
        "StudyInstanceUID": ref.study_uid,
        "SeriesInstanceUID": ref.series_uid,
        "SOPInstanceUID": ref.sop_instance_uid,
    }
    return _each("-k", _dcmtk_keys({key: value for key, value in keys.items() if value}))


def _uids(ref: Ref) -> list[str]:
    options = {
        "--study": ref.study_uid,
        "--series": ref.series_uid,
        "--instance": ref.sop_instance_uid,
    }
    return [word for option, uid in options.items() if uid for word in (option, uid)]


def _dcmtk_keys(keys: Mapping[str, str]) -> list[str]:
    """Keys as DCMTK takes them; in UTF-8, as a shell has them, where one is not ASCII."""
    words = [f"{_path(key)}={value}" if value else _path(key) for key, value in keys.items()]
    return words if all(map(str.isascii, keys.values())) else [_UTF8, *words]


def _path(key: str) -> str:
    *sequences, last = (_named(part) for part in key.split("."))
    return ".".join([*(f"{sequence}[0]" for sequence in sequences), last])


def _named(keyword: str) -> str:
    libraries.load()
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    if keyword in _NAMED or keyword == "QueryRetrieveLevel" or tag is None:
        return keyword
    return f"({tag >> 16:04x},{tag & 0xFFFF:04x})"


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]
