"""What a job costs on a batch queue, beside FireWorks' own ``qlaunch rapidfire`` on the same queue in the same run.

Brings up a private Slurm with 4 emulated nodes of 2 slots on this machine, and the stand-in for MongoDB of the tests
(it is no MongoDB). Jobs sleep. Prints how much of the time between the start of the first job and that of the last one
the slots were busy, and the overhead per job: the time that slots were idle after all of them had begun, by the number
of jobs that started then. FireWorks gets fewer jobs, one queue job each.

Usage: python benchmarks/cluster.py [--jobs 300] [--peer-jobs 64] [--seconds 5]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

_TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(_TESTS))

from support import cluster_jobs as jobs  # noqa: E402 - the path is set above
from support.cluster import Project, project  # noqa: E402 - the path is set above
from support.mongo_stand_in import stand_in  # noqa: E402 - the path is set above
from support.slurm import slurm  # noqa: E402 - the path is set above

NODES, SLOTS = 4, 2
GOAL_BUSY, GOAL_OVERHEAD_S = 0.80, 0.150

_ADAPTER = """
_fw_name: CommonAdapter
_fw_q_type: SLURM
rocket_launch: {python} -m fireworks.scripts.rlaunch_run -l {launchpad} singleshot
nodes: 1
ntasks: 1
walltime: '00:05:00'
queue: main
"""


@dataclass(frozen=True)
class Measured:
    """How busy the slots were, and what a job cost beside its own time."""

    jobs: int
    busy: float
    overhead_s: float

    @classmethod
    def of(cls, marks: Path, number: int) -> Measured:
        """Read the files that jobs left when they began and ended."""
        begun = {path.name.partition("-")[0]: path.stat().st_mtime for path in marks.glob("*-begun.*")}
        ended = {
            path.name.partition(".")[0]: path.stat().st_mtime for path in marks.glob("*") if "begun" not in path.name
        }
        starts = sorted(begun.values())
        slots, last = NODES * SLOTS, starts[-1]

        def busy(since: float) -> float:
            return sum(max(0.0, min(ended[name], last) - max(start, since)) for name, start in begun.items())

        all_at_work = starts[slots - 1]
        idle = slots * (last - all_at_work) - busy(all_at_work)
        return cls(number, busy(starts[0]) / (slots * (last - starts[0])), idle / (number - slots))


def ours(here: Project, number: int, seconds: float) -> Measured:
    """Run jobs through ``hebe submit`` and ``hebe launch``."""
    here.submit(*[jobs.last(str(here.marks), f"nap{index}", seconds) for index in range(number)])
    here.finish()
    return Measured.of(here.marks, number)


def peer(here: Project, folder: Path, number: int, seconds: float) -> Measured:
    """Run the same sleep through ``qlaunch rapidfire``."""
    from fireworks import Firework, LaunchPad, ScriptTask
    from ruamel.yaml import YAML

    marks = folder / "marks"
    marks.mkdir(parents=True)
    pad = LaunchPad(host=here.access.launchpad.pad.host, name="peer", uri_mode=True, strm_lvl="CRITICAL")
    pad.reset("", require_password=False)
    for index in range(number):
        script = f"touch {marks}/nap{index}-begun.1; sleep {seconds}; touch {marks}/nap{index}.1"
        pad.add_wf(Firework([ScriptTask.from_str(script)], name=f"nap{index}"))
    with (folder / "launchpad.yaml").open("w") as file:
        YAML().dump(pad.to_dict(), file)
    (folder / "adapter.yaml").write_text(_ADAPTER.format(python=sys.executable, launchpad=folder / "launchpad.yaml"))
    words = ["-l", "launchpad.yaml", "-q", "adapter.yaml", "--launch_dir", str(folder), "-r"]
    command = [sys.executable, "-m", "fireworks.scripts.qlaunch_run", *words, "rapidfire"]
    options = ["-m", str(NODES * SLOTS), "--nlaunches", "infinite", "--sleep", "1"]
    with (folder / "qlaunch.log").open("wb") as log:
        driver = subprocess.Popen([*command, *options], cwd=folder, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 1800
        while pad.get_fw_ids({"state": "COMPLETED"}, count_only=True) < number:
            if time.monotonic() > end:
                raise TimeoutError((folder / "qlaunch.log").read_text()[-500:])
            time.sleep(1.0)
    finally:
        driver.kill()
        driver.wait()
        pad.connection.close()
    return Measured.of(marks, number)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--peer-jobs", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join([str(_TESTS), *sys.path])
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        (base / "slurm").mkdir()
        with slurm(base / "slurm", nodes=NODES, cpus=SLOTS) as queue, stand_in(base) as server:
            os.environ["SLURM_CONF"] = str(queue.configuration)
            with project(base, server) as here:
                hebe = ours(here, options.jobs, options.seconds)
                queue.cancel_all()
                other = peer(here, base / "peer", options.peer_jobs, options.seconds)
                queue.cancel_all()
    print(f"{'':18}{'jobs':>6}{'slots busy':>12}{'overhead per job':>18}   load {os.getloadavg()[0]:.1f}")
    for label, one in (("hebe launch", hebe), ("qlaunch rapidfire", other)):
        print(f"{label:18}{one.jobs:6}{one.busy:12.1%}{1000 * one.overhead_s:15.0f} ms")
    print(f"ratio of overheads {other.overhead_s / hebe.overhead_s:.1f}")
    if hebe.busy < GOAL_BUSY or hebe.overhead_s > GOAL_OVERHEAD_S:
        print(f"goals missed: busy {GOAL_BUSY:.0%}, overhead {1000 * GOAL_OVERHEAD_S:.0f} ms")


if __name__ == "__main__":
    main()
