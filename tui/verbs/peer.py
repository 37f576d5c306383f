"""The peer of a verb: a known modality by its name, or one described on the spot.

Its options are declared once, in :class:`Called`, and given to a verb by :func:`calls_peer`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer
from msgspec.structs import replace

from core.errors import UsageError
from core.model import Modality
from core.settings import modality_faults
from core.station import Station


@dataclass(frozen=True)
class Called:
    """The peer as it is named on the command line."""

    name: Annotated[
        str, typer.Argument(help="A modality by name, or leave out and give --aet.")
    ] = ""
    aet: Annotated[str, typer.Option(help="The peer's AE title, instead of a name.")] = ""
    host: Annotated[str, typer.Option(help="The peer's host, with --aet.")] = ""
    port: Annotated[int, typer.Option(help="The peer's port, with --aet.")] = 0
    tls: Annotated[bool, typer.Option("--tls", help="Call it by TLS, with --aet.")] = False
    tls_host_name: Annotated[
        str, typer.Option(help="The name its certificate must have, with --aet and --tls.")
    ] = ""

    def known_to(self, station: Station) -> Modality:
        """The modality of that name, or the one that is described; raises UsageError."""
        if self.name:
            if self != Called(name=self.name):
                raise UsageError("give a name or --aet, not both", "leave one out")
            return station.modalities.get(self.name)
        if not (self.aet and self.host and self.port):
            raise UsageError(
                "no peer given", "a NAME from the configuration, or --aet --host --port"
            )
        return self._described()

    def _described(self) -> Modality:
        peer = Modality(
            ae_title=self.aet,
            host=self.host,
            port=self.port,
            tls=self.tls,
            tls_host_name=self.tls_host_name,
        )
        # It has no name, which only a modality of the configuration needs.
        for key, fault in modality_faults(replace(peer, name="peer")).items():
            option = {"ae_title": "aet"}.get(key, key).replace("_", "-")
            raise UsageError(f"--{option}: {fault}", "correct it")
        return peer


def calls_peer(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options of :class:`Called` in the place of its parameter `called`."""
    names = [field.name for field in fields(Called)]

    @wraps(verb)
    def with_peer(**given: Any) -> None:
        verb(called=Called(**{name: given.pop(name) for name in names}), **given)

    signature = inspect.signature(verb, eval_str=True)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        parameters += _options() if parameter.name == "called" else [parameter]
    # Both are read by typer.
    setattr(with_peer, "__signature__", signature.replace(parameters=parameters))  # noqa: B010
    with_peer.__annotations__ = {one.name: one.annotation for one in parameters}
    return with_peer


def _options() -> list[inspect.Parameter]:
    hints = get_type_hints(Called, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=field.default,
            annotation=hints[field.name],
        )
        for field in fields(Called)
    ]
