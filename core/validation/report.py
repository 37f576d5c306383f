"""Gathers breaches: the same one a thousand times is told a few times, and counted."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from core.model import Breach, Severity

ALIKE = 10
"""Breaches of one rule by one attribute that are told one by one."""
OF_ONE_RULE = 300
"""Breaches of one rule, by whatever attributes, that are told."""
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
        self._last: dict[tuple[str, int], int] = {}
        """Where the last one of those alike stands."""
        self._of_rule: Counter[str] = Counter()
        self._untold = 0
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
        if alike not in self._alike and self._of_rule[rule] >= OF_ONE_RULE:
            self._untold += 1
            return
        self._alike[alike] += 1
        if self._alike[alike] > ALIKE:
            return
        self._of_rule[rule] += 1
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
        self._last[alike] = len(self._breaches)
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
                index = self._last[alike]
                last = found[index]
                found[index] = replace(last, text=f"{last.text} (and {count - ALIKE:,} more alike)")
        found.sort(key=lambda breach: _ORDER.index(breach.severity))
        untold = self._untold + max(0, len(found) - MOST)
        if untold:
            self.unjudged.append(f"{untold:,} further breaches are not told one by one")
        return tuple(found[:MOST])
