"""CPU time of a candidate beside its calculations: a campaign with an engine that costs nothing, one worker.

    OMP_NUM_THREADS=1 python benchmarks/fixed_cost.py [--repeats 3] [--candidates 40]

A candidate is ten jobs: one configuration of 48 sites is built and ordered as made and at half the sodium, relaxed once
as made and twice there; voltage, volume strain and mixing are analysed, and its document is put together. Candidates
have the same five cations, so that all share the same competing phases and members of the host. `hebe run` computes a
few candidates and many in fresh projects, one after the other; the difference of the CPU times of all processes,
divided by that of the numbers, is the cost of a candidate. The search for structures is measured so in processes that
only build the same configurations, in the same rounds, and taken off. Resuming the finished campaign is timed as well;
`--wire FILE` times the wiring of a campaign's flow alone.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

GOAL_S: Final = 0.1
FEW: Final = 4
JOBS: Final = 10
CAMPAIGN: Final = """
name: fixed-cost
host:
  family: layered-o3
  working_ion: Na
  sublattices:
    TM:
      species: {Ni: [2], Fe: [3], Mn: [3, 4], Ti: [4], Cu: [2]}
      n_species: 5
      grid: 12
select: {method: random, n: NUMBER, seed: 1}
structures: {method: sqs, cations: 12, per_candidate: 1, seed: 7, starts: 1}
stages:
  - engine: {ase: 'fixed_cost:make', energy_scale: free, check_minimum: false}
    x: [1, 1/2]
    window: 1..1/2
    orderings: {keep: 2}
    analyses: [voltage, volume_strain, mixing]
rank: {maximize: [average_voltage]}
"""


class Free(Calculator):
    """No forces and no stress; the energy is that of the volume, so that two cells differ."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012 - declared so by ASE

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Energy (eV), forces and stress of `atoms`."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        self.results = {
            "energy": -4.0 * len(atoms) - 1e-3 * atoms.get_volume(),
            "forces": np.zeros((len(atoms), 3)),
            "stress": np.zeros(6),
        }


def make() -> Free:
    """Factory for the engine block."""
    return Free()  # type: ignore[no-untyped-call]


def children_s() -> float:
    """CPU time of all processes that have ended (s)."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def project(folder: Path, number: int) -> Path:
    """A project with the campaign of some candidates."""
    (folder / ".hebe").mkdir(parents=True)
    path = folder / "campaign.yaml"
    path.write_text(CAMPAIGN.replace("NUMBER", str(number)), encoding="utf-8")
    return path


def command_s(*words: str) -> float:
    """CPU time of a command with all that it starts (s)."""
    before = children_s()
    here = str(Path(__file__).parent)
    paths = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": paths, "HEBE_TRUST": "fixed_cost", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return children_s() - before


def run_s(path: Path) -> float:
    """CPU time of `hebe run` (s)."""
    return command_s("-m", "hebe", "run", str(path), "--workers", "1", "--json")


def build(path: Path) -> None:
    """Only build the configurations of a campaign."""
    from hebe.campaigns.loading import load_campaign
    from hebe.flows.campaign import campaign_members
    from hebe.makers.build import BuildMaker

    campaign = load_campaign(path)
    structures = campaign.structures
    maker = BuildMaker(n_sites=structures.cations, seed=structures.seed, shells=structures.shells)
    make: Any = BuildMaker.make
    for spec in campaign_members(campaign):
        make.original(maker, spec)


def wire(path: Path) -> None:
    """Print how long the wiring of a campaign takes and how many jobs it has."""
    from hebe.campaigns.loading import load_campaign
    from hebe.flows.campaign import campaign_flow, campaign_members

    campaign = load_campaign(path)
    campaign_members(campaign)
    began = time.process_time()
    jobs = len(campaign_flow(campaign).jobs)
    print(f"{jobs:,} jobs wired in {time.process_time() - began:.2f} s CPU")


def main() -> None:
    """Print what a candidate costs."""
    parser = argparse.ArgumentParser(description="CPU time of a candidate with an engine that costs nothing.")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--candidates", type=int, default=40)
    parser.add_argument("--build", type=Path, metavar="FILE", help="only build the configurations of a campaign")
    parser.add_argument("--wire", type=Path, metavar="FILE", help="only wire the flow of a campaign")
    options = parser.parse_args()
    if options.build or options.wire:
        build(options.build) if options.build else wire(options.wire)
        return
    many = FEW + options.candidates
    costs, searches, resumes = [], [], []
    for number in range(options.repeats):
        with tempfile.TemporaryDirectory() as folder:
            few, all_of_them = (project(Path(folder) / str(n), n) for n in (FEW, many))
            taken = [run_s(few), run_s(all_of_them)]
            searched = [command_s(__file__, "--build", str(path)) for path in (few, all_of_them)]
            costs.append((taken[1] - taken[0]) / options.candidates)
            searches.append((searched[1] - searched[0]) / options.candidates)
            resumes.append(run_s(all_of_them))
        print(f"round {number + 1}: {costs[-1]:.3f} s a candidate, {searches[-1]:.3f} s of it search", flush=True)
    own = statistics.median(cost - search for cost, search in zip(costs, searches, strict=True))
    verdict = "met" if 0 < own <= GOAL_S else "MISSED"
    per_job = f"{1e3 * own / JOBS:.1f} ms a job"
    print(f"a candidate without its search {own:.3f} s CPU ({per_job})  goal {GOAL_S} {verdict}")
    print(f"resuming {many} finished candidates {statistics.median(resumes):.2f} s CPU")


if __name__ == "__main__":
    main()
