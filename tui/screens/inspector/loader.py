"""Pictures loaded aside, one at a time: the last wish first, then what may be wished next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from core.errors import ModalittyError
from core.model import Picture, Rendering
from tui.calls import Calls

KEPT = 64 << 20
"""Bytes of pixels that are kept at most."""

AS_IT_IS = Rendering()


@dataclass(frozen=True)
class Wish:
    """One frame of an object held here, and how it is to be rendered."""

    uid: str
    frame: int = 0
    rendering: Rendering = AS_IT_IS


Fetch = Callable[[Wish], Picture]
Take = Callable[[Wish, Picture], None]
TakeAside = Callable[[Wish, "Picture | None"], None]
"""Takes None where there is no picture to be had."""
Fail = Callable[[Wish, ModalittyError], None]


class PictureLoader:
    """Hands pictures to `take` as they come, and keeps some.

    While one is loaded only the last wish counts; what was wished before and is ready is handed
    over all the same, so that something moves while a key is held down.
    """

    def __init__(self, calls: Calls, fetch: Fetch, take: Take, fail: Fail) -> None:
        self._calls, self._fetch = calls, fetch
        self._take, self._fail = take, fail
        self._kept: OrderedDict[Wish, Picture] = OrderedDict()
        self._size = 0
        self._wish: Wish | None = None
        self._ahead: list[Wish] = []
        self._small: OrderedDict[Wish, TakeAside] = OrderedDict()
        self._is_busy = False

    @property
    def is_wished(self) -> bool:
        """Whether one is wished that did not come yet."""
        return self._wish is not None

    def want(self, wish: Wish, ahead: Sequence[Wish] = ()) -> None:
        """Load one in place of what was wished; `ahead` names what may come next."""
        self._ahead = list(ahead)
        kept = self._kept.get(wish)
        if kept is not None:
            self._kept.move_to_end(wish)
            self._wish = None
            self._take(wish, kept)
        else:
            self._wish = wish
        self._go_on()

    def want_aside(self, wishes: Sequence[tuple[Wish, TakeAside]]) -> None:
        """Load these when nothing else is wished, in place of those named before."""
        self._small = OrderedDict(wishes)
        for wish in [wish for wish in self._small if wish in self._kept]:
            self._small.pop(wish)(wish, self._kept[wish])
        self._go_on()

    def forget(self) -> None:
        """Wish nothing any more, and keep nothing."""
        self._wish = None
        self._ahead, self._size = [], 0
        self._small.clear()
        self._kept.clear()

    def _go_on(self) -> None:
        if self._is_busy:
            return
        wish = self._next()
        if wish is None:
            return
        self._is_busy = True
        came = partial(self._came, wish, wish == self._wish)
        failed = partial(self._none, wish)
        self._calls.ask(lambda: self._fetch(wish), came, failed=failed)

    def _next(self) -> Wish | None:
        if self._wish is not None:
            return self._wish
        while self._ahead:
            if (wish := self._ahead.pop(0)) not in self._kept:
                return wish
        return next(iter(self._small), None)

    def _came(self, wish: Wish, was_wished: bool, picture: Picture) -> None:
        self._is_busy = False
        self._keep(wish, picture)
        if wish in self._small:
            self._small.pop(wish)(wish, picture)
        if wish == self._wish or (was_wished and self._wish is not None):
            if wish == self._wish:
                self._wish = None
            self._take(wish, picture)
        self._go_on()

    def _none(self, wish: Wish, error: ModalittyError) -> None:
        self._is_busy = False
        if wish in self._small:
            self._small.pop(wish)(wish, None)
        if wish == self._wish:
            self._wish = None
            self._fail(wish, error)
        self._go_on()

    def _keep(self, wish: Wish, picture: Picture) -> None:
        if wish in self._kept:
            return
        self._kept[wish] = picture
        self._size += len(picture.pixels)
        while self._size > KEPT and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._size -= len(old.pixels)
