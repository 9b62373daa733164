"""A campaign of rock salts whose errors are known exactly: energies of pairs that its engine lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = {"Co Mg": 0.30, "Co Ni": 0.45, "Co Zn": -0.25, "Mg Ni": -0.30, "Mg Zn": 0.50, "Ni Zn": 0.10}
"""w of each pair (eV per mixed site) that the engine lacks and the reference has."""

PLAIN = "{ase: 'support.pair_energies:make', energy_scale: springs, fmax: 0.1}"
_PAIRS = ", ".join(f"{pair}: {w}" for pair, w in PAIRS.items())
EXACT = f"{{ase: 'support.pair_energies:make', energy_scale: exact, fmax: 0.1, arguments: {{pairs: {{{_PAIRS}}}}}}}"

_CAMPAIGN = """\
name: {name}
host:
  family: rocksalt
  sublattices:
    M:
      species: {{{species}}}
      n_species: 2..3
      grid: 6
      fraction: 1/3..1/2
structures: {{cations: 6, per_candidate: 1, seed: 1, starts: 1}}
firing_temperature: 1200
mixing: {{solution: false}}
stages:
  - engine: {engine}
    analyses: [mixing]
{later}rank: {{minimize: [formation_margin]}}
"""
FOUR = "Mg: [2], Ni: [2], Co: [2], Zn: [2]"
THREE = "Mg: [2], Ni: [2], Zn: [2]"


def calibrated(
    folder: Path, later: str = "", *, name: str = "calibrated", species: str = FOUR, engine: str = PLAIN
) -> Path:
    """Campaign with more stages, each a flow mapping of YAML in a line of its own."""
    path = folder / f"{name}.yaml"
    more = "".join(f"  - {line}\n" for line in later.strip().splitlines())
    path.write_text(_CAMPAIGN.format(name=name, species=species, engine=engine, later=more))
    return path
