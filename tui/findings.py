"""What the doctor found, in lines with a mark before them, for the screen and the command line."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from core.model import Finding, Verdict
from tui import units
from tui.outcomes import sentence
from tui.safe_text import safe_content, safe_text

MARKS = {Verdict.GOOD: "●", Verdict.ODD: "!", Verdict.UNKNOWN: "?", Verdict.BAD: "✖"}
_STYLES = {
    Verdict.GOOD: "$text-success",
    Verdict.ODD: "$text-warning",
    Verdict.UNKNOWN: "$text-muted",
    Verdict.BAD: "$text-error",
}
TITLE = 14
"""Cells of a mark and a title, as wide as the longest."""
_INDENT = " " * (TITLE + 2)


def head(finding: Finding) -> str:
    """Mark, title and what was seen, on one line."""
    took = f"  ({units.duration(finding.seconds)})" if finding.seconds else ""
    title = f"{MARKS[finding.verdict]} {finding.title}".ljust(TITLE + 2)
    return f"{title}{sentence(safe_text(finding.seen))}{took}"


def below(finding: Finding) -> list[str]:
    """What it means, the details, and what to do, without indent."""
    lines = [sentence(finding.means)] if finding.means else []
    lines += [f"- {detail}" for detail in finding.details]
    if finding.advice:
        lines.append(f"→ {sentence(finding.advice)}")
    return [safe_text(line) for line in lines]


def text_lines(finding: Finding) -> list[str]:
    """All of a finding as text, what is below its head indented."""
    return [head(finding), *(f"{_INDENT}{line}" for line in below(finding))]


def content(finding: Finding) -> Content:
    """All of a finding for the screen."""
    style = _STYLES[finding.verdict]
    bold = "bold " if finding.verdict is Verdict.BAD else ""
    lines = [safe_content(head(finding), f"{bold}{style}")]
    lines += [
        safe_content(f"  {line}", "bold" if line.startswith("→") else "") for line in below(finding)
    ]
    return Content("\n").join(lines)


def first_fault(findings: Iterable[Finding]) -> Finding | None:
    """The finding that broke the link: the lowest bad one, None where there is none."""
    return next((finding for finding in findings if finding.verdict is Verdict.BAD), None)


def summary(findings: Iterable[Finding]) -> str:
    """Everything in one sentence, once it is over."""
    found = list(findings)
    fault = first_fault(found)
    if fault is not None:
        return f"{fault.title}: {fault.seen}"
    odd = [finding.title for finding in found if finding.verdict is Verdict.ODD]
    unsure = [finding.title for finding in found if finding.verdict is Verdict.UNKNOWN]
    words = "the link works"
    if odd:
        words += f"; look at: {', '.join(odd)}"
    return f"{words}; it cannot be told: {', '.join(unsure)}" if unsure else words
