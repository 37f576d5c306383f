"""The handshake of an incoming connection: A-ASSOCIATE-RQ in, AC or RJ out, PS3.8 7.1 and 9.2."""

from __future__ import annotations

import time
from collections.abc import Mapping

from msgspec import Struct

from core import model
from core.errors import SettingsError
from core.network import credentials, extended, negotiation, pdu, roles, tls
from core.network.association import LINGER, Association, Context
from core.network.faults import (
    AbortedError,
    LinkError,
    ProtocolError,
    Reason,
    TlsError,
    TlsFault,
)
from core.network.negotiation import Rejection
from core.network.remembered import Remembered
from core.network.tls import TlsWire
from core.network.wire import BUFFER_SIZE, Wire
from core.settings import Settings, StationSettings


def secure(wire: Wire, station: StationSettings) -> None:
    """Do the TLS handshake of a connection to the TLS port; raises TlsError where it fails."""
    if not isinstance(wire, TlsWire):
        return
    try:
        context = credentials.server_context(station.tls)
    except SettingsError as exc:
        raise TlsError(TlsFault.OURSELVES, str(exc)) from exc
    wire.handshake(context, time.monotonic() + station.acse_timeout, server_side=True)


def read_request(wire: Wire, patience: float) -> memoryview:
    """The body of the A-ASSOCIATE-RQ that opens a connection, within `patience` seconds in all.

    Valid until the next read. Raises a LinkError where it does not come or is something else.
    """
    deadline = time.monotonic() + patience
    header = wire.take(6, deadline)
    if tls.speaks_tls(header):
        raise ProtocolError("speaks TLS to our plain port", Reason.UNRECOGNISED_PDU)
    kind, length = pdu.HEADER.unpack(header)
    if kind == pdu.Type.ABORT:
        raise AbortedError(0, 0)
    if kind != pdu.Type.ASSOCIATE_RQ:
        raise pdu.unexpected(kind)
    if not 68 <= length <= min(pdu.MAX_ASSOCIATE, BUFFER_SIZE):
        raise ProtocolError(f"an A-ASSOCIATE-RQ of {length} bytes")
    return wire.take(length, deadline)


def accept(
    wire: Wire, request: pdu.Associate, settings: Settings, about: model.Association
) -> tuple[Association, tuple[model.ProposedContext, ...]]:
    """Accept `request`; the association, and what came of each presentation context."""
    station = settings.station
    agreement = agree(request, settings)
    association = Association(
        wire,
        about,
        agreement.contexts,
        max_pdu=station.max_pdu,
        peer_max_pdu=request.max_pdu,
        patience=station.network_timeout,
    )
    wire.send([pdu.with_titles(agreement.answer, request)], station.network_timeout)
    return association, agreement.told


class Agreement(Struct, frozen=True):
    """What comes of a request: the contexts that can be used, and the A-ASSOCIATE-AC."""

    contexts: Mapping[int, Context]
    answer: bytes
    """The PDU, with anybody's titles."""
    told: tuple[model.ProposedContext, ...]


_agreements: Remembered[object, Agreement] = Remembered(16)


def agree(request: pdu.Associate, settings: Settings) -> Agreement:
    """What to answer to a request that is not turned away."""
    if not request.proposal:
        return _agreed(request, settings)
    calling, station = request.calling.strip(), settings.station
    # All that it hangs on.
    key = (
        request.proposal,
        negotiation.allowed(settings, calling),
        negotiation.may_report(settings, calling),
        station.accept,
        station.max_pdu,
    )
    return _agreements.get(key, lambda: _agreed(request, settings))


def _agreed(request: pdu.Associate, settings: Settings) -> Agreement:
    answers = negotiation.negotiate(request, settings)
    usable = negotiation.accepted(answers)
    granted = roles.answers(request.roles, usable)
    agreed = extended.answers(request.extended, usable)
    content = pdu.Associate(
        request.calling, request.called, answers, settings.station.max_pdu, granted, agreed
    )
    return Agreement(
        contexts=extended.mark(roles.mark(usable, granted), agreed),
        answer=pdu.encode_accept(content),
        told=negotiation.describe(request.contexts, answers),
    )


def turn_away(wire: Wire, why: Rejection) -> None:
    """Answer with A-ASSOCIATE-RJ and close."""
    wire.last_words(pdu.reject(why.result, why.source, why.reason))
    wire.close(LINGER)


def hang_up(wire: Wire, cause: LinkError) -> None:
    """Close a connection that never became an association, with A-ABORT where one is due."""
    if isinstance(cause, ProtocolError):
        wire.last_words(pdu.abort(2, cause.reason))
        wire.close(LINGER)
    elif isinstance(cause, TlsError):
        if cause.fault is TlsFault.SPEAKS_PLAIN:
            wire.last_words(pdu.abort(2, Reason.UNSPECIFIED))
        wire.close(LINGER)
    else:
        wire.close()
