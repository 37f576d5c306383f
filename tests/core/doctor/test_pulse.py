"""Echoes by the clock: never two to one peer, fewer to one that is dead, none after the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from core.doctor import link_record, pulse
from core.doctor.pulse import Pulse
from core.errors import SettingsError
from core.events import EventBus, ModalitiesChanged
from core.model import Modality, Outcome, OutcomeState
from core.settings import Settings, StationSettings
from tests.peers.processes import eventually

OK = Outcome(state=OutcomeState.OK, meaning="success", seconds=0.002)
DEAD = Outcome(state=OutcomeState.UNREACHABLE, meaning="refused")


class Echoes:
    """Echoes that a test answers when it likes, and sees how many are under way at once."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.most: dict[tuple[str, int], int] = {}
        self.now: dict[tuple[str, int], int] = {}
        self.answer: dict[str, Outcome] = {}
        self.go = threading.Event()
        self.go.set()
        self.closed = threading.Event()
        self._lock = threading.Lock()

    def echo(self, peer: Modality) -> Outcome:
        at = (peer.host, peer.port)
        with self._lock:
            self.calls.append(peer.name)
            self.now[at] = self.now.get(at, 0) + 1
            self.most[at] = max(self.most.get(at, 0), self.now[at])
        while not self.go.wait(0.01) and not self.closed.is_set():
            pass
        with self._lock:
            self.now[at] -= 1
        if self.closed.is_set():
            return Outcome(state=OutcomeState.CANCELLED, meaning="the station closes")
        return self.answer.get(peer.name, OK)

    def close(self) -> None:
        self.closed.set()


class Bench:
    """A pulse over settings that a test changes."""

    def __init__(self) -> None:
        self.echoes = Echoes()
        self.silent = Echoes()
        self.events = EventBus()
        self.settings = Settings(station=StationSettings(echo_interval=1))
        self.pulse = Pulse(
            lambda: self.settings, self.events, lambda: self.echoes, lambda: self.silent
        )

    def know(self, *names: str, **more: object) -> None:
        known = {
            name: Modality(name=name, ae_title="A", host="h", port=port, **more)  # type: ignore[arg-type]
            for port, name in enumerate(names, 1)
        }
        self.settings = replace(self.settings, modalities=known)
        self.events.publish(ModalitiesChanged())

    def calls(self, name: str) -> int:
        return self.silent.calls.count(name)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(pulse, "_FIRST", 0.0)
    monkeypatch.setattr(pulse, "_SPREAD", 0.05)
    made = Bench()
    yield made
    made.pulse.close()


def test_every_modality_is_echoed_again_and_again(bench: Bench) -> None:
    bench.know("a", "b")
    bench.pulse.start()
    eventually(lambda: bench.calls("a") >= 2 and bench.calls("b") >= 2)
    link = bench.pulse.one("a")
    assert [beat.seconds for beat in link.beats[:2]] == [0.002, 0.002]
    assert link.interval == 1
    assert not bench.echoes.calls, "nothing goes by the caller whose calls are traffic"


def test_there_are_never_two_echoes_to_one_peer(bench: Bench) -> None:
    bench.know("a")
    peer = bench.settings.modalities["a"]
    bench.silent.go.clear()
    bench.pulse.start()
    eventually(lambda: bench.calls("a") == 1)
    outcomes: list[Outcome] = []
    asking = [
        threading.Thread(target=lambda: outcomes.append(bench.pulse.echo(peer))) for _ in range(3)
    ]
    for thread in asking:
        thread.start()
    assert bench.pulse.one("a").calling
    bench.silent.go.set()
    for thread in asking:
        thread.join(10)
    assert outcomes == [OK, OK, OK], "whoever asked meanwhile has the answer that was under way"
    assert bench.echoes.calls == []


def test_two_titles_at_one_address_take_turns(bench: Bench) -> None:
    one = Modality(name="one", ae_title="A", host="h", port=1)
    other = Modality(name="other", ae_title="B", host="h", port=1)
    bench.settings = replace(bench.settings, modalities={"one": one, "other": other})
    bench.pulse.start()
    for _ in range(20):
        bench.pulse.echo(one)
        bench.pulse.echo(other)
    eventually(lambda: bench.calls("one") and bench.calls("other"))
    assert bench.echoes.most[("h", 1)] == 1
    assert bench.silent.most[("h", 1)] == 1


def test_a_dead_peer_is_asked_less_and_less_often(bench: Bench) -> None:
    bench.know("dead")
    bench.silent.answer["dead"] = DEAD
    record = bench.pulse._record(bench.settings.modalities["dead"])
    waits = []
    for _ in range(14):
        record.take(DEAD, time.time())
        waits.append((record.due(60, watched=False) - record.base) / record.jitter)
    assert waits[:3] == pytest.approx([120, 240, 480])
    assert waits[-1] == pytest.approx(link_record.LONGEST_BACK_OFF)
    assert record.due(5, watched=True) - record.base < 6, "but as often as ever where it is watched"
    record.take(OK, time.time())
    assert (record.due(60, watched=False) - record.base) / record.jitter == pytest.approx(60)


def test_echoes_are_not_all_at_once(bench: Bench) -> None:
    bench.know(*(f"m{number}" for number in range(50)))
    dues = {
        round(bench.pulse._record(peer).due(60, watched=False), 4)
        for peer in bench.settings.modalities.values()
    }
    assert len(dues) > 25


def test_none_is_echoed_by_default_where_that_is_off_but_what_is_watched(bench: Bench) -> None:
    bench.know("a", "b")
    bench.pulse.start(by_default=False)
    bench.pulse.watch("b", on=True)
    eventually(lambda: bench.calls("b"))
    assert not bench.calls("a")
    assert bench.pulse.one("b").watched


def test_a_modality_may_have_an_interval_of_its_own(bench: Bench) -> None:
    bench.pulse.start()
    bench.know("a", echo_interval=0)
    assert bench.pulse._interval(bench.settings.modalities["a"]) == 0
    bench.know("a", echo_interval=300)
    assert bench.pulse._interval(bench.settings.modalities["a"]) == 300
    bench.know("a")
    assert bench.pulse._interval(bench.settings.modalities["a"]) == 1


def test_close_ends_what_is_under_way_at_once(bench: Bench) -> None:
    bench.know("a")
    bench.silent.go.clear()
    bench.pulse.start()
    eventually(lambda: bench.calls("a") == 1)
    bench.pulse.close()
    assert bench.silent.closed.is_set()
    eventually(lambda: not [t for t in threading.enumerate() if t.name.startswith("pulse")])
    assert bench.pulse.one("a").outcome is None, "what was broken off is no fault of the peer"


def test_history_is_bounded_and_begins_anew_at_another_address(bench: Bench) -> None:
    bench.know("a")
    peer = bench.settings.modalities["a"]
    for _ in range(link_record.KEPT + 10):
        bench.pulse.echo(peer)
    assert len(bench.pulse.one("a").beats) == link_record.KEPT
    bench.settings = replace(bench.settings, modalities={"a": replace(peer, host="other")})
    assert bench.pulse.one("a").beats == ()


def test_since_when_and_the_last_fault_are_remembered(bench: Bench) -> None:
    bench.know("a")
    peer = bench.settings.modalities["a"]
    bench.echoes.answer["a"] = DEAD
    bench.pulse.echo(peer)
    began = bench.pulse.one("a").since
    bench.pulse.echo(peer)
    assert bench.pulse.one("a").since == began
    bench.echoes.answer["a"] = OK
    bench.pulse.echo(peer)
    link = bench.pulse.one("a")
    assert link.since > began
    assert link.fault == DEAD
    assert [beat.seconds for beat in link.beats] == [None, None, 0.002]


def test_our_own_broken_tls_files_are_told_to_whoever_asks(bench: Bench) -> None:
    bench.know("a")

    class Broken(Echoes):
        def echo(self, peer: Modality) -> Outcome:
            raise SettingsError("no such file", "correct it")

    bench.echoes = Broken()
    with pytest.raises(SettingsError):
        bench.pulse.echo(bench.settings.modalities["a"])
    outcome = bench.pulse.one("a").outcome
    assert outcome is not None
    assert outcome.state is OutcomeState.FAILED
