"""Storage commitment in both roles, over real associations and the real archive."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined]

from core.archive.archive import Archive
from core.events import EventBus, MessageHandled, Notice
from core.model import Modality, Operation, OutcomeState
from core.network.commitment import drawer, promises, returning
from core.network.commitment.asking import Patience
from core.network.commitment.awaited import AwaitedReports
from core.network.commitment.messages import Reference, Request, new_transaction
from core.network.listener import Listener
from core.network.scu import Caller
from core.settings import ArchiveSettings
from tests.core.network.fakes import CT, Recorder, Source, wait_until, write_object

MR = "1.2.840.10008.5.1.4.1.1.4"
WELL_KNOWN = "1.2.840.10008.1.20.1.1"
PATIENCE = Patience(here=5.0, in_all=10.0)


class Ours:
    """A station's network half: listener, archive and caller, that share what is awaited."""

    def __init__(self, folder: Path, settings: Source, bus: EventBus) -> None:
        self.settings = settings
        self.bus = bus
        self.folder = folder
        self.awaited = AwaitedReports()
        self.archive = Archive.open(folder, settings=ArchiveSettings, events=bus)
        self.caller = Caller(settings, bus)
        self.listen()

    def listen(self, port: int = 0) -> None:
        self.listener = Listener(
            self.settings,
            self.archive,
            self.bus,
            awaited=self.awaited,
            promises=self.folder / "commitments",
        )
        self.port = self.listener.start(port)
        self.me = Modality(name="me", ae_title="MODALITTY", host="127.0.0.1", port=self.port)

    def commit(self, peer: Modality, *uids: str, patience: Patience = PATIENCE) -> object:
        references = [Reference(CT, uid) for uid in uids]
        return self.caller.commit(peer, references, self.awaited, patience)

    def close(self) -> None:
        self.caller.close()
        self.listener.stop(0.0)
        self.archive.close()

    @property
    def promised(self) -> list[Path]:
        return list((self.folder / "commitments").glob("*"))


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returning, "QUIET", 0.1)
    monkeypatch.setattr(promises, "DELAYS", (0.05, 0.1, 0.1))


@pytest.fixture
def ours(tmp_path: Path, settings: Source, bus: EventBus, recorder: Recorder) -> Iterator[Ours]:
    made = Ours(tmp_path / "archive", settings, bus)
    yield made
    made.close()


@pytest.fixture
def held(ours: Ours, tmp_path: Path) -> list[str]:
    uids = [f"1.2.3.{n}" for n in range(1, 5)]
    for uid in uids:
        ours.archive.take_file(write_object(tmp_path, uid))
    return uids


def request_for(*uids: str, transaction: str = "", sop_class: str = CT) -> Dataset:
    ds = Dataset()
    ds.TransactionUID = transaction or new_transaction()
    ds.ReferencedSOPSequence = []
    for uid in uids:
        item = Dataset()
        item.ReferencedSOPClassUID = sop_class
        item.ReferencedSOPInstanceUID = uid
        ds.ReferencedSOPSequence.append(item)
    return ds


class Inbox:
    """The reports that a peer of another make was sent."""

    def __init__(self, status: int = 0) -> None:
        self.reports: list[tuple[int, Dataset]] = []
        self.came = threading.Event()
        self.status = status

    def take(self, event: evt.Event) -> tuple[int, None]:
        self.reports.append((event.request.EventTypeID, event.event_information))
        self.came.set()
        return self.status, None

    def wait(self) -> tuple[int, dict[str, int], list[str]]:
        """Event type, failed instances with their reasons, committed instances."""
        assert self.came.wait(10), "no report came"
        kind, ds = self.reports[-1]
        failed = {
            item.ReferencedSOPInstanceUID: item.FailureReason
            for item in ds.get("FailedSOPSequence") or []
        }
        committed = [i.ReferencedSOPInstanceUID for i in ds.get("ReferencedSOPSequence") or []]
        return kind, failed, committed


def ask(ours: Ours, inbox: Inbox, ds: Dataset, *, stay: bool, title: str = "CT1") -> int:
    """Ask as pynetdicom does; the status of the N-ACTION response."""
    ae = AE(ae_title=title)
    ae.add_requested_context(StorageCommitmentPushModel)
    handlers = [(evt.EVT_N_EVENT_REPORT, inbox.take)]
    assoc = ae.associate("127.0.0.1", ours.port, ae_title="MODALITTY", evt_handlers=handlers)
    assert assoc.is_established
    try:
        status, _ = assoc.send_n_action(ds, 1, StorageCommitmentPushModel, WELL_KNOWN)
        if stay:
            inbox.came.wait(10)
        return int(status.Status)
    finally:
        assoc.release()


@pytest.fixture
def ct1(settings: Source) -> Iterator[tuple[Inbox, Modality]]:
    """A modality of another make that takes reports on associations of ours."""
    inbox = Inbox()
    ae = AE(ae_title="CT1")
    ae.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    server = ae.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, inbox.take)]
    )
    yield inbox, settings.modality("ct1", server.socket.getsockname()[1])
    server.shutdown()


# -- as SCP


def test_what_is_held_is_committed_to_on_the_same_association(
    ours: Ours, held: list[str], recorder: Recorder
) -> None:
    inbox = Inbox()
    assert ask(ours, inbox, request_for(*held), stay=True) == 0
    assert inbox.wait() == (1, {}, held)
    wait_until(lambda: not ours.promised, "the promise is kept and gone")
    done = [e for e in recorder.of(MessageHandled) if e.operation.startswith("N-")]
    assert [(e.operation, e.status, e.outgoing) for e in done] == [
        ("N-ACTION", 0, False),
        ("N-EVENT-REPORT", 0, True),
    ]


def test_a_caller_that_has_gone_is_told_on_a_new_association(
    ours: Ours, held: list[str], ct1: tuple[Inbox, Modality]
) -> None:
    inbox, _ = ct1
    assert ask(ours, Inbox(), request_for(*held), stay=False) == 0
    assert inbox.wait() == (1, {}, held)
    wait_until(lambda: not ours.promised, "the promise is kept and gone")


def _damage(ours: Ours, uid: str) -> Path:
    return Path(ours.archive.instance(uid).path)


def test_each_fault_on_disk_is_told_by_its_reason(
    ours: Ours, held: list[str], recorder: Recorder
) -> None:
    cut, other, gone, whole = held
    path = _damage(ours, cut)
    path.write_bytes(path.read_bytes()[:-1])
    path = _damage(ours, other)
    path.write_bytes(path.read_bytes().replace(other.encode(), b"1.2.3.9"))
    _damage(ours, gone).unlink()
    inbox = Inbox()
    ask(ours, inbox, request_for(cut, other, gone, whole, "1.2.3.99"), stay=True)
    kind, failed, committed = inbox.wait()
    assert (kind, committed) == (2, [whole])
    assert failed == {cut: 0x0110, other: 0x0110, gone: 0x0112, "1.2.3.99": 0x0112}
    (notice,) = recorder.of(Notice)
    assert "2 objects damaged" in notice.text


def test_bytes_that_cannot_be_read_are_not_committed_to(ours: Ours, held: list[str]) -> None:
    """The index and the size are right; only reading finds that it is another object."""
    one, two, *_ = held
    _damage(ours, one).write_bytes(_damage(ours, two).read_bytes())
    inbox = Inbox()
    ask(ours, inbox, request_for(one, two), stay=True)
    assert inbox.wait() == (2, {one: 0x0110}, [two])


def test_another_class_is_a_conflict(ours: Ours, held: list[str]) -> None:
    inbox = Inbox()
    ask(ours, inbox, request_for(held[0], sop_class=MR), stay=True)
    assert inbox.wait() == (2, {held[0]: 0x0119}, [])


def test_requests_that_are_none_are_refused_at_once(ours: Ours, held: list[str]) -> None:
    assert ask(ours, Inbox(), request_for(), stay=False) == 0x0115
    nameless = request_for(*held)
    del nameless.TransactionUID
    assert ask(ours, Inbox(), nameless, stay=False) == 0x0115
    assert not ours.promised


def test_too_many_references_are_refused(
    ours: Ours, held: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.network.commitment.messages.MAX_REFERENCES", 3)
    assert ask(ours, Inbox(), request_for(*held), stay=False) == 0x0213


def test_a_transaction_in_use_is_told_so(
    ours: Ours,
    held: list[str],
    ct1: tuple[Inbox, Modality],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inbox, _ = ct1
    # The first report waits until the second request is there.
    monkeypatch.setattr(promises, "DELAYS", (60.0, 60.0))
    transaction = new_transaction()
    assert ask(ours, Inbox(), request_for(held[0], transaction=transaction), stay=False) == 0
    second = Inbox()
    again = request_for(held[0], transaction=transaction)
    assert ask(ours, second, again, stay=True) == 0
    assert second.wait() == (2, {held[0]: 0x0131}, [])
    assert not inbox.reports


def test_a_promise_outlives_the_listener(
    ours: Ours, held: list[str], settings: Source, bus: EventBus
) -> None:
    inbox = Inbox()
    ae = AE(ae_title="CT1")
    ae.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    handlers = [(evt.EVT_N_EVENT_REPORT, inbox.take)]
    promises.DELAYS = (60.0, 60.0)
    assert ask(ours, Inbox(), request_for(*held), stay=False) == 0
    ours.listener.stop(0.0)
    assert len(ours.promised) == 1
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        settings.modality("ct1", server.socket.getsockname()[1])
        ours.listen()
        assert inbox.wait() == (1, {}, held)
        wait_until(lambda: not ours.promised, "the promise is kept and gone")
    finally:
        server.shutdown()


def test_a_caller_without_address_is_given_up_and_said(
    ours: Ours, held: list[str], recorder: Recorder
) -> None:
    assert ask(ours, Inbox(), request_for(*held), stay=False) == 0
    (notice,) = recorder.wait(Notice)
    assert "CT1" in notice.text
    assert "not among the modalities" in notice.text
    wait_until(lambda: not ours.promised, "it is forgotten")


def test_an_unreachable_caller_is_tried_a_few_times_and_said(
    ours: Ours, held: list[str], settings: Source, recorder: Recorder
) -> None:
    settings.modality("ct1", 1)
    assert ask(ours, Inbox(), request_for(*held), stay=False) == 0
    (notice,) = recorder.wait(Notice)
    assert "refused" in notice.text


def test_a_file_among_the_promises_that_is_none_hinders_nobody(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    assert list(drawer.Drawer(tmp_path).load()) == []


def test_a_promise_that_the_disk_does_not_take_leaves_nothing_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    request = Request(new_transaction(), (Reference(CT, "1.2.3"),))
    monkeypatch.setattr(drawer.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        drawer.Drawer(tmp_path).put("a", drawer.Kept(caller="CT1", request=request, made=0.0))
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_of_a_promise_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a.new").write_text("{")
    assert list(drawer.Drawer(tmp_path).load()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("allow", "accepted"),
    [((Operation.STORE,), True), ((Operation.COMMIT,), True), ((Operation.ECHO,), False)],
)
def test_who_may_store_may_ask(
    ours: Ours, settings: Source, allow: tuple[Operation, ...], accepted: bool
) -> None:
    settings.modality("ct1", 104, allow=allow)
    ae = AE(ae_title="CT1")
    ae.add_requested_context(StorageCommitmentPushModel)
    assoc = ae.associate("127.0.0.1", ours.port, ae_title="MODALITTY")
    assert bool(assoc.accepted_contexts) is accepted
    assoc.release()


def test_a_request_that_names_something_else_is_refused(ours: Ours, held: list[str]) -> None:
    ae = AE(ae_title="CT1")
    ae.add_requested_context(StorageCommitmentPushModel)
    assoc = ae.associate("127.0.0.1", ours.port, ae_title="MODALITTY")
    ds = request_for(*held)
    status, _ = assoc.send_n_action(ds, 2, StorageCommitmentPushModel, WELL_KNOWN)
    assert status.Status == 0x0123
    status, _ = assoc.send_n_action(ds, 1, StorageCommitmentPushModel, "1.2.3")
    assert status.Status == 0x0112
    status, _ = assoc.send_n_action(ds, 1, StorageCommitmentPushModel, WELL_KNOWN)
    assert status.Status == 0
    assoc.release()


def test_no_more_is_promised_than_may_be(
    ours: Ours, held: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promises, "MAX_PENDING", 0)
    assert ask(ours, Inbox(), request_for(*held), stay=False) == 0x0213
    assert not ours.promised


def test_a_request_that_cannot_be_kept_is_not_promised(ours: Ours, held: list[str]) -> None:
    (ours.folder / "commitments").write_text("a file where the folder should be")
    assert ask(ours, Inbox(), request_for(*held), stay=False) == 0x0110


def test_a_caller_that_refuses_its_report_on_the_spot_gets_it_anew(
    ours: Ours, held: list[str], ct1: tuple[Inbox, Modality]
) -> None:
    inbox, _ = ct1
    assert ask(ours, Inbox(status=0x0110), request_for(*held), stay=True) == 0
    assert inbox.wait() == (1, {}, held)


def test_two_requests_on_one_association_get_two_reports(ours: Ours, held: list[str]) -> None:
    ae = AE(ae_title="CT1")
    ae.add_requested_context(StorageCommitmentPushModel)
    inbox = Inbox()
    assoc = ae.associate(
        "127.0.0.1",
        ours.port,
        ae_title="MODALITTY",
        evt_handlers=[(evt.EVT_N_EVENT_REPORT, inbox.take)],
    )
    for uid in held[:2]:
        assoc.send_n_action(request_for(uid), 1, StorageCommitmentPushModel, WELL_KNOWN)
    wait_until(lambda: len(inbox.reports) == 2, "both reports")
    told = {ds.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for _, ds in inbox.reports}
    assert told == set(held[:2])
    assoc.release()


# -- as SCU


def answer(ds: Dataset, failed: dict[str, int]) -> Dataset:
    report = Dataset()
    report.TransactionUID = ds.TransactionUID
    good, bad = [], []
    for item in ds.ReferencedSOPSequence:
        if item.ReferencedSOPInstanceUID in failed:
            item.FailureReason = failed[item.ReferencedSOPInstanceUID]
            bad.append(item)
        else:
            good.append(item)
    if good:
        report.ReferencedSOPSequence = good
    if bad:
        report.FailedSOPSequence = bad
    return report


class Pacs:
    """A commitment SCP of another make."""

    def __init__(self, ours: Ours, failed: dict[str, int], *, same: bool) -> None:
        self.statuses: list[int] = []
        self.reported = threading.Event()
        self._ours, self._failed, self._same = ours, failed, same
        self.answer = 0

    def on_action(self, event: evt.Event) -> tuple[int, None]:
        ds = event.action_information
        target = self._on_same if self._same else self._on_new
        self._thread = threading.Thread(target=target, args=(event.assoc, ds))
        self._thread.start()
        return self.answer, None

    def _on_same(self, assoc: object, ds: Dataset) -> None:
        self._report(assoc, answer(ds, self._failed))

    def _on_new(self, _: object, ds: Dataset) -> None:
        self.report_on_new(answer(ds, self._failed))

    def report_on_new(self, report: Dataset, title: str = "PACS") -> None:
        ae = AE(ae_title=title)
        ae.add_requested_context(StorageCommitmentPushModel)
        assoc = ae.associate(
            "127.0.0.1",
            self._ours.port,
            ae_title="MODALITTY",
            ext_neg=[build_role(StorageCommitmentPushModel, scp_role=True)],
        )
        assert assoc.is_established
        assert assoc.accepted_contexts[0].as_scp
        self._report(assoc, report)
        assoc.release()

    def _report(self, assoc: object, report: Dataset) -> None:
        kind = 2 if "FailedSOPSequence" in report else 1
        status, _ = assoc.send_n_event_report(  # type: ignore[attr-defined]
            report, kind, StorageCommitmentPushModel, WELL_KNOWN
        )
        self.statuses.append(status.Status)
        self.reported.set()


@pytest.fixture
def pacs_of(ours: Ours, settings: Source) -> Iterator[object]:
    servers = []

    def start(pacs: Pacs) -> Modality:
        ae = AE(ae_title="PACS")
        ae.add_supported_context(StorageCommitmentPushModel)
        handlers = [(evt.EVT_N_ACTION, pacs.on_action)]
        server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        servers.append(server)
        return settings.modality("pacs", server.socket.getsockname()[1])

    yield start
    for server in servers:
        server.shutdown()


@pytest.mark.parametrize("same", [True, False])
def test_we_are_told_what_a_peer_commits_to(ours: Ours, pacs_of: object, same: bool) -> None:
    pacs = Pacs(ours, {"1.2.3.2": 0x0112}, same=same)
    peer = pacs_of(pacs)  # type: ignore[operator]
    found = ours.commit(peer, "1.2.3.1", "1.2.3.2")
    assert found.outcome.ok
    assert found.committed == ("1.2.3.1",)
    assert found.failed == (("1.2.3.2", 0x0112),)
    assert pacs.reported.wait(10)
    assert pacs.statuses == [0]


def test_what_a_report_passes_over_is_not_committed(ours: Ours, pacs_of: object) -> None:
    pacs = Pacs(ours, {}, same=True)
    full = answer

    def forgetful(ds: Dataset, failed: dict[str, int]) -> Dataset:
        ds.ReferencedSOPSequence = ds.ReferencedSOPSequence[:1]
        return full(ds, failed)

    pacs._on_same = lambda assoc, ds: pacs._report(assoc, forgetful(ds, {}))
    found = ours.commit(pacs_of(pacs), "1.2.3.1", "1.2.3.2")  # type: ignore[operator]
    assert found.committed == ("1.2.3.1",)
    assert found.failed == (("1.2.3.2", None),)


def test_a_peer_that_never_reports_is_given_up(ours: Ours, pacs_of: object) -> None:
    pacs = Pacs(ours, {}, same=True)
    pacs._on_same = lambda assoc, ds: None
    patience = Patience(here=0.2, in_all=0.5)
    found = ours.commit(pacs_of(pacs), "1.2.3.1", patience=patience)  # type: ignore[operator]
    assert found.outcome.state is OutcomeState.TIMEOUT
    assert "no report" in found.outcome.meaning


def test_a_refusal_is_told(ours: Ours, pacs_of: object) -> None:
    pacs = Pacs(ours, {}, same=True)
    pacs._on_same = lambda assoc, ds: None
    pacs.answer = 0x0213
    found = ours.commit(pacs_of(pacs), "1.2.3.1")  # type: ignore[operator]
    assert (found.outcome.state, found.outcome.status) == (OutcomeState.FAILED, 0x0213)


def test_a_report_that_nobody_waits_for_is_refused_and_said(
    ours: Ours, settings: Source, recorder: Recorder
) -> None:
    settings.modality("pacs", 104, allow=(Operation.ECHO,))
    pacs = Pacs(ours, {}, same=False)
    pacs.report_on_new(answer(request_for("1.2.3.1"), {}))
    assert pacs.statuses == [0x0115]
    (event,) = [e for e in recorder.of(MessageHandled) if e.operation == "N-EVENT-REPORT"]
    assert "unknown" in event.meaning


def test_two_stations_of_ours_commit_to_each_other(
    ours: Ours, held: list[str], settings: Source
) -> None:
    me = settings.modality("me", ours.port, ae_title="MODALITTY")
    found = ours.commit(me, *held, "1.2.3.99")
    assert found.committed == tuple(held)
    assert found.failed == (("1.2.3.99", 0x0112),)
