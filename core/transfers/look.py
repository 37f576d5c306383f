"""A look at one object of a peer: fetched by C-GET or C-MOVE into a file that is not kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from core.errors import ArchiveLockedError, ListenError, NotHeldError
from core.model import Instance, Modality, MoveResponse, Outcome, OutcomeState, Ref, Retrieve
from core.model.look import Look
from core.network.aside import Awaited, AwaitedObjects
from core.network.message_ids import next_message_id
from core.transfers.look_choice import Choice, choose
from core.transfers.look_files import LookFolder
from core.transfers.look_taker import LookTaker
from core.transfers.move import STRAGGLERS_SECONDS
from core.transfers.tools import Tools

_HOPELESS = (OutcomeState.UNREACHABLE, OutcomeState.CANCELLED)
_NAMES = {Retrieve.GET: "C-GET", Retrieve.MOVE: "C-MOVE"}


class _Stop(threading.Event):
    """Set where a person wants no more, or where what was wanted is here."""

    def __init__(self, cancel: threading.Event, came: threading.Event) -> None:
        super().__init__()
        self._either = (cancel, came)

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._either)


def look(
    peer: Modality,
    ref: Ref,
    cancel: threading.Event,
    *,
    tools: Tools,
    files: LookFolder,
    aside: AwaitedObjects,
    listen: Callable[[], object],
) -> Iterator[str | Look | Outcome]:
    """What is being done, in words; and as the last item the object, or why there is none."""
    run = _Looking(peer, cancel, tools, files, aside, listen)
    yield from run.look(ref)


class _Looking:
    """One look; its instance is fetched in the modality's own way first, then in the other."""

    def __init__(
        self,
        peer: Modality,
        cancel: threading.Event,
        tools: Tools,
        files: LookFolder,
        aside: AwaitedObjects,
        listen: Callable[[], object],
    ) -> None:
        self._peer = tools.peer(peer)
        self._cancel = cancel
        self._tools = tools
        self._files = files
        self._aside = aside
        self._listen = listen

    def look(self, ref: Ref) -> Iterator[str | Look | Outcome]:
        if held := self._held(ref.sop_instance_uid):
            yield self._as_held(held)
            return
        yield f"asking {self._name} which instance there is"
        choice = choose(self._tools.caller(), self._peer, ref, self._cancel)
        if isinstance(choice, Outcome):
            yield choice
        elif held := self._held(choice.ref.sop_instance_uid):
            yield self._as_held(held, choice.note)
        else:
            yield from self._fetch(choice)

    @property
    def _name(self) -> str:
        return self._peer.name or self._peer.ae_title

    def _fetch(self, choice: Choice) -> Iterator[str | Look | Outcome]:
        faults: list[tuple[Retrieve, Outcome]] = []
        for way in sorted(Retrieve, key=lambda way: way is not self._peer.retrieve):
            yield f"fetching {choice.note or 'the instance'} by {_NAMES[way]}"
            taker = LookTaker(self._files, choice.ref.sop_instance_uid)
            try:
                outcome = self._by(way, choice, taker)
            finally:
                taker.close()
            if taker.instance is not None:
                yield Look(instance=taker.instance, peer=self._name, way=way, note=choice.note)
                return
            if self._cancel.is_set():
                yield Outcome(state=OutcomeState.CANCELLED, meaning="cancelled")
                return
            if held := self._held(choice.ref.sop_instance_uid):
                note = f"{self._name} did not say that it was asked for: it was stored"
                yield self._as_held(held, note)
                return
            if taker.fault is not None and outcome.state is not OutcomeState.UNREACHABLE:
                outcome = _failed(taker.fault.message, taker.fault.hint)
            faults.append((way, outcome))
            if outcome.state in _HOPELESS:
                break
        yield _together(faults)

    def _by(self, way: Retrieve, choice: Choice, taker: LookTaker) -> Outcome:
        """Have the peer send it; how that ended."""
        return self._get(choice, taker) if way is Retrieve.GET else self._move(choice, taker)

    def _get(self, choice: Choice, taker: LookTaker) -> Outcome:
        answers = self._tools.caller().get(
            self._peer,
            choice.ref,
            taker,
            sop_classes=[choice.sop_class] if choice.sop_class else [],
            cancel=_Stop(self._cancel, taker.came),
        )
        return _outcome_of(answer for answer in answers if isinstance(answer, MoveResponse))

    def _move(self, choice: Choice, taker: LookTaker) -> Outcome:
        try:
            self._listen()
        except (ListenError, ArchiveLockedError) as error:
            return _failed(f"nothing can come here by C-MOVE: {error.message}", error.hint)
        own, number = self._tools.own_ae_title, next_message_id()
        seen = 0

        def is_alive() -> bool:
            nonlocal seen
            before, seen = seen, taker.received
            return seen > before

        with self._aside.awaiting(Awaited(message_id=number, own_title=own, taker=taker)):
            outcome = _outcome_of(
                self._tools.caller().move(
                    self._peer,
                    choice.ref,
                    own,
                    message_id=number,
                    cancel=_Stop(self._cancel, taker.came),
                    is_alive=is_alive,
                )
            )
            if outcome.ok and taker.fault is None:
                taker.came.wait(STRAGGLERS_SECONDS)
        return outcome

    def _held(self, uid: str) -> Instance | None:
        if not uid:
            return None
        try:
            return self._tools.archive().instance(uid)
        except (NotHeldError, ArchiveLockedError):  # another station's archive: no matter here
            return None

    def _as_held(self, instance: Instance, note: str = "") -> Look:
        return Look(instance=instance, peer=self._name, held=True, note=note)


def _outcome_of(responses: Iterator[MoveResponse]) -> Outcome:
    """How it ended, the responses taken to their end."""
    last = next((one.outcome for one in responses if one.outcome is not None), None)
    return last or _failed("the peer gave no answer")


def _failed(meaning: str, advice: str = "") -> Outcome:
    return Outcome(state=OutcomeState.FAILED, meaning=meaning, advice=advice)


def _together(faults: list[tuple[Retrieve, Outcome]]) -> Outcome:
    """Why nothing came, in either way; the first way's outcome, for it is the usual one."""
    first = faults[0][1]
    said = [f"{_NAMES[way]}: {_why(outcome)}" for way, outcome in faults]
    advice = next((outcome.advice for _, outcome in faults if outcome.advice), "")
    state = OutcomeState.FAILED if first.ok else first.state
    return Outcome(
        state=state,
        meaning="; ".join(said),
        advice=advice,
        status=None if first.ok else first.status,
        comment=first.comment,
    )


def _why(outcome: Outcome) -> str:
    return "the peer says success and sent nothing" if outcome.ok else outcome.meaning
