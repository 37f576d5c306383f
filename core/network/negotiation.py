"""Whom the listener lets in, and which presentation contexts it accepts from them.

A service that the configuration denies to a caller is refused context by context (result 1, user
rejection), so that a peer sees at once what it may not do. An edit of the configuration also holds
for associations that are open: their next message is answered with 0x0124, not authorised.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from msgspec import Struct
from pynetdicom._globals import APPLICATION_CONTEXT_NAME
from pynetdicom.presentation import PresentationContext, negotiate_as_acceptor

from core.model import ALL_OPERATIONS, Modality, Operation, ProposedContext
from core.network import contexts, pdu, roles
from core.network.association import Context
from core.settings import Accept, Settings, UnknownCallers, ae_title_fault

_ACCEPTED, _USER_REJECTION, _NO_SUCH_CLASS, _NO_SYNTAX = 0, 1, 3, 4
_WHY = {
    _USER_REJECTION: "refused: not allowed to this caller",
    2: "refused",
    _NO_SUCH_CLASS: "refused: SOP class not served",
    _NO_SYNTAX: "refused: no transfer syntax taken",
}


class Rejection(Struct, frozen=True):
    """Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 9.3.4), and the reason in words."""

    result: int
    source: int
    reason: int
    text: str


FULL = Rejection(2, 3, 2, "the limit of associations is reached")


def allowed(settings: Settings, calling: str) -> frozenset[Operation] | None:
    """What the AE title `calling` may do here; None where it may not even associate.

    Titles are compared without outer spaces and with case; entries that share one add up.
    """
    known = _known(settings, calling)
    if known:
        rights = frozenset(operation for modality in known for operation in modality.allow)
        # Whoever may bring objects may ask whether they are safe.
        return rights | {Operation.COMMIT} if Operation.STORE in rights else rights
    return {
        UnknownCallers.REFUSE: None,
        UnknownCallers.ECHO_ONLY: frozenset({Operation.ECHO}),
        UnknownCallers.ACCEPT: frozenset(ALL_OPERATIONS),
    }[settings.station.accept.unknown_callers]


def may_report(settings: Settings, calling: str) -> bool:
    """Whether `calling` may report on storage commitment: every modality, for we ask them."""
    return bool(_known(settings, calling)) or Operation.COMMIT in (allowed(settings, calling) or ())


def _known(settings: Settings, calling: str) -> list[Modality]:
    return [m for m in settings.modalities.values() if m.ae_title.strip() == calling]


def judge(request: pdu.Associate, settings: Settings) -> Rejection | None:
    """Why an association request is turned away, None where it is not; PS3.8 9.3.4."""
    station = settings.station
    if not request.protocol_version & 1:
        return Rejection(1, 2, 2, f"protocol version {request.protocol_version} is not spoken")
    if request.application_context != APPLICATION_CONTEXT_NAME:
        return Rejection(1, 1, 2, "the application context is not DICOM's")
    if station.accept.check_called_ae_title and request.called.strip() != station.ae_title.strip():
        return Rejection(1, 1, 7, f"called {request.called!r}, but we are {station.ae_title!r}")
    if fault := ae_title_fault(request.calling):
        return Rejection(1, 1, 3, f"the caller {request.calling!r} has no AE title: {fault}")
    if allowed(settings, request.calling.strip()) is None:
        return Rejection(1, 1, 3, f"the caller {request.calling!r} is not among the modalities")
    return None


def negotiate(request: pdu.Associate, settings: Settings) -> tuple[PresentationContext, ...]:
    """The answer to each proposed presentation context, PS3.8 9.3.3.2.

    A storage class on which the requestor is the SCP is there for C-GET: whoever may get may have
    it, and what we take ourselves does not matter.
    """
    calling = request.calling.strip()
    rights = allowed(settings, calling) or frozenset()
    if contexts.COMMITMENT in roles.as_scp(request.roles) and may_report(settings, calling):
        rights |= {Operation.COMMIT}
    accept = settings.station.accept
    to_get = roles.scp_only(request.roles)
    if Operation.GET in rights and Operation.STORE not in rights:
        to_get = roles.as_scp(request.roles)
    return tuple(
        _answer_to_get(proposed, rights)
        if contexts.operation(abstract := str(proposed.abstract_syntax)) is Operation.STORE
        and abstract in to_get
        else _answer(proposed, rights, accept)
        for proposed in request.contexts
    )


def _answer_to_get(
    proposed: PresentationContext, rights: frozenset[Operation]
) -> PresentationContext:
    """A context to send objects on: explicit VR where it is offered, for all can be had in it."""
    if Operation.GET not in rights:
        return _refuse(proposed, _USER_REJECTION)
    offered = [str(syntax) for syntax in proposed.transfer_syntax]
    best = next((syntax for syntax in contexts.NATIVE if syntax in offered), offered[0])
    supported = pdu.context(1, str(proposed.abstract_syntax), [best])
    answers, _ = negotiate_as_acceptor([proposed], [supported])
    return answers[0]


def _answer(
    proposed: PresentationContext, rights: frozenset[Operation], accept: Accept
) -> PresentationContext:
    abstract = str(proposed.abstract_syntax)
    operation = contexts.operation(abstract)
    served = operation is not None and (
        operation is not Operation.STORE or _matches(abstract, accept.sop_classes)
    )
    if served and operation not in rights:
        return _refuse(proposed, _USER_REJECTION)
    supported = []
    if served:
        chosen = _preferred(proposed, operation, accept)
        if not chosen:
            return _refuse(proposed, _NO_SYNTAX)
        supported = [pdu.context(1, abstract, chosen)]
    answers, _ = negotiate_as_acceptor([proposed], supported)
    return answers[0]


def _refuse(proposed: PresentationContext, result: int) -> PresentationContext:
    answer = PresentationContext()
    answer.context_id = proposed.context_id
    answer.abstract_syntax = proposed.abstract_syntax
    answer.transfer_syntax = [proposed.transfer_syntax[0]]
    answer.result = result
    return answer


def _preferred(
    proposed: PresentationContext, operation: Operation | None, accept: Accept
) -> list[str]:
    """The proposed transfer syntaxes that we take, best first.

    The order proposed is the peer's cheapest one; only implicit VR comes after explicit, for it
    loses the VR of private elements.
    """
    offered = [str(syntax) for syntax in proposed.transfer_syntax]
    if operation is Operation.STORE:
        taken = [syntax for syntax in offered if _matches(syntax, accept.transfer_syntaxes)]
    else:
        taken = [syntax for syntax in offered if syntax in contexts.QUERY_SYNTAXES]
    if taken and taken[0] == contexts.IMPLICIT_LE and contexts.EXPLICIT_LE in taken:
        taken.remove(contexts.EXPLICIT_LE)
        taken.insert(0, contexts.EXPLICIT_LE)
    return taken


def takes(context: Context, accept: Accept) -> bool:
    """Whether objects of a context are taken: one that was to send them on may bring others."""
    return _matches(context.abstract_syntax, accept.sop_classes) and _matches(
        context.transfer_syntax, accept.transfer_syntaxes
    )


def _matches(uid: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(uid, pattern) for pattern in patterns)


def accepted(answers: tuple[PresentationContext, ...]) -> dict[int, Context]:
    """The usable contexts among negotiated ones, by id."""
    return {
        int(cx.context_id or 0): Context(
            int(cx.context_id or 0), str(cx.abstract_syntax), str(cx.transfer_syntax[0])
        )
        for cx in answers
        if cx.result == _ACCEPTED and cx.transfer_syntax
    }


def describe(
    proposed: Iterable[PresentationContext], answers: Iterable[PresentationContext]
) -> tuple[ProposedContext, ...]:
    """What was proposed, context by context, and what came of it."""
    result = {cx.context_id: cx for cx in answers}
    return tuple(_described(cx, result.get(cx.context_id)) for cx in proposed)


def _described(
    proposed: PresentationContext, answer: PresentationContext | None
) -> ProposedContext:
    accepted = why = ""
    if answer is None:
        why = "not answered"
    elif answer.result == _ACCEPTED and answer.transfer_syntax:
        accepted = contexts.uid_name(str(answer.transfer_syntax[0]))
    else:
        why = _WHY.get(answer.result or 0, f"refused with result {answer.result}")
    return ProposedContext(
        id=int(proposed.context_id or 0),
        sop_class=contexts.uid_name(str(proposed.abstract_syntax)),
        offered=tuple(contexts.uid_name(str(syntax)) for syntax in proposed.transfer_syntax),
        accepted=accepted,
        why=why,
    )
