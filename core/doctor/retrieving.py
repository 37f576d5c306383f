"""The upper rungs: does the peer answer a query, and does it know where to send to."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Iterator

from pydicom.uid import generate_uid

from core.doctor.examination import Examination, bad, failed, good, unknown
from core.model import Finding, Level, Match, Outcome, OutcomeState, Query, Ref, Root
from core.network import contexts

DAYS = 7
LIMIT = 100
"""Matches after which the query is stopped: it is a test, and no search."""
_UNKNOWN_DESTINATION = (0xA801, 0xC801)
_MESSAGE_ID = 1


def find(exam: Examination) -> Iterator[Finding]:
    """Count the studies of the last days by C-FIND."""
    root = _root(exam, contexts.FIND)
    if root is None:
        return
    begin = datetime.date.today() - datetime.timedelta(days=DAYS)
    keys = {"StudyInstanceUID": "", "StudyDate": f"{begin:%Y%m%d}-"}
    query = Query(level=Level.STUDY, root=root, keys=keys, limit=LIMIT)
    count, outcome = 0, None
    for item in exam.caller.find(exam.peer, query, exam.cancel):
        if isinstance(item, Match):
            count += 1
        else:
            outcome = item
    if outcome is None or not outcome.ok:
        if outcome is not None:
            yield failed("find", outcome, "it takes queries by C-FIND, and answered none")
        return
    many = f"{count}, and there are more" if count >= LIMIT else str(count)
    seen = f"{many} {'study' if count == 1 else 'studies'} of the last {DAYS} days"
    means = "" if count else "a query works; it matched nothing, which may well be so"
    yield good("find", seen, means=means, outcome=outcome, seconds=outcome.seconds)


def move(exam: Examination) -> Iterator[Finding]:
    """See whether the peer knows us as a destination: ask it to send a study that cannot exist.

    Nothing matches, so no data moves. Where the answer does not tell, the same is asked for a
    destination that cannot exist either.
    """
    root = _root(exam, contexts.MOVE)
    if root is None:
        return
    own = exam.settings.station.ae_title.strip()
    outcome = _ask(exam, root, own)
    if outcome.state in (OutcomeState.CANCELLED, OutcomeState.ABORTED, OutcomeState.TIMEOUT):
        means = "" if outcome.state is OutcomeState.CANCELLED else "it does not let us retrieve"
        yield failed("move", outcome, means, f"register us there: {exam.ours}")
    elif outcome.status in _UNKNOWN_DESTINATION:
        yield bad(
            "move",
            f'{outcome.meaning}, "{own}" (0x{outcome.status:04X})',
            means="it would send us nothing: a retrieve by C-MOVE needs our address there",
            advice=f"register us there: {exam.ours}; or retrieve from it by C-GET",
            outcome=outcome,
        )
    elif exam.stop():
        return
    else:
        yield _compared(exam, outcome, _ask(exam, root, f"NOT-{secrets.token_hex(4).upper()}"))


def _compared(exam: Examination, ours: Outcome, nobodys: Outcome) -> Finding:
    own = exam.settings.station.ae_title.strip()
    later = "whether it has our right address shows when something is sent"
    if nobodys.status in _UNKNOWN_DESTINATION:
        return good("move", f'it knows the destination "{own}"', means=later, outcome=ours)
    if nobodys.status != ours.status and nobodys.status is not None:
        seen = (
            f'it answers {_status(ours)} for the destination "{own}", and '
            f"{_status(nobodys)} for one that cannot exist"
        )
        return good("move", seen, means=f"it seems to know us; {later}", outcome=ours)
    if ours.state is OutcomeState.FAILED and ours.status == 0x0124:
        return failed("move", ours, "it does not let us retrieve", f"allow us: {exam.ours}")
    seen = f"it lets us ask, and answers {_status(ours)} whatever the destination"
    return unknown(
        "move",
        seen,
        means="whether it knows us cannot be told without moving something",
        advice=f"where a retrieve brings nothing, register us there: {exam.ours}",
        outcome=ours,
    )


def _status(outcome: Outcome) -> str:
    if outcome.status is None:
        return outcome.meaning
    return f"0x{outcome.status:04X} ({outcome.meaning})"


def _ask(exam: Examination, root: Root, destination: str) -> Outcome:
    """How a C-MOVE of nothing to `destination` ended."""
    uid = str(generate_uid(prefix=None))  # a random number, PS3.5 B.2: nobody has it
    ref = Ref(level=Level.STUDY, patient_id="NOBODY", study_uid=uid)
    ended = None
    for response in exam.caller.move(
        exam.peer, ref, destination, message_id=_MESSAGE_ID, root=root, cancel=exam.cancel
    ):
        ended = response.outcome
    return ended or Outcome(state=OutcomeState.CANCELLED, meaning="cancelled")


def _root(exam: Examination, classes: dict[Root, str]) -> Root | None:
    """The information model in which the peer offers a service, None where in none."""
    for root in (Root.STUDY, Root.PATIENT):
        if classes[root] in exam.services:
            return root
    return None
