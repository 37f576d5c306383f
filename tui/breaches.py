"""What is wrong with an object, in words for the screen and the command line."""

from __future__ import annotations

from textual.content import Content

from core.model import Breach, Severity, Validation
from tui.mask import is_sensitive, sensitive
from tui.safe_text import safe_content, safe_text

MARKS = {Severity.ERROR: "✖", Severity.WARNING: "!", Severity.NOTE: "·"}
_STYLES = {
    Severity.ERROR: "$text-error",
    Severity.WARNING: "$text-warning",
    Severity.NOTE: "$text-muted",
}
NOT_JUDGED = "Not judged:"


def label(breach: Breach) -> str:
    """What it is about: the element as a path, or the file."""
    inside = f"{breach.holder}." if breach.holder and not breach.path else ""
    name = breach.path or f"{inside}{breach.keyword}"
    if name.startswith("[") and "." not in name:
        name = ""  # a path without a keyword says the tag again
    return " ".join(part for part in (breach.tag, name) if part) or "the file"


def said(breach: Breach) -> str:
    """What is wrong, with the value marked where the mask hides it."""
    if not breach.value:
        return breach.text
    is_private = breach.tag[4:5] in set("13579BDF")
    hidden = is_sensitive(breach.keyword, breach.vr, is_private)
    return f"{breach.text}: {sensitive(breach.value) if hidden else breach.value}"


def line(breach: Breach) -> str:
    """All of it as one line of harmless text."""
    section = f"  [{breach.section}]" if breach.section else ""
    return safe_text(f"{MARKS[breach.severity]} {label(breach)}: {said(breach)}{section}")


def content(breach: Breach) -> Content:
    """All of it for a list on the screen."""
    style = _STYLES[breach.severity]
    head = safe_content(f"{MARKS[breach.severity]} {label(breach)}", style)
    section = f"  {breach.section}" if breach.section else ""
    return Content.assemble(
        head, "\n  ", safe_content(said(breach)), safe_content(section, "$text-muted")
    )


def summary(validation: Validation) -> str:
    """How it went, in one sentence."""
    counts = [
        f"{count:,} {severity.value}{'s' * (count != 1)}"
        for severity in Severity
        if (count := validation.count(severity))
    ]
    name = validation.sop_class or "no SOP class"
    syntax = f", {validation.transfer_syntax}" if validation.transfer_syntax else ""
    found = ", ".join(counts) or "nothing found against it"
    return safe_text(f"{name}{syntax}: {found}")


def text_lines(validation: Validation) -> list[str]:
    """The whole report as text."""
    unjudged = [f"? {NOT_JUDGED.lower()} {safe_text(word)}" for word in validation.unjudged]
    return [summary(validation), *map(line, validation.breaches), *unjudged]
