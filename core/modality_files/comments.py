"""JSON as Orthanc takes it: with comments, and with commas before a closing bracket."""

from __future__ import annotations

import re

# Strings first: what looks like a comment in one is none. A string or comment that is never closed
# goes on to the end, so that damaged text is read once, and not from each of its quotes anew.
_STRING = r'"(?:[^"\\\n]|\\.)*"?'
_TOKEN = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_TRAILING = re.compile(rf"({_STRING})|,(?=\s*[\]}}])", re.DOTALL)


def plain_json(text: str) -> str:
    """The same without comments and trailing commas; lines keep their numbers."""
    return _TRAILING.sub(lambda found: found[1] or "", _TOKEN.sub(_without_comment, text))


def _without_comment(found: re.Match[str]) -> str:
    token = found[0]
    return token if token.startswith('"') else " " + "\n" * token.count("\n")
