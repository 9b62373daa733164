"""CPU time of a candidate beside its calculations: a campaign with an engine that costs nothing, one worker.

    OMP_NUM_THREADS=1 python benchmarks/fixed_cost.py [--repeats 3] [--candidates 40] [--against FOLDER]

A candidate is ten jobs: one configuration of 48 sites is built and ordered as made and at half the sodium, relaxed once
as made and twice there; voltage, volume strain and mixing are analysed, and its document is put together. Candidates
have the same five cations, so that all share the same competing phases and members of the host. `hebe run` computes a
few candidates and many in fresh projects, one after the other; the difference of the CPU times of all processes,
divided by that of the numbers, is the cost of a candidate. The search for structures is measured so in processes that
only build the same configurations, in the same rounds, and taken off. Resuming the finished campaign is timed as well,
and each kind of job where one process runs them all. `--against` measures another checkout in the same rounds;
`--wire FILE` times the wiring of a campaign's flow alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib import import_module
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


def command(tree: Path | None, *words: str) -> tuple[float, str]:
    """CPU time of a command with all that it starts (s), and what it prints; of another checkout if one is named."""
    before = children_s()
    source = None if tree is None else str(tree / "src")
    paths = os.pathsep.join(filter(None, [source, str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": paths, "HEBE_TRUST": "fixed_cost", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return children_s() - before, done.stdout


def run_s(tree: Path | None, path: Path) -> float:
    """CPU time of `hebe run` (s)."""
    return command(tree, "-m", "hebe", "run", str(path), "--workers", "1", "--json")[0]


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


def kinds(path: Path) -> None:
    """Print the median CPU time of each kind of job (ms) of the last candidates of a campaign, as JSON."""
    from hebe.campaigns import api

    inline: Any = import_module("hebe.launchers.inline")
    taken: dict[str, list[float]] = {}
    plain = inline.execute

    def execute(identity: dict[str, Any], *given: Any, **named: Any) -> Any:
        began = time.process_time()
        outcome = plain(identity, *given, **named)
        name, label = str(identity["name"]).split(" ")[:2]
        if not label.startswith("shared/"):
            taken.setdefault(name, []).append(1e3 * (time.process_time() - began))
        return outcome

    inline.execute = execute
    with redirect_stdout(sys.stderr):
        api.run(path, launcher="inline", progress=False)
    print(json.dumps({name: statistics.median(times) for name, times in taken.items()}))


@dataclass
class Costs:
    """What was measured of one checkout, round by round: CPU seconds, and milliseconds by kind of job."""

    tree: Path | None = None
    candidate: list[float] = field(default_factory=list)
    search: list[float] = field(default_factory=list)
    resume: list[float] = field(default_factory=list)
    kinds: list[dict[str, float]] = field(default_factory=list)

    def measure(self, candidates: int) -> None:
        """One round more."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [project(Path(folder) / str(n), n) for n in (FEW, FEW + candidates)]
            taken = [run_s(self.tree, path) for path in paths]
            searched = [command(self.tree, __file__, "--build", str(path))[0] for path in paths]
            self.candidate.append((taken[1] - taken[0]) / candidates)
            self.search.append((searched[1] - searched[0]) / candidates)
            self.resume.append(run_s(self.tree, paths[1]))
            own = project(Path(folder) / "kinds", FEW + candidates)
            self.kinds.append(json.loads(command(self.tree, __file__, "--kinds", str(own))[1]))

    @property
    def own(self) -> float:
        """Of a candidate without its search (s)."""
        return statistics.median(cost - search for cost, search in zip(self.candidate, self.search, strict=True))

    @property
    def by_kind(self) -> str:
        """Median of each kind of job (ms), in words."""
        names = self.kinds[0]
        return ", ".join(f"{name} {statistics.median(one[name] for one in self.kinds):.1f}" for name in names)


def main() -> None:
    """Print what a candidate costs."""
    parser = argparse.ArgumentParser(description="CPU time of a candidate with an engine that costs nothing.")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--candidates", type=int, default=40)
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another checkout, measured in the same rounds")
    for name, what in (("build", "build the configurations"), ("wire", "wire the flow"), ("kinds", "time the jobs")):
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"only {what} of a campaign")
    options = parser.parse_args()
    for path, only in ((options.build, build), (options.wire, wire), (options.kinds, kinds)):
        if path:
            only(path)
            return
    measured = [Costs(), *([Costs(options.against.resolve())] if options.against else [])]
    for number in range(options.repeats):
        for one in measured:
            one.measure(options.candidates)
            name = "" if one.tree is None else f" of {options.against}"
            told = f"{one.candidate[-1]:.3f} s a candidate, {one.search[-1]:.3f} s of it search"
            print(f"round {number + 1}{name}: {told}", flush=True)
    for one in measured:
        verdict = f"goal {GOAL_S} {'met' if 0 < one.own <= GOAL_S else 'MISSED'}" if one.tree is None else "before"
        print(f"a candidate without its search {one.own:.3f} s CPU ({1e3 * one.own / JOBS:.1f} ms a job)  {verdict}")
        print(f"  ms by kind of job: {one.by_kind}")
        print(f"  resuming {FEW + options.candidates} finished candidates {statistics.median(one.resume):.2f} s CPU")


if __name__ == "__main__":
    main()
