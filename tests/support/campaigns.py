"""Small campaigns that run in seconds, as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ROCKSALT = """
name: {name}
host:
  family: rocksalt
  sublattices:
    M:
      species: {{{species}}}
      n_species: 2
      grid: 2
filters:
  size_mismatch: {{max: 18 %}}
structures: {{cations: 4, per_candidate: {per_candidate}, seed: 1, starts: 1}}
stages:
  - engine: {engine}
    analyses: [mixing]
rank: {{minimize: [mixing_temperature_same_host]}}
"""

SPRINGS = (
    "{ase: 'support.spring_crystal:make', energy_scale: springs, arguments: {depth: 2.0, length: 2.25}, fmax: 0.1}"
)

STIFF = "{ase: 'support.spring_crystal:make', energy_scale: stiff, arguments: {depth: 2.6, length: 2.2}, fmax: 0.1}"

LAYERED = """
name: {name}
host:
  family: layered-o3
  working_ion: Na
  sublattices:
    TM:
      species: {{Fe: [3], Mn: [3, 4], Ni: [2]}}
      n_species: 3
      grid: 4
select: {{method: all}}
structures: {{cations: 4, per_candidate: 2, seed: 3, starts: 1}}
stages:
  - engine: {engine}
    x: [1, 1/2]
    window: 1..1/2
    orderings: {{keep: 2}}
    analyses: [voltage, volume_strain, mixing]
rank: {{maximize: [average_voltage], minimize: [max_volume_strain]}}
"""

FUNNEL = """\
name: funnel
host:
  family: layered-o3
  working_ion: Li
  sublattices:
    TM: {{species: {{Ni: [2], Mn: [4], Co: [3]}}, n_species: 2, grid: 2}}
filters: {{include: [Ni, Mn]}}
structures: {{cations: 2, per_candidate: 1}}
stages:
  - engine: {first}
    x: [1, 1/2]
    analyses: [voltage]
  - engine: {{name: vasp, preset: mp-gga, settings: {{k_spacing: 0.6}}, fmax: 0.1}}
    keep: all
    task: {task}
    analyses: [voltage]
rank: {{maximize: [average_voltage]}}
"""

TEN = "Mg: [2], Ni: [2], Co: [2], Zn: [2], Mn: [2]"
FOURTEEN = TEN + ", Ca: [2]"


def rocksalt(
    folder: Path, species: str = TEN, *, engine: str = SPRINGS, name: str = "rs", per_candidate: int = 1
) -> Path:
    """Two-cation rock salts: 10 members of five cations, 14 with calcium (Ca-Ni is filtered out)."""
    path = folder / f"{name}.yaml"
    path.write_text(ROCKSALT.format(name=name, species=species, engine=engine, per_candidate=per_candidate))
    return path


def layered(folder: Path, *, engine: str = SPRINGS, name: str = "o3") -> Path:
    """Three-cation layered oxides with voltage, strain and mixing."""
    path = folder / f"{name}.yaml"
    path.write_text(LAYERED.format(name=name, engine=engine))
    return path


def staged(folder: Path, later: str, *, name: str = "staged", engine: str = SPRINGS) -> Path:
    """The layered oxides with more stages, each a flow mapping of YAML in a line of its own."""
    path = layered(folder, engine=engine, name=name)
    more = "".join(f"  - {line}\n" for line in later.strip().splitlines())
    path.write_text(path.read_text().replace("rank:", f"{more}rank:"))
    return path


def funnel(folder: Path, *, first: str = SPRINGS, task: str = "static") -> Path:
    """A layered oxide by a cheap engine, then its two contents and lithium by VASP."""
    path = folder / "funnel.yaml"
    path.write_text(FUNNEL.format(first=first, task=task))
    return path
