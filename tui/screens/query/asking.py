"""Whom a query goes to, and in which steps; how each of those asked does, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from core.model import Match, OutcomeState, Query, Root
from core.worklist import worklist_keys
from tui import units
from tui.levels import Step
from tui.outcomes import outcome_lines, outcome_tone, sentence
from tui.safe_text import safe_content, safe_text
from tui.screens.listing import Listing, Run
from tui.widgets.row_columns import Column

PEER = "@peer"
"""The key of the column that says who answered; no attribute's keyword."""
PEER_COLUMN = Column(PEER, "Peer", min_width=4, max_width=16, priority=1, if_any=True, secret=False)
LIMIT = 100_000
"""Matches that are taken of each peer, where a person wants no other number."""
MOST = 10_000_000


@dataclass(frozen=True)
class PeerStep(Step):
    """A step, and those who are asked for it, by name."""

    peers: tuple[str, ...] = ()
    limit: int = 0

    def row_key(self, match: Match, number: int) -> str:
        """What tells a row from others: two archives may hold one study."""
        key = super().row_key(match, number)
        return f"{match.peer}\n{key}" if len(self.peers) > 1 else key

    def query(self, root: Root = Root.STUDY) -> Query:
        """What to ask for this step."""
        if self.worklist:
            keys = worklist_keys(dict(self.filters))
            return Query(level=self.level, root=Root.WORKLIST, keys=keys, limit=self.limit)
        query = super().query(root)
        return Query(level=query.level, keys=query.keys, root=query.root, limit=self.limit)


def names_in_words(names: Sequence[str], limit: int = 3) -> str:
    """Names as a list: `a`, `a + b`, `5 peers`."""
    return " + ".join(names) if len(names) <= limit else f"{len(names)} peers"


def state(run: Run, step: Step) -> Content:
    """How one of those asked does: asking, n matches, done, or the fault in words."""
    found = step.counted(run.count)
    if run.running:
        word = "cancelling" if run.cancel.is_set() else "asking"
        said = f"… {word}, {found} so far" if run.count else f"… {word}"
        return Content.styled(said, "$text-warning" if run.cancel.is_set() else "$text-accent")
    outcome = run.outcome
    after = f", {found} before that" if run.count else ""
    if outcome and outcome.state is OutcomeState.CANCELLED:
        return Content.styled(f"– cancelled{after}", "$text-muted")
    if outcome and not outcome.ok:
        fault = safe_content(f"✖ {sentence(outcome.meaning)}", outcome_tone(outcome))
        advice = safe_text(f" → {outcome.advice}") if outcome.advice else ""
        return Content.assemble(fault, after, (advice, "bold"))
    took = f" in {units.duration(outcome.seconds)}" if outcome and outcome.seconds else ""
    if run.capped:
        sure = outcome and outcome.state is OutcomeState.WARNING
        more = "there are more" if sure else "there may be more"
        words = f"! capped at {found}{took}: {more} (n sets the limit)"
        return Content.styled(words, "$text-warning")
    if not run.count:
        return Content.styled(f"○ nothing matches{took}", "$text-warning")
    return Content.assemble((f"● {found}{took}", "$text-success"), (doubts(run), "$text-warning"))


def doubts(run: Run) -> str:
    """Why some rows may not fit: PS3.4 lets a peer pass over keys that it does not support."""
    if run.count and run.silent:
        names = ", ".join(sorted(key.rpartition(".")[2] for key in run.silent))
        return f"  ! says no {names}: perhaps not matched on"
    return "  ! not matched on all keys" if run.incomplete and run.count else ""


def states(listing: Listing, width: int, lines: int) -> Content:
    """A line for each of those asked, the worst first where there are more than `lines`."""
    runs = listing.runs
    rest = ""
    if len(runs) > lines:
        runs = sorted(runs, key=_by_need)
        hidden = runs[lines - 1 :]
        runs = runs[: lines - 1]
        asking = sum(run.running for run in hidden)
        rest = f"and {len(hidden)} more, {asking} asking: v shows all"
    room = max((len(run.name) for run in listing.runs), default=0)
    out = [
        Content.assemble((f"{safe_text(run.name):{room}} ", "bold"), state(run, listing.step))
        for run in runs
    ]
    short = [_fit(line, width) for line in out]
    return Content("\n").join([*short, Content.styled(rest, "$text-muted")] if rest else short)


def _by_need(run: Run) -> int:
    """Those one should look at come first."""
    if run.running:
        return 1
    return 2 if run.outcome is None or run.outcome.ok else 0


def _fit(line: Content, width: int) -> Content:
    return line if line.cell_length <= width else line.truncate(width, ellipsis=True)


def full_states(listing: Listing) -> str:
    """All that is known of each of those asked, as text of several lines."""
    parts = []
    for run in listing.runs:
        failed = run.outcome is not None and not run.outcome.ok
        text = [] if failed and not run.count else [f"  {state(run, listing.step).plain}"]
        if run.outcome and run.outcome.state is not OutcomeState.OK:
            text += [f"  {line}" for line in outcome_lines(run.outcome).plain.split("\n")]
        parts.append("\n".join([run.name, *text]))
    return "\n\n".join(parts)
