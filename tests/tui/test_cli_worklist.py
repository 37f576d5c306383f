"""`modalitty worklist` against DCMTK's wlmscpfs and a server made with pynetdicom."""

from __future__ import annotations

import datetime
import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE, evt
from pynetdicom.sop_class import ModalityWorklistInformationFind  # type: ignore[attr-defined]

from core.model import Match, Modality, Outcome, OutcomeState
from core.settings_file import SettingsStore
from core.station import Station
from core.worklist import STEP
from tests.peers.worklists import wlmscpfs
from tests.tui.commandline import CommandLine, Said

TODAY = datetime.date.today().strftime("%Y%m%d")
ENTRIES = [
    {"modality": "CT", "station": "CT1", "date": "20260115"},
    {"modality": "MR", "station": "MR1", "date": "20260116", "name": "Müller^Jörg"},
    {"modality": "CT", "station": "CT2", "date": "20260120", "time": "143000"},
    {"modality": "US", "station": "US1", "date": TODAY},
    {
        "modality": "CR",
        "station": "CR1",
        "date": "20260117",
        "charset": "ISO_IR 192",
        "encoding": "utf-8",
        "name": "Yamada^Tarou=山田^太郎",
        "step": "Θώρακας",
    },
]


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def _ids(said: Said) -> list[str]:
    assert said.code == 0, said.err
    return sorted(line["values"]["PatientID"] for line in said.lines)


Ask = Callable[..., Said]


@pytest.fixture
def ask(cli: CommandLine, tmp_path: Path) -> Iterator[Ask]:
    with wlmscpfs(tmp_path / "worklists", ENTRIES, "-csk", "-dfr", "-s") as peer:

        def asked(*words: str) -> Said:
            return cli(
                "worklist", "--aet", "WORKLIST", "--host", "127.0.0.1", "--port", peer.port, *words
            )

        yield asked


@pytest.mark.interop
def test_every_kind_of_matching_against_wlmscpfs(ask: Ask) -> None:
    assert _ids(ask("--json")) == ["P1", "P2", "P3", "P4", "P5"]
    assert _ids(ask("--json", "-k", "Modality=CT")) == ["P1", "P3"]
    assert _ids(ask("--json", "-k", f"{STEP}.Modality=MR")) == ["P2"]
    assert _ids(ask("--json", "-k", "ScheduledStationAETitle=CR1")) == ["P5"]
    assert _ids(ask("--json", "-k", "ScheduledProcedureStepStartDate=2026-01-16-2026-01-18")) == [
        "P2",
        "P5",
    ]
    assert _ids(ask("--json", "-k", "ScheduledProcedureStepStartDate=today")) == ["P4"]
    late = ask(
        "--json", "-k", "ScheduledProcedureStepStartDate=20260115-20260131",
        "-k", "ScheduledProcedureStepStartTime=12:00-",
    )  # fmt: skip
    assert "P3" in _ids(late)
    assert _ids(ask("--json", "-k", "PatientName=Test*", "-k", "PatientID=P3")) == ["P3"]
    assert len(ask("--json", "--limit", "2").lines) == 2
    nothing = ask("-k", "Modality=PT")
    assert (nothing.code, nothing.out) == (1, "")
    assert "nothing is scheduled" in nothing.err


@pytest.mark.interop
def test_what_wlmscpfs_answers_is_read_whole(ask: Ask) -> None:
    (line,) = ask(
        "--json", "-k", "PatientID=P5", "-k", "RequestedProcedureCodeSequence",
        "-k", "ScheduledProtocolCodeSequence",
    ).lines  # fmt: skip
    values = line["values"]
    assert values["PatientName"] == "Yamada^Tarou=山田^太郎"
    assert values[f"{STEP}.ScheduledProcedureStepDescription"] == "Θώρακας"
    assert values[f"{STEP}.ScheduledProcedureStepID"] == "SPS5"
    assert values["RequestedProcedureCodeSequence.CodeValue"] == "CT1\\CT2"
    assert values["RequestedProcedureCodeSequence.CodeMeaning"] == "Chest CT\\"
    assert f"{STEP}.ScheduledProtocolCodeSequence.CodeValue" not in values  # empty there
    assert not line["incomplete"]
    (latin,) = ask("--json", "-k", "PatientID=P2").lines
    assert latin["values"]["PatientName"] == "Müller^Jörg"


@pytest.mark.interop
def test_the_table_has_a_line_per_step(ask: Ask) -> None:
    said = ask("-k", "Modality=CT")
    head, first, *_ = said.out.splitlines()
    assert head.split()[:4] == ["Date", "Time", "Modality", "Station"]
    assert "2026-01-15" in first
    assert "CT1" in first
    assert len(said.out.splitlines()) == 3


# -- another make


@pytest.fixture
def server(cli: CommandLine) -> Iterator[Callable[..., list[Dataset]]]:
    """Start a worklist SCP that answers with what it is given; it keeps what it was asked."""
    servers = []

    def start(answers: object, status: int = 0) -> list[Dataset]:
        asked: list[Dataset] = []

        def on_find(event: evt.Event) -> Iterator[object]:
            asked.append(event.identifier)
            for answer in answers:  # type: ignore[attr-defined]
                if event.is_cancelled:
                    yield 0xFE00, None
                    return
                yield 0xFF00, answer
            yield status, None

        ae = AE(ae_title="RIS")
        ae.add_supported_context(ModalityWorklistInformationFind)
        made = ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, on_find)]
        )
        servers.append(made)
        port = made.socket.getsockname()[1]
        said = cli(
            "modalities", "add", "ris", "--aet", "RIS", "--host", "127.0.0.1", "--port", port
        )
        assert said.code == 0, said.err
        return asked

    yield start
    for made in servers:
        made.shutdown()


def _step(number: int) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    ds.PatientName = "Yamada^Tarou=山田^太郎"
    ds.PatientID = f"P{number}"
    item = Dataset()
    item.Modality = "CT"
    item.ScheduledProcedureStepStartDate = "20260115"
    item.ScheduledPerformingPhysicianName = "Op=手術"
    ds.ScheduledProcedureStepSequence = Sequence([item])
    return ds


def test_what_goes_out_has_no_level_and_one_step_item(
    cli: CommandLine, server: Callable[..., list[Dataset]]
) -> None:
    asked = server([_step(1)])
    said = cli("worklist", "ris", "-k", "Modality=CT", "-k", "PatientName=Müller*", "--json")
    assert said.code == 0, said.err
    (ds,) = asked
    assert "QueryRetrieveLevel" not in ds
    assert ds.SpecificCharacterSet == "ISO_IR 192"
    assert ds.PatientName == "Müller*"
    (item,) = ds.ScheduledProcedureStepSequence
    assert item.Modality == "CT"
    assert item.ScheduledStationAETitle == ""
    assert "Modality" not in ds
    (line,) = said.lines
    assert line["values"]["PatientName"] == "Yamada^Tarou=山田^太郎"
    assert line["values"][f"{STEP}.ScheduledPerformingPhysicianName"] == "Op=手術"


def test_an_empty_item_and_an_empty_sequence_are_no_fault(
    cli: CommandLine, server: Callable[..., list[Dataset]]
) -> None:
    bare = Dataset()
    bare.PatientID = "P1"
    bare.ScheduledProcedureStepSequence = Sequence([Dataset()])
    none = Dataset()
    none.PatientID = "P2"
    none.ScheduledProcedureStepSequence = Sequence([])
    server([bare, none])
    said = cli("worklist", "ris", "--json")
    assert [line["values"]["PatientID"] for line in said.lines] == ["P1", "P2"]
    assert [line["values"][STEP] for line in said.lines] == ["", ""]
    assert cli("worklist", "ris").code == 0


def test_a_limit_stops_a_worklist_without_end(
    cli: CommandLine, server: Callable[..., list[Dataset]]
) -> None:
    server(_step(number) for number in itertools.count())
    said = cli("worklist", "ris", "--limit", "3", "--json")
    assert said.code == 0, said.err
    assert len(said.lines) == 3


def test_a_cancel_ends_it(cli: CommandLine, server: Callable[..., list[Dataset]]) -> None:
    server(_step(number) for number in itertools.count())
    with Station.open(SettingsStore.open(cli.config), cli.data) as station:
        cancel = threading.Event()
        answers = station.worklist(station.modalities.get("ris"), {}, cancel=cancel)
        assert isinstance(next(answers), Match)
        cancel.set()
        *_, last = answers
    assert isinstance(last, Outcome)
    assert last.state is OutcomeState.CANCELLED


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["-k", "NoSuchThing=1"], "NoSuchThing"),
        (["-k", "PatientName.Modality=CT"], "no sequence"),
        (["-k", "ScheduledProcedureStepStartDate=someday"], "no date"),
        (["-k", "=CT"], "no keyword"),
        (["-k", "ScheduledProcedureStepSequence=CT"], "sequence"),
        (["-k", ".".join(["ScheduledProcedureStepSequence"] * 20)], "nested"),
        (["-k", ".=1"], "no attribute"),
    ],
)
def test_misuse_is_one_line(
    cli: CommandLine, server: Callable[..., list[Dataset]], words: list[str], fault: str
) -> None:
    server([])
    said = cli("worklist", "ris", *words)
    assert said.code == 2, said.err
    assert fault in said.err
    assert said.err.count("\n") == 1


def test_a_peer_without_worklist_and_a_closed_port_are_told(
    cli: CommandLine, server: Callable[..., list[Dataset]]
) -> None:
    server([], status=0xA700)
    assert cli("worklist", "ris").code == 1
    said = cli("worklist", "--aet", "X", "--host", "127.0.0.1", "--port", "1")
    assert said.code == 3
    with Station.open(SettingsStore.open(cli.config), cli.data) as station:
        port = station.listen()
        me = Modality(ae_title="MODALITTY", host="127.0.0.1", port=port)
        *_, last = station.worklist(me, {})
    assert isinstance(last, Outcome)
    assert "does not offer this SOP class" in last.meaning
