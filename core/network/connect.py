"""The handshake of an outgoing association: TCP, A-ASSOCIATE-RQ out, AC or RJ in, PS3.8 7.1."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace
from pynetdicom.presentation import PresentationContext, negotiate_as_requestor

from core import model
from core.errors import SettingsError
from core.network import contexts, credentials, negotiation, pdu, roles, tls
from core.network.association import LINGER, Association
from core.network.contexts import Offer
from core.network.faults import (
    AbortedError,
    ConnectError,
    EndedHereError,
    LinkError,
    LostError,
    NoContextError,
    ProtocolError,
    RejectedError,
    SilenceError,
    TlsError,
    TlsFault,
    UnansweredError,
)
from core.network.tls import TlsWire
from core.network.wire import BUFFER_SIZE, Wire
from core.settings import StationSettings

SLICE = 0.1
"""Seconds between two looks at whether a call was cancelled."""

Stop = Callable[[], bool]
_AnyWire = TypeVar("_AnyWire", bound=Wire)
_Address = tuple[socket.AddressFamily, object]


def open_association(
    about: model.Association,
    peer: model.Modality,
    offers: Sequence[Offer],
    station: StationSettings,
    stop: Stop,
) -> tuple[Association, tuple[model.ProposedContext, ...]]:
    """Associate with `peer`; the association, and what came of each presentation context.

    Raises a LinkError, NoContextError where the peer accepted none; EndedHereError soon after
    `stop` says so; UsageError where an AE title is none.
    """
    proposed = contexts.propose(offers)
    asked_roles = roles.proposals(offers)
    request = pdu.encode_request(
        pdu.Associate(
            contexts.require_title(station.ae_title),
            contexts.require_title(peer.ae_title),
            proposed,
            station.max_pdu,
            asked_roles,
        )
    )
    wire = _secured(peer, station, stop) if peer.tls else _plain(peer, station, stop)
    about = replace(about, tls=wire.security)
    try:
        wire.send([request], station.acse_timeout)
        answer = _read_answer(wire, station.acse_timeout, stop)
        answer = replace(answer, roles=roles.asked_for(asked_roles, answer.roles))
        return _established(wire, about, proposed, answer, station)
    except ProtocolError as exc:
        wire.last_words(pdu.abort(2, exc.reason))
        wire.close(LINGER)
        raise
    except LinkError as exc:
        if isinstance(exc, EndedHereError | SilenceError):
            wire.last_words(pdu.abort(0, 0))
        wire.close()
        if isinstance(exc, LostError) and wire.security:
            raise TlsError(TlsFault.DROPPED) from exc
        raise


def _plain(peer: model.Modality, station: StationSettings, stop: Stop) -> Wire:
    return _wired(Wire, peer, station, stop)


def _wired(
    kind: Callable[[socket.socket], _AnyWire],
    peer: model.Modality,
    station: StationSettings,
    stop: Stop,
) -> _AnyWire:
    """Connect; raises a LinkError, also where the system has no memory or descriptor left."""
    sock = _connect(peer, station.connect_timeout, stop)
    try:
        return kind(sock)
    except OSError as exc:
        sock.close()
        raise ConnectError(f"no connection to {peer.host}:{peer.port}: {exc}", exc) from exc


def _secured(peer: model.Modality, station: StationSettings, stop: Stop) -> Wire:
    """Connect, and do the TLS handshake."""
    name = peer.tls_host_name
    try:
        context = credentials.client_context(station.tls, check_name=bool(name))
    except SettingsError as exc:
        raise TlsError(TlsFault.OURSELVES, str(exc)) from exc
    wire = _wired(TlsWire, peer, station, stop)
    deadline = time.monotonic() + station.acse_timeout
    try:
        wire.handshake(context, deadline, server_side=False, name=name or peer.host, stop=stop)
    except LinkError:
        wire.close()
        raise
    return wire


def _established(
    wire: Wire,
    about: model.Association,
    proposed: tuple[PresentationContext, ...],
    answer: pdu.Associate,
    station: StationSettings,
) -> tuple[Association, tuple[model.ProposedContext, ...]]:
    answers = tuple(negotiate_as_requestor(list(proposed), list(answer.contexts)))
    usable = roles.mark(negotiation.accepted(answers), answer.roles)
    association = Association(
        wire,
        about,
        usable,
        max_pdu=station.max_pdu,
        peer_max_pdu=answer.max_pdu,
        patience=station.network_timeout,
        refused=[(str(cx.abstract_syntax), cx.result) for cx in answers if cx.result],
    )
    if not usable:
        association.release(1.0)
        raise NoContextError(tuple(cx.result or 0 for cx in answers))
    return association, negotiation.describe(proposed, answers)


def _read_answer(wire: Wire, patience: float, stop: Stop) -> pdu.Associate:
    deadline = time.monotonic() + patience
    while not wire.readable(min(SLICE, deadline - time.monotonic())):
        if stop():
            raise EndedHereError("cancelled")
        if time.monotonic() > deadline:
            raise UnansweredError("the association request was not answered")
    try:
        header = wire.take(6, deadline)
        if tls.speaks_tls(header):
            raise TlsError(TlsFault.SPEAKS_TLS)
        kind, length = pdu.HEADER.unpack(header)
        if kind == pdu.Type.ASSOCIATE_AC and length <= min(pdu.MAX_ASSOCIATE, BUFFER_SIZE):
            return pdu.decode_associate(kind, wire.take(length, deadline))
        if kind not in (pdu.Type.ASSOCIATE_RJ, pdu.Type.ABORT) or length != 4:
            raise pdu.unexpected(kind)
        body = bytes(wire.take(4, deadline))
    except UnansweredError:
        raise
    except SilenceError as exc:
        raise UnansweredError("half an answer to the association request") from exc
    if kind == pdu.Type.ASSOCIATE_RJ:
        raise RejectedError(body[1], body[2], body[3])
    raise AbortedError(body[2], body[3])


def _connect(peer: model.Modality, patience: float, stop: Stop) -> socket.socket:
    deadline = time.monotonic() + patience
    fault: OSError = socket.gaierror(f"{peer.host!r} has no address")
    for family, address in resolve(peer.host, peer.port, deadline, stop):
        try:
            return connect_to(family, address, deadline, stop)
        except OSError as exc:
            fault = exc
        except OverflowError as exc:
            fault = OSError(errno.EINVAL, str(exc))
    raise ConnectError(f"no connection to {peer.host}:{peer.port}: {fault}", fault)


def resolve(host: str, port: int, deadline: float, stop: Stop) -> list[_Address]:
    """The addresses of a name; a resolver that hangs is left behind in its thread.

    Raises ConnectError where there are none, EndedHereError where `stop` says so.
    """
    with contextlib.suppress(ValueError):
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        return [(family, (host, port))]
    found: list[_Address] = []
    fault: list[OSError] = []

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend((family, address) for family, _, _, _, address in entries)
        except (OSError, OverflowError) as exc:
            fault.append(exc if isinstance(exc, OSError) else OSError(errno.EINVAL, str(exc)))
        except ValueError:  # NUL, a label longer than 63, an empty one: no name that could exist
            fault.append(socket.gaierror(socket.EAI_NONAME, "not a host name"))

    resolver = threading.Thread(target=look_up, name="resolver", daemon=True)
    resolver.start()
    while resolver.is_alive() and time.monotonic() < deadline:
        resolver.join(SLICE)
        if stop():
            raise EndedHereError("cancelled")
    if not found:
        cause = fault[0] if fault else socket.gaierror(socket.EAI_AGAIN, "the resolver hangs")
        raise ConnectError(f"the name {host!r} does not resolve", cause)
    return found


def connect_to(
    family: socket.AddressFamily, address: object, deadline: float, stop: Stop
) -> socket.socket:
    """A socket that is connected and does not block; raises OSError, EndedHereError."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        code = sock.connect_ex(address)  # type: ignore[arg-type]  # its form depends on the family
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, os.strerror(code))
        if code:
            _await_connected(sock, deadline, stop)
    except BaseException:
        sock.close()
        raise
    return sock


def _await_connected(sock: socket.socket, deadline: float, stop: Stop) -> None:
    poll = select.poll()
    poll.register(sock, select.POLLOUT)
    while not poll.poll(SLICE * 1000):
        if stop():
            raise EndedHereError("cancelled")
        if time.monotonic() > deadline:
            raise TimeoutError(errno.ETIMEDOUT, "no answer to TCP")
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))
