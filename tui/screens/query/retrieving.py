"""Retrieving from the query place: where to, by which service, one job for each peer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from core.errors import ModalittyError
from core.events import Severity
from core.model import Job, Modality, Ref, Retrieve
from core.settings import ae_title_fault
from tui.levels import ref_of
from tui.screens.dialogs import Choice, Choose, Prompt
from tui.screens.query.asking import names_in_words
from tui.screens.query.place import QueryPlace

_OWN, _BY_GET, _BY_MOVE, _OTHER = "own", "own by get", "own by move", "other"
_TITLE = "title "


@dataclass(frozen=True)
class Wanted:
    """What is to be retrieved from one peer, and what a person would call it."""

    peer: Modality
    refs: tuple[Ref, ...]
    label: str


@dataclass(frozen=True)
class Ordered:
    """The jobs that were started, and why others were not."""

    jobs: tuple[tuple[Wanted, Job], ...]
    faults: tuple[ModalittyError, ...]


class Retrieving(QueryPlace):
    """The command that has the marked rows sent here, or elsewhere."""

    def action_retrieve(self) -> None:
        """Ask where to, then retrieve the marked rows or this one, from whom they are of."""
        if self.path and self.here.step.worklist:
            self.say("A worklist says what is planned: there is nothing to retrieve yet.")
            return
        wanted, held = self._wanted()
        if wanted:
            self._ask_where_to(wanted)
        elif held:
            self.say("That is held here already: these rows are of the own archive.")
        else:
            self.say("There is nothing under the cursor to retrieve.")

    def _wanted(self) -> tuple[list[Wanted], int]:
        """What is chosen, by peer; and how many rows are left out as they are held here."""
        if not self.path:
            return [], 0
        by_peer: dict[str, list[Ref]] = {}
        labels: dict[str, str] = {}
        found = [self.here.matches.get(str(key)) for key in self.table.selected()]
        for match in filter(None, found):
            by_peer.setdefault(match.peer, []).append(ref_of(match, self.here.step.of))
        for name, refs in by_peer.items():
            labels[name] = self.label() if len(found) == 1 else self.here.step.counted(len(refs))
        wanted = [
            Wanted(peer, tuple(refs), labels[name])
            for name, refs in by_peer.items()
            if (peer := self.modality(name))
        ]
        return wanted, len(by_peer.get("", ()))

    def _ask_where_to(self, wanted: list[Wanted]) -> None:
        names = [each.peer.name for each in wanted]
        by_get = all(each.peer.retrieve is Retrieve.GET for each in wanted)
        label = wanted[0].label
        if len(wanted) > 1:
            label = ", ".join(f"{each.label} of {each.peer.name}" for each in wanted)
        some_get = any(each.peer.retrieve is Retrieve.GET for each in wanted)
        text = f"{label}\nfrom {names_in_words(names)}{'' if some_get else ' by C-MOVE'} to:"
        if self.station.listening is None and not by_get:
            text += "\n! We are not listening: nothing can arrive here."
        self.app.push_screen(
            Choose("Retrieve", self._targets(wanted), text=text, selected=_OWN),
            partial(self._chosen, wanted),
        )

    def _targets(self, wanted: Sequence[Wanted]) -> list[Choice]:
        own = self.station.settings.station.ae_title
        ways = {each.peer.retrieve for each in wanted}
        how = ", by C-GET" if ways == {Retrieve.GET} else ", as each is set up in Network"
        choices = [Choice(_OWN, own, "this station" + ("" if ways == {Retrieve.MOVE} else how))]
        if ways != {Retrieve.GET}:
            choices.append(Choice(_BY_GET, own, "this station, by C-GET"))
        if ways != {Retrieve.MOVE}:
            choices.append(Choice(_BY_MOVE, own, "this station, by C-MOVE"))
        sources = {each.peer.ae_title for each in wanted} if len(wanted) == 1 else set()
        known = {m.ae_title: m.name for m in self.station.modalities.all()}
        titles = dict.fromkeys([*sorted(known), *self.kept.targets])
        choices += [
            Choice(f"{_TITLE}{title}", title, f"{known.get(title, 'typed before')}, by C-MOVE")
            for title in titles
            if title != own and title not in sources
        ]
        return [*choices, Choice(_OTHER, "another …", "any AE title, by C-MOVE")]

    def _chosen(self, wanted: list[Wanted], target: str | None) -> None:
        if target is None:
            return
        if target == _OTHER:
            prompt = Prompt(
                "Retrieve to",
                "The AE title of the destination, as the modality asked knows it:",
                check=ae_title_fault,
                verb="Retrieve",
            )
            self.app.push_screen(prompt, partial(self._typed, wanted))
        else:
            self._order(wanted, target)

    def _typed(self, wanted: list[Wanted], title: str | None) -> None:
        if title:
            self.remember(lambda: self.memory.note_target(title.strip()))
            self._order(wanted, f"{_TITLE}{title.strip()}")

    def _order(self, wanted: list[Wanted], target: str) -> None:
        self.calls.ask(lambda: self._start(wanted, target), self._ordered)

    def _start(self, wanted: list[Wanted], target: str) -> Ordered:
        """Start a job for each peer, in a thread; one that cannot be started stops no other."""
        jobs: list[tuple[Wanted, Job]] = []
        faults = []
        for each in wanted:
            try:
                jobs.append((each, self._job(each, target)))
            except ModalittyError as error:
                faults.append(error)
        return Ordered(tuple(jobs), tuple(faults))

    def _job(self, wanted: Wanted, target: str) -> Job:
        jobs = self.station.jobs
        if target == _BY_GET:
            return jobs.get(wanted.peer, wanted.refs)
        if target == _OWN:
            return jobs.retrieve(wanted.peer, wanted.refs)
        title = "" if target == _BY_MOVE else target.removeprefix(_TITLE)
        return jobs.move(wanted.peer, wanted.refs, title)

    def _ordered(self, ordered: Ordered) -> None:
        for fault in ordered.faults:
            self.fault(fault)
        for wanted, job in ordered.jobs:
            self.session.labels[job.id] = wanted.label
        if len(ordered.jobs) == 1:
            wanted, job = ordered.jobs[0]
            self.started(wanted.label, job)
        elif ordered.jobs:
            self.table.action_mark_all("none")
            said = (f"{wanted.label} of {wanted.peer.name}" for wanted, _ in ordered.jobs)
            words = f"{len(ordered.jobs)} jobs: {', '.join(said)}. 3 shows them."
            self.say(words, Severity.INFO)
