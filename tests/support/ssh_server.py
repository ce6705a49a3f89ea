"""A private OpenSSH server, and a home folder whose user may log in there."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

from tests.support.database_servers import Server, find
from tests.support.proxy_servers import listens

USER = pwd.getpwuid(os.getuid()).pw_name
CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile {folder}/home/.ssh/key.pub
Subsystem sftp internal-sftp -d {folder}/home
"""


class SshServer(Server):
    """It runs as the user of the tests, who alone may log in."""

    accounts = ()

    def _unprivileged(self) -> None:
        return None

    def create(self) -> None:
        (self.home / ".ssh").mkdir(parents=True, mode=0o700)
        if os.getuid() == 0:
            # There it takes its rights away from the process that speaks first.
            Path("/run/sshd").mkdir(exist_ok=True)
        for key in (self.folder / "host_key", self.home / ".ssh" / "key"):
            command = [find("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
            subprocess.run(command, check=True)
        text = CONFIG.format(port=self.port, folder=self.folder)
        (self.folder / "sshd_config").write_text(text)
        self.trust()
        (self.home / ".ssh" / "config").write_text(
            f"Host exports\n  HostName 127.0.0.1\n  Port {self.port}\n"
            f"Host *\n  User {USER}\n  IdentityFile {self.home}/.ssh/key\n  IdentitiesOnly yes\n"
        )

    def trust(self) -> None:
        """Makes the server's key known to the user."""
        key = (self.folder / "host_key.pub").read_text()
        (self.home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {key}")

    @property
    def home(self) -> Path:
        """The user's home folder for programs of the tests; the server has the real one."""
        return self.folder / "home"

    def prepare(self) -> None:
        """Nothing: it has no data."""

    def ping(self) -> bool:
        return listens(self.port)

    def command(self) -> list[str]:
        return [find("sshd"), "-D", "-e", "-f", f"{self.folder}/sshd_config"]

    def url(self, database: str = "") -> str:
        """The URL of a path."""
        return f"sftp://{USER}@127.0.0.1:{self.port}{database}"

    def sessions(self) -> list[int]:
        """The processes that serve its users."""
        found = subprocess.run(
            [find("pgrep"), "-P", str(self.pid)], check=False, capture_output=True, text=True
        )
        return [int(line) for line in found.stdout.split()]
