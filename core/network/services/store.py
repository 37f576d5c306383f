"""C-STORE as SCP: an object goes from the socket into the archive as it arrives, PS3.4 annex B."""

from __future__ import annotations

from core.errors import (
    ArchiveError,
    DuplicateError,
    MismatchError,
    ModalittyError,
    NotDicomError,
    OutOfResourcesError,
)
from core.events import InstanceRefused, InstanceStored
from core.model import Operation, StoreAction, Stored
from core.network import contexts
from core.network.association import OVERHEAD
from core.network.command import Field
from core.network.faults import TooLargeError
from core.network.ports import Incoming
from core.network.services.call import SOP_CLASS_NOT_SUPPORTED, SUCCESS, Call, Request

_STATUS: tuple[tuple[type[ModalittyError], int], ...] = (
    (OutOfResourcesError, 0xA700),
    (MismatchError, 0xA900),
    (DuplicateError, 0x0111),
    (NotDicomError, 0xC000),
    (ArchiveError, 0x0110),
)
_MISSING_DATA_SET = 0xC000
_INVALID_INSTANCE = 0x0117


def answer_store(call: Call) -> int:
    """Take the object, and answer once it is durable."""
    return store_object(call)[0]


def store_object(call: Request) -> tuple[int, Stored | None]:
    """The same wherever the request comes from, a C-GET of our own too: status, and the object."""
    sink = _Sink(call)
    try:
        stored, code, reason = _take(call, sink)
        _tell(call, stored, code, reason)
        return call.answer(code, reason), stored
    finally:
        # While the peer makes its next object ready: what nobody has to wait for.
        sink.finish()


def _tell(call: Request, stored: Stored | None, code: int, reason: str) -> None:
    if stored is not None and stored.action is StoreAction.SET_ASIDE:
        pass  # whoever waits for it has it: nothing has come into the archive
    elif stored is not None:
        # Before the answer: who counts arrivals has then seen them all when a C-MOVE ends.
        call.events.publish(
            InstanceStored(
                stored=stored,
                source=call.caller,
                originator_ae=call.command.text(Field.MOVE_ORIGINATOR_AE_TITLE),
                originator_id=call.command.number(Field.MOVE_ORIGINATOR_MESSAGE_ID),
            )
        )
    else:
        _refused(call, code, reason)


def _refused(call: Request, code: int, reason: str) -> None:
    uid = call.command.text(Field.AFFECTED_SOP_INSTANCE_UID)
    call.events.publish(
        InstanceRefused(sop_instance_uid=uid, source=call.caller, status=code, reason=reason)
    )


def _take(call: Request, sink: _Sink) -> tuple[Stored | None, int, str]:
    """Read the message to its end; what the archive made of it, or status and reason."""
    sop_class = call.command.text(Field.AFFECTED_SOP_CLASS_UID)
    instance = call.command.text(Field.AFFECTED_SOP_INSTANCE_UID)
    if not call.command.has_data_set:
        return None, _MISSING_DATA_SET, "no data set"
    is_storage = contexts.operation(sop_class) is Operation.STORE
    if not is_storage or sop_class != call.message.context.abstract_syntax:
        sink.drain()
        return None, SOP_CLASS_NOT_SUPPORTED, "SOP class is not the context's"
    if not instance:
        sink.drain()
        return None, _INVALID_INSTANCE, "no SOP Instance UID"
    return _receive(call, sink, sop_class, instance)


def _receive(
    call: Request, sink: _Sink, sop_class: str, instance: str
) -> tuple[Stored | None, int, str]:
    try:
        sink.incoming = call.taker.receive(
            sop_class_uid=sop_class,
            sop_instance_uid=instance,
            transfer_syntax_uid=call.message.context.transfer_syntax,
            source=call.caller,
        )
        sink.fill()
        return sink.incoming.commit(), SUCCESS, ""
    except ModalittyError as exc:
        code = next((code for kind, code in _STATUS if isinstance(exc, kind)), None)
        if code is None:
            raise  # of the network: there is nobody left to answer
        # Read to its end what still comes, or the peer would take it for a broken connection.
        sink.drain()
        return None, code, exc.message


class _Sink:
    """Where the data set of one message goes: to whoever takes it, or nowhere."""

    def __init__(self, call: Request) -> None:
        self.incoming: Incoming | None = None
        self._call = call
        self._pieces = call.association.data(call.message)
        self._room = call.settings.station.max_object_mib << 20

    def fill(self) -> None:
        """Write the data set as it arrives; raises ArchiveError, or LinkError at the size limit."""
        write = self.incoming.write if self.incoming else None
        for piece in self._pieces:
            self._room -= len(piece) + OVERHEAD
            if self._room < 0:
                raise self._too_large()
            if write is not None:
                write(piece)

    def drain(self) -> None:
        """Read what is left and forget it."""
        self.finish()
        self.fill()

    def finish(self) -> None:
        """Leave nothing behind of an object that was not committed, and nothing to do of others."""
        if self.incoming is not None:
            self.incoming.finish()
            self.incoming = None

    def _too_large(self) -> TooLargeError:
        limit = self._call.settings.station.max_object_mib
        reason = f"an object larger than max_object_mib ({limit})"
        _refused(self._call, 0xA700, reason)
        return TooLargeError(reason)
