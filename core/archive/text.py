"""Text of data elements to Unicode, by Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1).

pydicom holds the table of character sets; its decoder is not used, because it reports odd text
through Python's warnings, which are global to the process and not safe between threads.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from pydicom.charset import CODES_TO_ENCODINGS, python_encoding

DEFAULT = "iso8859"
_LATIN_9 = "iso8859_15"
# Latin-9 came to the standard after pydicom's tables were written.
_TERMS = {**python_encoding, "ISO_IR 203": _LATIN_9, "ISO 2022 IR 203": _LATIN_9}
_ESCAPES = {**CODES_TO_ENCODINGS, b"\x1b-b": _LATIN_9}
_ESC = b"\x1b"
_FRAGMENT = re.compile(rb"\x1b[^\x1b]*|[^\x1b]+")
_TEXT_DELIMITERS = re.compile(rb"[\\\r\n\t\f]")
_NAME_DELIMITERS = re.compile(rb"[\\\r\n\t\f^=]")
# These sets are decoded with their escape sequences in place: Python's codecs know them.
_STATEFUL = ("iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso-2022-jp")


@lru_cache(maxsize=256)
def encodings_of(value: str) -> tuple[tuple[str, ...], str]:
    """Python codecs for a value of Specific Character Set, and a warning where one is unknown."""
    terms = [term.strip(" \0") for term in value.split("\\")] if value else [""]
    known, unknown = [], []
    for term in terms:
        codec = _codec(term)
        if codec is None:
            unknown.append(term)
        else:
            known.append(codec)
    warning = f"unknown character set {', '.join(map(repr, unknown))}" if unknown else ""
    return tuple(known) or ("utf_8",), warning


def _codec(term: str) -> str | None:
    name = _TERMS.get(term) or _TERMS.get(_usual_form(term))
    if name is None:
        return None
    try:
        codecs.lookup(name)
    except LookupError:
        return None
    return name


def _usual_form(term: str) -> str:
    # Seen in the field: "ISO-IR 100", "ISO IR 100", "ISO_IR_100", "ISO 2022 IR-6", "iso_ir 192".
    numbers = re.findall(r"[0-9]+", term)
    upper = term.upper()
    if not numbers or not upper.startswith("ISO"):
        return "ISO_IR 192" if upper in ("UTF8", "UTF-8") else upper
    if "2022" in numbers[:1] and len(numbers) > 1:
        return f"ISO 2022 IR {numbers[1]}"
    return f"ISO_IR {numbers[0]}"


def decode(raw: bytes, encodings: tuple[str, ...], *, is_name: bool = False) -> tuple[str, bool]:
    """Unicode of a value's bytes, and whether every byte could be read.

    What cannot be read is shown by U+FFFD, or by Latin-1 where no set was declared.
    """
    if _ESC not in raw:
        if raw.isascii() and encodings[0] not in _STATEFUL:
            return raw.decode("ascii"), True
        return _decode_plain(raw, encodings[0])
    if len(encodings) == 1 and encodings[0] in ("UTF8", "GB18030", "GBK"):
        return _decode_plain(raw, encodings[0])
    delimiters = _NAME_DELIMITERS if is_name else _TEXT_DELIMITERS
    parts = [_decode_fragment(part, encodings, delimiters) for part in _FRAGMENT.findall(raw)]
    return "".join(text for text, _ in parts), all(good for _, good in parts)


def _decode_plain(raw: bytes, encoding: str) -> tuple[str, bool]:
    if encoding == DEFAULT:
        return (raw.decode("ascii"), True) if raw.isascii() else _guess(raw, encoding)
    try:
        return raw.decode(encoding), True
    except (UnicodeDecodeError, LookupError):
        return _guess(raw, encoding)


def _guess(raw: bytes, encoding: str) -> tuple[str, bool]:
    # UTF-8 is the usual truth behind a set that lies or is missing, and it is not met by chance.
    for codec in ("utf_8", "latin_1" if encoding in ("UTF8", "utf_8") else encoding):
        try:
            return raw.decode(codec), False
        except UnicodeDecodeError:
            continue
    return raw.decode(encoding, errors="replace"), False


def _decode_fragment(
    part: bytes, encodings: tuple[str, ...], delimiters: re.Pattern[bytes]
) -> tuple[str, bool]:
    if not part.startswith(_ESC):
        return _decode_plain(part, encodings[0])
    for length in (3, 4):
        encoding = _ESCAPES.get(part[:length])
        if encoding is not None:
            break
    else:
        return part.decode("latin_1"), False
    if encoding in _STATEFUL:
        return _decode_plain(part, encoding)
    # A delimiter ends the extension (PS3.5 6.1.2.5.3): what follows is in the first set again.
    rest = part[length:]
    cut = delimiters.search(rest)
    at = cut.start() if cut else len(rest)
    first, good = _decode_plain(rest[:at], encoding)
    then, also = _decode_plain(rest[at:], encodings[0]) if at < len(rest) else ("", True)
    return first + then, (good or encoding == DEFAULT) and also
