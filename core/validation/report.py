"""Gathers breaches: the same one a thousand times is told a few times, and counted."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from core.model import Breach, Severity

ALIKE = 10
"""Breaches of one rule by one attribute that are told one by one."""
MOST = 2_000
"""Breaches that are told in all."""
MAX_VALUE = 64
"""Characters of a value that are quoted."""
_ORDER = list(Severity)


class Place(Struct, frozen=True):
    """Where an element stands, or should."""

    path: str = ""
    holder: str = ""
    tag: int = 0
    vr: str = ""
    keyword: str = ""


NOWHERE = Place()


class Report:
    """What has been found so far."""

    def __init__(self) -> None:
        self._breaches: list[Breach] = []
        self._alike: Counter[tuple[str, int]] = Counter()
        self._last: dict[tuple[str, int], Breach] = {}
        self.unjudged: list[str] = []

    def add(
        self,
        severity: Severity,
        rule: str,
        text: str,
        section: str = "",
        *,
        at: Place = NOWHERE,
        value: str = "",
    ) -> None:
        """Note a breach; of many alike only the first ones are kept."""
        alike = (rule, at.tag)
        self._alike[alike] += 1
        if self._alike[alike] > ALIKE:
            return
        if len(value) > MAX_VALUE:
            value = value[:MAX_VALUE] + "…"
        breach = Breach(
            severity=severity,
            rule=rule,
            text=text,
            section=section,
            path=at.path,
            holder=at.holder,
            tag=f"({at.tag >> 16:04X},{at.tag & 0xFFFF:04X})" if at.tag else "",
            vr=at.vr,
            keyword=at.keyword,
            value=value,
        )
        self._last[alike] = breach
        self._breaches.append(breach)

    def error(self, rule: str, text: str, section: str = "", **more: object) -> None:
        """Note an error."""
        self.add(Severity.ERROR, rule, text, section, **more)  # type: ignore[arg-type]

    def warning(self, rule: str, text: str, section: str = "", **more: object) -> None:
        """Note a warning."""
        self.add(Severity.WARNING, rule, text, section, **more)  # type: ignore[arg-type]

    def note(self, rule: str, text: str, section: str = "", **more: object) -> None:
        """Note what is worth knowing."""
        self.add(Severity.NOTE, rule, text, section, **more)  # type: ignore[arg-type]

    def sorted(self) -> tuple[Breach, ...]:
        """All of them, the worst first and else as they were met."""
        found = list(self._breaches)
        for alike, count in self._alike.items():
            if count > ALIKE:
                last = self._last[alike]
                index = found.index(last)
                found[index] = replace(last, text=f"{last.text} (and {count - ALIKE:,} more alike)")
        found.sort(key=lambda breach: _ORDER.index(breach.severity))
        if len(found) > MOST:
            self.unjudged.append(f"{len(found) - MOST:,} further breaches are not told")
        return tuple(found[:MOST])
