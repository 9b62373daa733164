"""A small campaign that learns, with an engine that costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from support.campaigns import SPRINGS

if TYPE_CHECKING:
    from pathlib import Path

LOOP: Final = """\
name: loop
host:
  family: layered-o3
  working_ion: Na
  sublattices:
    TM:
      species: {{Fe: [3], Mn: [3, 4], Ni: [2], Co: [3]}}
      n_species: 2..3
      grid: 4
select: {select}
structures: {{cations: 4, per_candidate: 1, seed: 3, starts: 1}}
stages:
  - engine: {engine}
    x: [1, 1/2]
    window: 1..1/2
    analyses: [voltage, volume_strain]
rank: {{maximize: [average_voltage], minimize: [max_volume_strain]}}
"""
SELECT: Final = "{method: learn, batch: 5, rounds: 4, budget: 8, start: diverse, seed: 7}"


def written(folder: Path, select: str = SELECT) -> Path:
    """File of the campaign in a project of its own."""
    folder.mkdir(exist_ok=True)
    (folder / ".hebe").mkdir(exist_ok=True)
    path = folder / "loop.yaml"
    path.write_text(LOOP.format(select=select, engine=SPRINGS))
    return path
