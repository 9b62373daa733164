"""Materials of the literature, computed and scored against what was printed of them.

Every material that opens becomes a campaign with one small cell and one start, is run in one project, and its numbers
are set beside those of the literature. What is finished is kept in the store: run it again to go on. With ``--score``
nothing is computed.

    OMP_NUM_THREADS=1 python benchmarks/literature.py FOLDER [--only ID ...] [--most 10] [--score | --rows FILE]
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
from hebe.campaigns.api import existing_store
from hebe.campaigns.literature import campaign_of_system, computes
from hebe.campaigns.loading import load_campaign
from hebe.config.family import load_family
from hebe.exceptions import HebeError
from hebe.science.literature.compared import measured_line
from hebe.science.literature.experiments import load_measured
from hebe.science.literature.score import Line, score_line, summary
from hebe.science.literature.system import load_systems, load_targets
from literature_row import row_of, without_phases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ENGINE: Final = {"name": "chgnet", "fmax": 0.03, "check_minimum": False}
_CELLS: Final = {"per_candidate": 1, "starts": 1}
_ORDERINGS: Final = {"keep": 1}
_MIXING: Final = {"solution": False}
"""The size, the same for all: one configuration, start and ordering, no look for a minimum, no mixed members.
Slabs may glide while ions leave, as O3 does towards P3: a measured voltage holds that. Without a working ion layers may
come apart, which they do where dispersion alone holds them: cells of one potential are compared, and the row says so.

Of an electrode with an element that no competing phase holds there is no mixing: nothing could be balanced."""


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
        stage |= {"orderings": _ORDERINGS, "accept": ["glide"]}
    elif load_family(asked["host"]["family"]).layer_axis is not None:
        stage["accept"] = ["delaminated"]
    asked["mixing"] = _MIXING
    if len(stage["analyses"]) > 1 and without_phases(name):
        stage["analyses"].remove("mixing")
        asked["rank"]["minimize"].remove("mixing_temperature")
    path.write_text(yaml.safe_dump(asked, sort_keys=False), encoding="utf-8")
    return path


def in_order(names: Iterable[str]) -> list[str]:
    """Materials that open, those with the fewest atoms to relax first."""
    found = {name: computes(load_systems()[name]) for name in names}
    size = {
        name: one["atoms"] * (5 if "voltage" in one["analyses"] else 1) for name, one in found.items() if one["opens"]
    }
    return sorted(size, key=lambda name: (size[name], name))


def compute(names: Sequence[str], folder: Path) -> None:
    """Run campaigns of materials; prints what did not work and why, and CPU seconds."""
    for name in names:
        begin = sum(os.times()[:2])
        try:
            hebe.run(write_campaign(name, folder), launcher="inline", progress=False, start=folder)
        except HebeError as err:
            print(f"{name}: {err}", flush=True)
            continue
        print(f"{name}: {sum(os.times()[:2]) - begin:.0f} s", flush=True)


def rows_of(names: Iterable[str], folder: Path) -> dict[str, Any]:
    """Rows of the materials that were computed in a folder, by id."""
    found: dict[str, Any] = {}
    store = existing_store(folder)
    try:
        for name in names:
            path = folder / f"{name}.yaml"
            candidates = hebe.results(path, start=folder).candidates if path.is_file() else []
            if candidates:
                found[name] = row_of(name, load_campaign(path), candidates[0], store)
    finally:
        store.close()
    return found


def score(rows: dict[str, Any]) -> list[Line]:
    """Verdicts on all numbers of level E, D and Q, and on what was measured beside them."""
    targets = [score_line(target, rows) for target in load_targets() if target.level in "EDQ"]
    return [*targets, *(measured_line(one, rows) for one in load_measured())]


def write_score(lines: Sequence[Line], rows: dict[str, Any], folder: Path) -> None:
    """Rows, lines and summary as JSON; prints what was computed with an engine."""
    (folder / "rows.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    states = Counter(row["status"] for row in rows.values())
    document = {"summary": summary(lines), "materials": states, "lines": [line.document() for line in lines]}
    (folder / "score.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for line in lines:
        if line.level != "E" and line.computed is not None:
            print(f"{line.target_id}: {line.printed} {line.unit}, computed {line.computed:.4g}: {line.verdict}")
    print(json.dumps({"summary": document["summary"], "materials": states}, indent=1))


def main() -> None:
    """Read the command line, compute, score."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", help="ids of materials (default: all)")
    parser.add_argument("--most", type=int, help="stop after so many materials")
    parser.add_argument("--score", action="store_true", help="score what is there")
    parser.add_argument("--rows", type=Path, help="score rows that another run wrote, such as literature_rows.json")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.rows is not None:
        rows = json.loads(options.rows.read_text(encoding="utf-8"))
    else:
        names = in_order(options.only or load_systems())[: options.most]
        if not options.score:
            compute(names, options.folder)
        rows = rows_of(names, options.folder)
    write_score(score(rows), rows, options.folder)


if __name__ == "__main__":
    main()
