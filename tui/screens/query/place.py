"""The middle of the query place: whom to ask, what the fields say, what is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from core.errors import ModalittyError
from core.model import Level, Match, Modality, Outcome, Root
from tui.levels import Step
from tui.query_memory import ARCHIVE, Asked, QueryMemory, Remembered
from tui.screens.browser import BrowserScreen
from tui.screens.listing import Listing, Run
from tui.screens.query.asking import LIMIT, PEER, PeerStep
from tui.screens.query.form import QueryForm
from tui.session import Session
from tui.widgets.row_columns import Values


class QueryPlace(BrowserScreen):
    """What the commands of the query place are built on; :class:`QueryScreen` has them all."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.form = QueryForm()
        self.memory = QueryMemory(self.station.data_folder)
        self.kept = Remembered()
        """What was remembered when it was looked at last."""
        self.peers: tuple[str, ...] = ()
        """Names of those to ask next."""
        self._told_of_memory = False

    # -- whom

    def modality(self, name: str) -> Modality | None:
        """The modality of that name; None for the own archive, and where there is none."""
        return next((m for m in self.station.modalities.all() if m.name == name), None)

    def known(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of `names` that can be asked."""
        modalities = {m.name for m in self.station.modalities.all()}
        return tuple(name for name in names if name in modalities or name == ARCHIVE)

    def askable(self) -> tuple[str, ...]:
        """Those chosen that can be asked what is wanted: the own archive has no worklist."""
        return tuple(n for n in self.peers if n != ARCHIVE or self.root is not Root.WORKLIST)

    @property
    def top(self) -> Step:
        """Where a query starts: patients, studies, or what is scheduled."""
        level = Level.PATIENT if self.root is Root.PATIENT else Level.STUDY
        return Step(level, worklist=self.root is Root.WORKLIST)

    # -- asking

    def runs(self, step: Step) -> Sequence[Run]:
        """One run for each of those asked."""
        assert isinstance(step, PeerStep)  # noqa: S101  only this class makes steps here
        matched = {key for key, _ in step.filters}
        return [Run(name, step.limit, silent=set(matched)) for name in step.peers]

    def answers(self, listing: Listing, run: Run) -> Iterator[Match | Outcome]:
        """Ask a peer by C-FIND, or search the own archive."""
        query = listing.step.query(self.root)
        if run.name != ARCHIVE:
            yield from self.station.find(self.station.modalities.get(run.name), query, run.cancel)
            return
        for match in self.station.archive.list(query):
            if run.cancel.is_set():
                return
            yield match

    def row_values(self, listing: Listing, match: Match) -> Values:
        """What a table shows of a match; and who gave it, where several are asked."""
        values = super().row_values(listing, match)
        return {**values, PEER: match.peer or ARCHIVE} if len(listing.runs) > 1 else values

    def asked(self) -> Asked:
        """The query as it stands in the fields."""
        form = self.form
        return Asked(
            peers=self.peers,
            root=self.root,
            fields=form.typed,
            wildcards=form.wildcards,
            limit=form.limit,
        )

    @property
    def limit(self) -> int:
        """The most matches to take of each peer."""
        return self.form.limit or LIMIT

    def ask_again(self) -> None:
        """Ask what the fields say."""
        raise NotImplementedError

    # -- what is remembered

    def remember(self, change: Callable[[], Remembered]) -> None:
        """Change what is remembered, in a thread; a fault is told once."""
        self.calls.ask(change, self.take_kept, failed=self._not_kept)

    def look_up_kept(self) -> None:
        """Read what other consoles have kept meanwhile."""
        self.calls.ask(self.memory.read, self.take_kept)

    def take_kept(self, kept: Remembered) -> None:
        """What is remembered now."""
        self.kept = kept

    def _not_kept(self, error: ModalittyError) -> None:
        if not self._told_of_memory:
            self._told_of_memory = True
            self.fault(error)
