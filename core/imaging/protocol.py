"""What passes between the console's process and the decoding one."""

from __future__ import annotations

import socket
import struct

import msgspec
from msgspec import Struct

from core.model import Picture, PixelValue, Rendering


class PictureRequest(Struct, frozen=True, kw_only=True, tag=True):
    """One frame of one file."""

    path: str
    frame: int = 0
    rendering: Rendering = Rendering()


class PixelRequest(Struct, frozen=True, kw_only=True, tag=True):
    """What stands at one place of a frame."""

    path: str
    frame: int = 0
    column: int
    row: int


Request = PictureRequest | PixelRequest


class Answer(Struct, frozen=True, kw_only=True):
    """The picture or the pixel, or why there is none."""

    picture: Picture | None = None
    pixel: PixelValue | None = None
    fault: str = ""


class Conversion(Struct, frozen=True, kw_only=True):
    """Write the data set of one file into another one, in a native transfer syntax."""

    path: str
    source: str
    """Transfer syntax UID of the file."""
    target: str
    output: str


class Converted(Struct, frozen=True, kw_only=True):
    """The conversion is done, or why not."""

    fault: str = ""


def send(connection: socket.socket, message: Struct) -> None:
    """Send a message behind its length."""
    body = msgspec.msgpack.encode(message)
    connection.sendall(struct.pack("<I", len(body)))
    connection.sendall(body)


def receive(connection: socket.socket) -> bytearray | None:
    """The next message's body, None where the other side is gone."""
    head = _exactly(connection, 4)
    return None if head is None else _exactly(connection, struct.unpack("<I", head)[0])


def _exactly(connection: socket.socket, size: int) -> bytearray | None:
    body = bytearray(size)
    view, filled = memoryview(body), 0
    while filled < size:
        got = connection.recv_into(view[filled:])
        if not got:
            return None
        filled += got
    return body
