"""One request being answered, and what its service may use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from core.events import EventBus
from core.network import command, status
from core.network.association import Association, Message
from core.network.command import Command, Field
from core.network.commitment.awaited import AwaitedReports
from core.network.ports import Archive, Sender, Taker
from core.settings import Settings

if TYPE_CHECKING:
    from core.network.commitment.promises import Promises

SOP_CLASS_NOT_SUPPORTED = 0x0122
NOT_AUTHORISED = 0x0124
UNRECOGNISED_OPERATION = 0x0211


class Commitment(Struct, frozen=True):
    """Storage commitment in both roles: what we promised, and what we wait for."""

    promises: Promises
    awaited: AwaitedReports


class Request(Struct, frozen=True, kw_only=True):
    """A request on an association; its data set, if any, is still on the wire."""

    association: Association
    message: Message
    settings: Settings
    taker: Taker
    """Where the object goes that it brings, if any."""
    events: EventBus

    @property
    def command(self) -> Command:
        """The command set of the request."""
        return self.message.command

    @property
    def caller(self) -> str:
        """The AE title of the other side, which asks."""
        return self.association.about.peer

    def answer(self, code: int, comment: str = "") -> int:
        """Send a response without data set, and give its status back."""
        fields = command.response(self.command, code, comment=comment)
        instance = self.command.text(Field.AFFECTED_SOP_INSTANCE_UID)
        if instance:
            fields[Field.AFFECTED_SOP_INSTANCE_UID] = instance
        self.association.send(self.message.context, command.encode(fields))
        return code


class Call(Request, frozen=True, kw_only=True):
    """A request on an association that the listener has accepted."""

    archive: Archive
    sender: Sender
    commitment: Commitment


Service = Callable[[Call], int]
"""Answers a request to its end and returns the final status; raises LinkError."""

SUCCESS = status.SUCCESS
