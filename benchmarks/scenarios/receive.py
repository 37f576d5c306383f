"""Receiving: from one storescu, from eight at once, and many tiny objects."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import clients, data, servers
from benchmarks.data import Samples
from benchmarks.faults import require
from benchmarks.figures import OURS, Row, Target
from benchmarks.scenario import Contest, Scenario, Turn, Workshop, clocked

Senders = Callable[[Samples], Sequence[Sequence[Path]]]


def one_sender(samples: Samples) -> Sequence[Sequence[Path]]:
    return [samples.parts]


def _sender_for_each_part(samples: Samples) -> Sequence[Sequence[Path]]:
    return [[part] for part in samples.parts]


def receiving(start: servers.Start, samples: Samples, senders: Senders, warm_up: Samples) -> Turn:
    def turn(folder: Path) -> dict[str, float]:
        with start(folder / "server") as server:
            clients.store(server, [warm_up.parts[:1]], folder)
            work = senders(samples)
            seconds = clocked(lambda: clients.store(server, work, folder))
            require("objects held", server.held(), samples.count + 1)
        return {"receive": seconds}

    return turn


def _contest(
    make: Callable[[Path], Samples], senders: Senders, starts: Mapping[str, servers.Start]
) -> Contest:
    @contextlib.contextmanager
    def contest(workshop: Workshop) -> Iterator[dict[str, Turn]]:
        samples, warm_up = make(workshop.samples), data.warm_up(workshop.samples)
        yield {
            name: receiving(start, samples, senders, warm_up)
            for name, start in servers.installed(starts).items()
        }

    return contest


_INDEXING: Mapping[str, servers.Start] = {
    OURS: servers.modalitty(),
    servers.ORTHANC: servers.orthanc(),
    servers.ORTHANC_NO_SYNC: servers.orthanc(SyncStorageArea=False),
}
_HALF_OF_ORTHANC = (Target(0.5, servers.ORTHANC), Target(0.5, servers.ORTHANC_NO_SYNC))

RECEIVE_CT = Scenario(
    name="receive-ct",
    title="Receive 400 CT slices (210 MB) over one association",
    rows=(
        Row(name="receive", unit="s", targets=(*_HALF_OF_ORTHANC, Target(1.3, servers.STORESCP))),
    ),
    contest=_contest(
        data.ct_slices,
        one_sender,
        {
            **_INDEXING,
            servers.STORESCP: servers.storescp,
            servers.DCMQRSCP: servers.dcmqrscp(),
            servers.PYNETDICOM: servers.pynetdicom(),
        },
    ),
)
RECEIVE_CT_8 = Scenario(
    name="receive-ct-8",
    title="Receive 400 CT slices (210 MB) from eight storescu at once",
    rows=(Row(name="receive", unit="s", targets=_HALF_OF_ORTHANC),),
    contest=_contest(
        data.ct_slices,
        _sender_for_each_part,
        {
            **_INDEXING,
            servers.STORESCP: servers.storescp_forking,
            servers.PYNETDICOM: servers.pynetdicom(),
        },
    ),
)
RECEIVE_TINY = Scenario(
    name="receive-tiny",
    title="Receive 5,000 objects of 1 KB over one association",
    rows=(Row(name="receive", unit="s", targets=_HALF_OF_ORTHANC),),
    contest=_contest(
        data.tiny_objects,
        one_sender,
        {
            **_INDEXING,
            servers.STORESCP: servers.storescp,
            servers.PYNETDICOM: servers.pynetdicom(),
        },
    ),
    rounds=3,
)


def _size(name: str, words: str, make: Callable[[Path], Samples], senders: Senders) -> Scenario:
    """The same for another size of objects."""
    alone = senders is one_sender
    how = "over one association" if alone else "from eight storescu at once"
    storescp = servers.storescp if alone else servers.storescp_forking
    return Scenario(
        name=name,
        title=f"Receive {words} {how}",
        rows=(Row(name="receive", unit="s", targets=(Target(0.5, servers.ORTHANC),)),),
        contest=_contest(make, senders, {**_INDEXING, servers.STORESCP: storescp}),
        rounds=3,
    )


SIZES = tuple(
    _size(f"receive-{size}{suffix}", words, make, senders)
    for size, words, make in (
        ("100k", "1,600 slices of 100 KB", data.slices_100k),
        ("1m", "200 images of 1 MB", data.images_1m),
        ("8m", "48 images of 8 MB", data.images_8m),
    )
    for suffix, senders in (("", one_sender), ("-8", _sender_for_each_part))
)
