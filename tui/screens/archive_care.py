"""Care for what is held here: totals, index check, protected patients."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from core.model import CheckReport, ProtectedPatient, Ref, Statistics
from tui import units
from tui.screens.browser import BrowserScreen
from tui.screens.dialogs import Confirm, Reader

SHOWN = 12
"""Faults of the index that are shown one by one."""


class ArchiveCare(BrowserScreen):
    """What an administrator does for the archive as a whole, and for a patient in it."""

    # -- totals

    def action_statistics(self) -> None:
        """Say how much is held, and who is protected."""
        self.calls.ask(
            lambda: (self.station.archive.statistics(), self.station.archive.protected()),
            self._counted,
            group="statistics",
            leads=True,
        )

    def _counted(self, found: tuple[Statistics, tuple[ProtectedPatient, ...]]) -> None:
        self.app.push_screen(Reader("Statistics", totals(*found)))

    # -- the index

    def action_check(self) -> None:
        """Hold the index against the files, then say how they agree."""
        self.say("Checking the index against the files…")
        self.calls.ask(self.station.archive.check, self._checked, group="check")

    def _checked(self, report: CheckReport) -> None:
        text = report_words(report)
        if report.clean or self.session.read_only:
            self.app.push_screen(Reader("Index check", text))
            return
        text += "\nRepair makes the index say what the files say; no file is changed."
        self.app.push_screen(
            Confirm("Index check", text, "Repair"), lambda yes: self._repair() if yes else None
        )

    def _repair(self) -> None:
        self.calls.ask(
            partial(self.station.archive.check, repair=True), self._repaired, group="check"
        )

    def _repaired(self, report: CheckReport) -> None:
        count = len(report.missing) + len(report.unindexed)
        self.say(f"Repaired {count:,} of {report.instances:,} records.")

    # -- patients that recycling leaves alone

    def action_protect(self) -> None:
        """Protect the patients of the marked rows or this one; where all are, no longer."""
        refs = self.chosen()
        if refs:
            self.calls.ask(partial(self._protect, refs), self._protected)

    def _protect(self, refs: Sequence[Ref]) -> tuple[int, bool]:
        """Runs in a thread; answers how many patients, and whether they are protected now."""
        known = {patient.patient_id for patient in self.station.archive.protected()}
        on = not all(ref.patient_id in known for ref in refs)
        for ref in refs:
            self.station.archive.protect(ref, on=on)
        return len({ref.patient_id for ref in refs}), on

    def _protected(self, done: tuple[int, bool]) -> None:
        count, on = done
        who = "The patient is" if count == 1 else f"{count} patients are"
        what = "protected: recycling spares what is held." if on else "no longer protected."
        self.table.action_mark_all("none")
        self.say(f"{who} {what}")


def totals(found: Statistics, protected: Sequence[ProtectedPatient]) -> str:
    """How much is held, by modality too, and who is protected."""
    quota = f" of {units.size(found.quota)} allowed" if found.quota else ", no quota"
    lines = [
        f"Patients   {found.patients:>12,}",
        f"Studies    {found.studies:>12,}",
        f"Series     {found.series:>12,}",
        f"Instances  {found.instances:>12,}",
        f"Size       {units.size(found.size):>12}{quota}",
        f"Free       {units.size(found.free):>12} on the disk",
    ]
    if found.modalities:
        lines += ["", "Modality      Series  Instances       Size"]
    for one in found.modalities:
        size = units.size(one.size)
        lines.append(
            f"{(one.modality or '(none)')[:12]:12} {one.series:>7,} {one.instances:>10,} {size:>10}"
        )
    lines += ["", f"Protected from recycling: {len(protected) or 'nobody'}"]
    lines += [
        f"{one.patient_id}  {units.person_name(one.name)}  {units.date(one.birth_date)}"
        for one in protected
    ]
    return "\n".join(lines)


def report_words(report: CheckReport) -> str:
    """How index and files agree, with the first of what does not."""
    verdict = "agree" if report.clean else "do not agree"
    lines = [f"{report.instances:,} objects in the index: index and files {verdict}."]
    kinds = (
        ("no file", report.missing),
        ("not in the index", report.unindexed),
        ("strange, left alone", report.strange),
    )
    for kind, failures in kinds:
        if failures:
            lines.append(f"{len(failures):,} {kind}:")
            lines += [f"  {failure.what}: {failure.why}" for failure in failures[:SHOWN]]
        if len(failures) > SHOWN:
            lines.append(f"  … and {len(failures) - SHOWN:,} more: modalitty check lists all")
    return "\n".join(lines)
