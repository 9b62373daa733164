"""Materials of the literature, computed and scored against what was printed of them.

Every material that opens becomes a campaign with one small cell and one start, is run in one project, and its numbers
are set beside those of the literature. What is finished is kept in the store: run it again to go on. With ``--score``
nothing is computed.

    OMP_NUM_THREADS=1 python benchmarks/literature.py FOLDER [--only ID ...] [--most 10] [--score]
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

import hebe
from hebe.campaigns.literature import campaign_of_system, computes
from hebe.exceptions import HebeError
from hebe.science.literature.score import Line, score_line, summary
from hebe.science.literature.system import load_systems, load_targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ENGINE: Final = {"name": "chgnet", "fmax": 0.03, "check_minimum": False}
_CELLS: Final = {"per_candidate": 1, "starts": 1}
_ORDERINGS: Final = {"keep": 1}
_MIXING: Final = {"solution": False}
"""The size, the same for all: one configuration, start and ordering, no look for a minimum, no mixed members."""


def write_campaign(name: str, folder: Path) -> Path:
    """File of a material as ``hebe init --like`` writes it, made small.

    Raises
    ------
    BadInputError
        If the material does not open.
    """
    path = folder / f"{name}.yaml"
    asked = yaml.safe_load(campaign_of_system(name, path.name))
    asked["structures"] |= _CELLS
    stage = asked["stages"][0]
    stage["engine"] = _ENGINE
    if "orderings" in stage:
        stage["orderings"] = _ORDERINGS
    asked["mixing"] = _MIXING
    path.write_text(yaml.safe_dump(asked, sort_keys=False), encoding="utf-8")
    return path


def in_order(names: Iterable[str]) -> list[str]:
    """Materials that open, those with the fewest atoms to relax first."""
    found = {name: computes(load_systems()[name]) for name in names}
    size = {
        name: one["atoms"] * (5 if "voltage" in one["analyses"] else 1) for name, one in found.items() if one["opens"]
    }
    return sorted(size, key=lambda name: (size[name], name))


def compute(names: Sequence[str], folder: Path, *, only_score: bool) -> dict[str, Any]:
    """Candidates of materials by id; prints what did not work and why, and CPU seconds."""
    found: dict[str, Any] = {}
    for name in names:
        begin = sum(os.times()[:2])
        try:
            path = write_campaign(name, folder)
            if not only_score:
                hebe.run(path, launcher="inline", progress=False, start=folder)
            candidates = hebe.results(path, start=folder).candidates
        except HebeError as err:
            print(f"{name}: {err}", flush=True)
            continue
        state = candidates[0]["status"] if candidates else "nothing"
        print(f"{name}: {state}, {sum(os.times()[:2]) - begin:.0f} s", flush=True)
        if candidates:
            found[name] = candidates[0]
    return found


def write_score(lines: Iterable[Line], results: dict[str, Any], folder: Path) -> None:
    """Lines and summary as JSON, and as a table of what was computed with an engine."""
    every = list(lines)
    states = Counter(candidate["status"] for candidate in results.values())
    document = {"summary": summary(every), "materials": states, "lines": [line.document() for line in every]}
    (folder / "score.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    for line in every:
        if line.level != "E" and line.computed is not None:
            print(f"{line.target_id}: {line.printed} {line.unit}, computed {line.computed:.4g}: {line.verdict}")
    print(json.dumps(document["summary"], indent=1))


def main() -> None:
    """Read the command line, compute, score."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", help="ids of materials (default: all)")
    parser.add_argument("--most", type=int, help="stop after so many materials")
    parser.add_argument("--score", action="store_true", help="score what is there")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    names = in_order(options.only or load_systems())[: options.most]
    results = compute(names, options.folder, only_score=options.score)
    targets = [target for target in load_targets() if target.level in "EDQ"]
    write_score((score_line(target, results) for target in targets), results, options.folder)


if __name__ == "__main__":
    main()
