"""One match in full: every attribute of the identifier that was answered."""

from __future__ import annotations

from core.model import Match
from tui import libraries
from tui.mask import is_sensitive, sensitive


def answer_lines(match: Match) -> str:
    """A line for each attribute in the order of the tags: tag, keyword, value; marked for the mask.

    Items of sequences have their path in place of the keyword.
    """
    found = sorted((_tag(keyword), keyword, value) for keyword, value in match.values.items())
    width = max((len(keyword) for _, keyword, _ in found), default=0)
    lines = [
        f"{tag or ' ' * 11}  {keyword:{width}}  {_shown(keyword, value)}"
        for tag, keyword, value in found
    ]
    if match.incomplete:
        lines += ["", "The peer did not match on all optional keys, or a value cannot be decoded."]
    return "\n".join(lines)


def _shown(keyword: str, value: str) -> str:
    if not value:
        return "(empty)"
    return sensitive(value) if is_sensitive(keyword) else value


def _tag(keyword: str) -> str:
    """The tag of the attribute, of its outermost sequence where it lies in one; empty if none."""
    libraries.load()
    from pydicom.datadict import tag_for_keyword

    outermost = keyword.partition(".")[0].partition("[")[0]
    tag = tag_for_keyword(outermost)
    if tag is None and len(outermost) == 8 and outermost.isalnum():
        return f"({outermost[:4]},{outermost[4:]})"
    return "" if tag is None else f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
