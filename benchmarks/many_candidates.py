"""CPU seconds of what people ask about a campaign of many candidates that has finished: lists, export, report, resume.

    OMP_NUM_THREADS=1 python benchmarks/many_candidates.py [--candidates 10000] [--folder DIR] [--only NAME ...]

A campaign of six candidates is computed with an analytic potential; every job of the large campaign, whose selection
and job ids are the real ones, then gets a copy of the output of the same job of one of the six, with values of its own.
Each command runs in a process of its own. `start` is what the command takes with the six: imports, reading the file.
The exit status says whether all goals hold. With --folder the store is kept, and used again.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import orjson

from hebe.campaigns.api import project_store
from hebe.campaigns.edited import remember
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.selection import with_selection
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.launchers.lineage import made_from
from hebe.launchers.records import Records
from hebe.schemas.draws import Draws
from hebe.stores.content import content_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobflow import JobStore

    from hebe.config.campaign import Campaign
    from hebe.schemas.spec import MemberSpec

TESTS: Final = Path(__file__).parents[1] / "tests"
FILE: Final = "campaign.yaml"
FEW: Final = 6
CAMPAIGN: Final = """
name: many
host:
  family: layered-o3
  working_ion: Na
  sublattices:
    TM:
      species: {{Ni: [2], Fe: [3], Co: [3], Cr: [3], Mn: [3, 4], Ti: [4], Cu: [2], Mg: [2], Zn: [2]}}
      n_species: 4..6
      grid: 12
      fraction: 1/12..1/2
filters: {{size_mismatch: {{max: 12 %}}}}
select: {{method: random, n: {number}, seed: 7}}
structures: {{method: sqs, cations: 12, per_candidate: {cells}, seed: 7, starts: 1}}
stages:
  - engine:
      ase: support.spring_crystal:make
      arguments: {{depth: 2.0, length: 2.25}}
      energy_scale: springs
      check_minimum: false
      mixing_error: 19 meV/atom
      voltage_error: 340 mV
      fmax: 0.2
    x: [1, 1/2]
    window: 1..1/2
    orderings: {{keep: 1}}
    analyses: [voltage, volume_strain, mixing]
rank: {{maximize: [average_voltage], minimize: [max_volume_strain, mixing_temperature]}}
"""

COMMANDS: Final[dict[str, tuple[list[str], float | None]]] = {
    "results": (["results", FILE], 1.0),
    "results --where": (["results", FILE, "--where", "average_voltage > 3.3 and max_volume_strain < 0.03"], 1.0),
    "results --sort": (["results", FILE, "--sort", "mixing_temperature"], 1.0),
    "results --json": (["results", FILE, "--json"], None),
    "export csv": (["export", FILE, "-o", "out.csv"], 5.0),
    "export parquet": (["export", FILE, "-o", "out.parquet"], 5.0),
    "export json": (["export", FILE, "-o", "out.json"], 5.0),
    "status": (["status", FILE], 1.0),
    "report": (["report", FILE, "-o", "out.html"], 20.0),
    "run (resumed)": (["run", FILE, "--workers", "1"], 20.0),
}
"""Words of each command, and its goal in CPU seconds beyond `start`."""

BEFORE: Final = {
    "results": 1.7,
    "results --where": 1.9,
    "results --sort": 1.8,
    "export csv": 37.2,
    "export parquet": 34.7,
    "status": 2.3,
    "run (resumed)": 95.5,
}
"""CPU seconds beyond `start` at 10,000 candidates before cells were kept and before what jobs read was noted."""


def environment() -> dict[str, str]:
    """Variables under which commands find and trust the potential."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]), "HEBE_TRUST": "support"}


def command_s(folder: Path, words: list[str]) -> float:
    """CPU seconds of a command and of the processes that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call = [sys.executable, "-m", "hebe", *words]
    done = subprocess.run(call, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"hebe {' '.join(words)}: {done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def prepared(folder: Path, number: int, cells: int) -> Campaign:
    """Campaign of a number of candidates in a project of its own, with its selection."""
    (folder / ".hebe").mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(CAMPAIGN.format(number=number, cells=cells), encoding="utf-8")
    return with_selection(load_campaign(folder / FILE), folder, writes=True)


def kind_of(metadata: dict[str, Any]) -> str:
    """Label of a job without its candidate; of those that all share, without the member or phase."""
    name, label = metadata.get("candidate"), str(metadata["label"])
    if name:
        return label.removeprefix(f"{name}/")
    shared, _, rest = label.partition("/")
    return f"{shared}/{rest.partition('/')[2]}"


class Models:
    """Outputs of the small campaign, one list per kind of job."""

    def __init__(self, store: JobStore, few: Campaign) -> None:
        self._of: dict[str, list[tuple[str, bytes]]] = {}
        for document in store.docs_store.query({}):
            document.pop("_id", None)
            name = document["metadata"].get("candidate") or ""
            self._of.setdefault(kind_of(document["metadata"]), []).append((name, orjson.dumps(document)))
        self.candidates = [spec.candidate_id for spec in campaign_members(few)]

    def copy(self, kind: str, number: int, name: str) -> dict[str, Any]:
        """Output of a kind of job of one of the small campaign's candidates, under another candidate's name."""
        choices = self._of[kind]
        old, raw = choices[number % len(choices)]
        found: dict[str, Any] = orjson.loads(raw.replace(old.encode(), name.encode()) if old else raw)
        return found


def varied(output: dict[str, Any], spec: MemberSpec, noise: random.Random) -> None:
    """Give the document of a candidate its own composition and its own values, draws included."""
    output |= {"formula": spec.formula, "entropy_R": spec.entropy_R, "descriptors": spec.descriptors}
    factors: dict[str, float] = {}
    for name, value in output["values"].items():
        factors[name] = noise.uniform(0.8, 1.2)
        for part in ("mean", "signed"):
            value[part] = None if value.get(part) is None else value[part] * factors[name]
    formation = (output["results"]["mixing"][0] or {}).get("formation") or {}
    for field, name in (("T_mix_draws_K", "mixing_temperature"), ("margin_draws", "formation_margin")):
        if formation.get(field) is not None:
            drawn = Draws.model_validate(formation[field]).values * factors.get(name, 1.0)
            formation[field] = Draws.of(drawn.astype(np.float32)).model_dump(mode="json")


def documents(large: Campaign, models: Models) -> Iterator[dict[str, Any]]:
    """Outputs of all jobs of a campaign; each notes what it was computed from, as launchers do."""
    noise, contents = random.Random(0), dict[str, str]()
    specs = {spec.candidate_id: (at, spec) for at, spec in enumerate(campaign_members(large))}
    for job, parents in campaign_flow(large).iterflow():
        name = job.metadata.get("candidate") or ""
        at, spec = specs.get(name, (0, None))
        found = models.copy(kind_of(job.metadata), at, name)
        if spec is not None and "entropy_R" in found["output"]:
            varied(found["output"], spec, noise)
        contents[job.uuid] = content_of(found["output"])
        note = {"made_from": made_from({one: contents[one] for one in parents})}
        yield {**found, "uuid": job.uuid, "metadata": dict(job.metadata), "name": job.name, **note}


def fill(folder: Path, number: int, cells: int) -> None:
    """Make the store of a large campaign out of a small one that is computed."""
    small, large = folder / "small", folder / "large"
    few = prepared(small, FEW, cells)
    command_s(small, ["run", FILE])
    store = project_store(small)
    models = Models(store, few)
    store.close()
    campaign = prepared(large, number, cells)
    store, block = project_store(large), list[dict[str, Any]]()
    for document in documents(campaign, models):
        block.append(document)
        if len(block) == 2000:
            store.docs_store.update(block, key=["uuid", "index"])
            block.clear()
    store.docs_store.update(block, key=["uuid", "index"])
    records = Records.beside(store.docs_store, large)
    remember(records, campaign, campaign_flow(campaign))
    records.close()
    store.close()


def measure(folder: Path, number: int, only: list[str]) -> bool:
    """Print a line for each command; whether all goals hold."""
    sound = True
    for name, (words, goal) in COMMANDS.items():
        if only and name not in only:
            continue
        first = command_s(folder / "large", words)
        start, took = command_s(folder / "small", words), command_s(folder / "large", words)
        met = goal is None or took - start <= goal
        sound &= met
        told = f"   (before {BEFORE[name]:g})" if number == 10_000 and name in BEFORE else ""
        told += "" if goal is None else f"   goal {goal:g}   {'met' if met else 'NOT MET'}"
        print(f"{name:18} start {start:6.2f}   beyond it {took - start:7.2f}   (first time {first - start:7.2f}){told}")
    return sound


def main() -> None:
    """Make the stores where there are none, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=10_000)
    parser.add_argument("--cells", type=int, default=1, help="configurations per candidate")
    parser.add_argument("--folder", type=Path, help="where the stores are kept (default: a temporary folder)")
    parser.add_argument("--only", nargs="*", default=[], choices=COMMANDS)
    options = parser.parse_args()
    sys.path.insert(0, str(TESTS))
    os.environ["HEBE_TRUST"] = "support"
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).absolute()
        if not (folder / "done").exists():
            began = time.process_time()
            fill(folder, options.candidates, options.cells)
            (folder / "done").touch()
            print(f"stores filled in {time.process_time() - began:.0f} s")
        raise SystemExit(not measure(folder, options.candidates, options.only))


if __name__ == "__main__":
    main()
