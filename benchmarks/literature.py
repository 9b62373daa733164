"""Materials of the literature, computed and scored against what was printed of them.

Every material that opens becomes a campaign with one small cell and one start, is run in one project, and its numbers
are set beside those of the literature. What is finished is kept in the store: run it again to go on. With ``--score``
nothing is computed.

    OMP_NUM_THREADS=1 python benchmarks/literature.py FOLDER [--only ID ...] [--most 10] [--atoms 60] [--score]
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hebe
from hebe.campaigns.literature import campaign_of_system
from hebe.exceptions import HebeError
from hebe.science.literature.score import Line, score_line, summary
from hebe.science.literature.system import load_systems, load_targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SMALL = "per_candidate: 1, starts: 1"


def write_campaign(name: str, folder: Path, atoms: int) -> Path:
    """File of a material: one configuration, one start.

    Raises
    ------
    BadInputError
        If the material does not open.
    """
    text = campaign_of_system(name, f"{name}.yaml", most_atoms=atoms)
    path = folder / f"{name}.yaml"
    path.write_text(re.sub(r"per_candidate: \d+", _SMALL, text), encoding="utf-8")
    return path


def compute(names: Sequence[str], folder: Path, *, atoms: int, workers: int, only_score: bool) -> dict[str, Any]:
    """Candidates of materials by id; prints what did not work and why."""
    found: dict[str, Any] = {}
    for name in names:
        begin = time.perf_counter()
        try:
            path = write_campaign(name, folder, atoms)
            if not only_score:
                hebe.run(path, workers=workers, progress=False, start=folder)
            candidates = hebe.results(path, start=folder).candidates
        except HebeError as err:
            print(f"{name}: {err}", flush=True)
            continue
        if candidates:
            found[name] = candidates[0]
            print(f"{name}: {candidates[0]['status']}, {time.perf_counter() - begin:.0f} s", flush=True)
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
    parser.add_argument("--atoms", type=int, default=60, help="largest cell of an approximant")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--score", action="store_true", help="score what is there")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    names = list(options.only or load_systems())[: options.most]
    results = compute(names, options.folder, atoms=options.atoms, workers=options.workers, only_score=options.score)
    targets = [target for target in load_targets() if target.level in "EDQ"]
    write_score((score_line(target, results) for target in targets), results, options.folder)


if __name__ == "__main__":
    main()
