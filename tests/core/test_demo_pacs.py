"""The demo PACS answers like a PACS, and leaves nothing behind however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from core.demo.loopback import free_port
from core.demo.pacs import DemoPacs
from core.errors import ModalittyError
from core.model import JobState, Level, Modality, Query, Ref
from core.settings_file import SettingsStore
from core.station import Station
from tests.peers.processes import answers, eventually

TODAY = date(2026, 11, 23)


def console_modality() -> Modality:
    return Modality(name="console", ae_title="CONSOLE", host="127.0.0.1", port=free_port())


def test_it_moves_a_study_to_the_console(tmp_path: Path) -> None:
    own = console_modality()
    config = tmp_path / "config.toml"
    config.write_text(
        f'[station]\nae_title = "{own.ae_title}"\nhost = "127.0.0.1"\nport = {own.port}\n'
    )
    with (
        DemoPacs(own, tmp_path, TODAY) as pacs,
        Station.open(SettingsStore.open(config), tmp_path / "data") as console,
    ):
        console.modalities.put(pacs.modality)
        console.listen()
        assert console.echo(pacs.modality).ok
        query = Query(level=Level.STUDY, keys={"PatientID": "P-1002", "StudyInstanceUID": ""})
        match, _ = console.find(pacs.modality, query)
        uid = match.values["StudyInstanceUID"]  # type: ignore[union-attr]
        job = console.jobs.move(pacs.modality, [Ref(level=Level.STUDY, study_uid=uid)])
        done = console.jobs.wait(job.id, timeout=30)
        assert done.state is JobState.DONE
        assert done.arrived == 36
    assert not list(tmp_path.glob("modalitty-demo-*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_soft_kill_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    program = (
        "import signal, sys; from pathlib import Path; from core.model import Modality\n"
        "from core.demo.loopback import free_port; from core.demo.pacs import DemoPacs\n"
        # Who started the tests by nohup has it ignored, and so would the demo.
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "own = Modality(name='c', ae_title='C', host='127.0.0.1', port=free_port())\n"
        "with DemoPacs(own, Path(sys.argv[1])):\n"
        "    print('ready', flush=True); sys.stdin.read()\n"
    )
    demo = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with demo:
        assert demo.stdout is not None
        assert demo.stdout.readline() == b"ready\n"
        assert list(tmp_path.iterdir())
        demo.send_signal(number)
        assert demo.wait(timeout=15) == 128 + number
    assert not list(tmp_path.iterdir())


def test_a_demo_that_cannot_open_leaves_nothing_behind(tmp_path: Path) -> None:
    bad = Modality(name="console", ae_title="FAR TOO LONG A TITLE", host="127.0.0.1", port=1)
    with pytest.raises(ModalittyError, match="16"), DemoPacs(bad, tmp_path, TODAY):
        pass
    assert not list(tmp_path.iterdir())


def test_the_process_ends_with_whoever_started_it_and_leaves_nothing(tmp_path: Path) -> None:
    starter = (
        "from core.demo.process import DemoProcess; import os, signal, tempfile\n"
        "from pathlib import Path\n"
        "demo = DemoProcess('CONSOLE', 11112, Path(tempfile.mkdtemp()))\n"
        "print(demo.modality().port, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    process = subprocess.run(
        [sys.executable, "-c", starter],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL
    port = int(process.stdout)
    eventually(lambda: not answers(port), what="the simulated PACS to end")
    eventually(lambda: not list(tmp_path.iterdir()), what="its folder to go")
