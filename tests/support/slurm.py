"""A private Slurm on loopback, several emulated nodes on this machine: real daemons, started and ended by the tests."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch")

_CONFIGURATION = """
ClusterName=hebe
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
AuthType=auth/munge
AuthInfo=socket={base}/munge.socket
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort={controller_port}
SlurmctldPidFile={base}/slurmctld.pid
SlurmdPidFile={base}/slurmd.%n.pid
StateSaveLocation={base}/state
SlurmdSpoolDir={base}/spool.%n
SlurmctldLogFile={base}/slurmctld.log
SlurmdLogFile={base}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,batch_sched_delay=0
MpiDefault=none
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SlurmctldTimeout=30
SlurmdTimeout=10
KillWait=3
MinJobAge=3600
InactiveLimit=0
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first_port}-{last_port}] CPUs={cpus} RealMemory=2000
PartitionName=main Nodes=n[1-{nodes}] Default=YES MaxTime=60 DefaultTime=5 State=UP
"""


class Slurm:
    """One controller and some nodes.

    Parameters
    ----------
    base
        Folder for configuration, state and logs; its path must be short, since it holds a socket.
    nodes, cpus
        Number of nodes, and of processors that each pretends to have.
    """

    def __init__(self, base: Path, nodes: int, cpus: int) -> None:
        self.base, self.nodes, self.cpus = base, nodes, cpus
        self.configuration = base / "slurm.conf"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which Slurm's commands find this one."""
        return {**os.environ, "SLURM_CONF": str(self.configuration)}

    def start(self) -> None:
        """Start the daemons and wait until every node is idle."""
        for name in ("state", *(f"spool.n{number}" for number in range(1, self.nodes + 1))):
            (self.base / name).mkdir(parents=True)
        self._start_munge()
        host, first = socket.gethostname().partition(".")[0], _free_ports(self.nodes + 1)
        self._name_host(host)
        text = _CONFIGURATION.format(
            base=self.base,
            host=host,
            user=_user(),
            nodes=self.nodes,
            cpus=self.cpus,
            controller_port=first,
            first_port=first + 1,
            last_port=first + self.nodes,
        )
        self.configuration.write_text(text)
        self._run("slurmctld", "slurmctld", "-D")
        for number in range(1, self.nodes + 1):
            self.start_node(f"n{number}")
        until(lambda: set(self.ask("sinfo", "-h", "-N", "-o", "%T").split()) == {"idle"}, "all nodes are idle")

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        self._run(node, "slurmd", "-D", "-N", node)

    def kill_node(self, node: str) -> None:
        """End the daemon of a node and everything that runs there, as a power cut would."""
        daemon = self._processes.pop(node)
        daemon.kill()
        daemon.wait()
        for pid in _processes_with(f"SLURM_CONF={self.configuration}", f"SLURMD_NODENAME={node}"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def ask(self, *words: str) -> str:
        """Run one of Slurm's commands and return what it says."""
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout

    def cancel_all(self) -> None:
        """End every queue job and wait until none is left."""
        self.ask("scancel", "--user", _user())
        until(lambda: not self.ask("squeue", "-h").strip(), "the queue is empty")

    def stop(self) -> None:
        """End every job and daemon that belongs to this Slurm."""
        self.ask("scancel", "--user", _user())
        for process in reversed(self._processes.values()):
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pid in _processes_with(f"SLURM_CONF={self.configuration}", "SLURM_JOB_ID="):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _start_munge(self) -> None:
        key = self.base / "munge.key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        self.base.chmod(0o755)
        places = {name: self.base / f"munged.{name}" for name in ("pid", "log", "seed")}
        words = [f"--{option}-file={places[option]}" for option in places]
        socket_ = self.base / "munge.socket"
        self._run("munged", "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={socket_}", *words)
        until(socket_.exists, "munge listens")

    def _name_host(self, host: str) -> None:
        try:
            socket.gethostbyname(host)
        except OSError:
            with Path("/etc/hosts").open("a") as hosts:
                hosts.write(f"127.0.0.1 {host}\n")

    def _run(self, name: str, *words: str) -> None:
        with (self.base / f"{name}.out").open("ab") as out:
            self._processes[name] = subprocess.Popen(words, env=self.environment, stdout=out, stderr=out)


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def _free_ports(number: int) -> int:
    """First of some ports in a row that are free now; processes that start together look in different places."""
    for first in range(17_000 + 16 * os.getpid() % 12_000, 32_000, number):
        with suppress(OSError):
            for port in range(first, first + number):
                socket.create_server(("127.0.0.1", port)).close()
            return first
    raise OSError("no free ports")


def _processes_with(*texts: str) -> list[int]:
    """Processes whose environment holds all of some texts."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            with suppress(OSError):
                environment = (folder / "environ").read_bytes()
                if all(text.encode() in environment for text in texts):
                    found.append(int(folder.name))
    return found


def is_installed() -> bool:
    """Whether the programs are there."""
    return all(shutil.which(program) for program in _PROGRAMS)


@contextmanager
def slurm(base: Path, *, nodes: int = 4, cpus: int = 2) -> Iterator[Slurm]:
    """A running Slurm."""
    cluster = Slurm(base, nodes, cpus)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
