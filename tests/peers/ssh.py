"""A real SSH server on loopback: keys made on the spot, no other user than the one who runs it."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.processes import Peer, free_port

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

CONFIGURATION = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
# The folder of a test is not as private as a home.
StrictModes no
PermitRootLogin prohibit-password
"""


class SshServer(Peer):
    """sshd for one key; `command` is how to call it, up to the command to run there."""

    def __init__(self, folder: Path) -> None:
        assert SSHD is not None
        folder.mkdir(mode=0o700, exist_ok=True)
        port = free_port()
        for key in ("host_key", "user_key"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)],
                check=True,
            )
        configuration = folder / "sshd_config"
        configuration.write_text(CONFIGURATION.format(port=port, folder=folder))
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # it insists on it as root
        arguments = [SSHD, "-D", "-e", "-f", str(configuration)]
        super().__init__(arguments, port, folder / "sshd.log")
        self.client = (
            "ssh",
            "-tt",
            *("-F", "/dev/null"),
            *("-i", str(folder / "user_key")),
            *("-o", "IdentitiesOnly=yes"),
            *("-o", "StrictHostKeyChecking=accept-new"),
            *("-o", f"UserKnownHostsFile={folder / 'known_hosts'}"),
            *("-p", str(port)),
            f"{getpass.getuser()}@127.0.0.1",
        )


@contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    server = SshServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
