"""Hosts of their own on one machine: network namespaces with addresses, on one switch.

A host has its own name and network, whose cable can be pulled. Disks, memory and processes are
those of the machine. Only root may make them.
"""

import os
import shutil
import subprocess
from contextlib import suppress

DATABASE, FIRST, SECOND = "10.77.0.1", "10.77.0.11", "10.77.0.12"
_NAME = "snapshots-"


def missing():
    """Why no hosts can be made here, as a sentence; empty: they can."""
    if os.getuid() != 0:
        return "only root may make network namespaces"
    for program in ("ip", "unshare", "setpriv"):
        if shutil.which(program) is None:
            return f"the program {program} is missing; run scripts/servers.sh"
    made = subprocess.run(
        ["ip", "netns", "add", f"{_NAME}try-{os.getpid()}"], capture_output=True, check=False
    )
    if made.returncode:
        return f"network namespaces are not allowed here: {made.stderr.decode().strip()}"
    _run("ip", "netns", "del", f"{_NAME}try-{os.getpid()}")
    return ""


class Network:
    """A switch, and the hosts on it by their names."""

    def __init__(self):
        self._switch = f"{_NAME}switch-{os.getpid()}"
        self._hosts = {}
        self._processes = []

    def __enter__(self):
        try:
            _run("ip", "netns", "add", self._switch)
            _run("ip", "-n", self._switch, "link", "add", "br0", "type", "bridge")
            _run("ip", "-n", self._switch, "link", "set", "br0", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error):
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()
        for name in (*self._hosts, "switch"):
            subprocess.run(
                ["ip", "netns", "del", self.namespace(name)], capture_output=True, check=False
            )

    def namespace(self, host):
        return f"{_NAME}{host}-{os.getpid()}"

    def add(self, host, address):
        """A host with that address, connected to the switch."""
        space, port = self.namespace(host), f"p{len(self._hosts)}"
        self._hosts[host] = address
        _run("ip", "netns", "add", space)
        _run("ip", "-n", self._switch, "link", "add", port, "type", "veth",
             "peer", "name", "eth0", "netns", space)  # fmt: skip
        _run("ip", "-n", self._switch, "link", "set", port, "master", "br0", "up")
        _run("ip", "-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            _run("ip", "-n", space, "link", "set", device, "up")

    def pull(self, host):
        """Pulls the cable: nothing comes or goes, and nobody is told."""
        _run("ip", "-n", self.namespace(host), "link", "set", "eth0", "down")

    def plug(self, host):
        _run("ip", "-n", self.namespace(host), "link", "set", "eth0", "up")

    def command(self, host, *command):
        """The command that runs another one on a host."""
        named = f'hostname {host}; exec "$@"'
        space = ["ip", "netns", "exec", self.namespace(host)]
        return [*space, "unshare", "--uts", "sh", "-c", named, "sh", *map(str, command)]

    def start(self, host, *command, **how):
        """Starts a process on a host; it ends with the network."""
        process = subprocess.Popen(self.command(host, *command), start_new_session=True, **how)
        self._processes.append(process)
        return process


def _run(*command):
    subprocess.run(command, check=True, capture_output=True)
