"""Queue and records of `mixing_cells.py`: which members of which hosts are computed, and what is known of each.

A record is a file of JSON in a folder. All of them are lines of ``mixing_records.jsonl`` beside this file: a folder
that lacks a member begins with what that line knows, so that nobody computes it again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from pymatgen.core import Structure

from hebe.config.campaign import SublatticeSpec
from hebe.config.family import load_family
from hebe.science.chemistry.candidate import primary_sublattice
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.member import member_spec, split_of
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.hulls.host_members import host_vertices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.schemas.spec import MemberSpec

QUEUE: Final = Path(__file__).with_name("mixing_queue.yaml")
SHIPPED: Final = Path(__file__).with_name("mixing_records.jsonl")
_DIGITS: Final = 6


def queue() -> list[tuple[str, list[MemberSpec]]]:
    """Formula of every cell in the order of the queue, with its member of the host and the vertices of that."""
    given = yaml.safe_load(QUEUE.read_text())
    return [(entry["formula"], specs_of(entry, given["hosts"])) for entry in given["queue"]]


def hosts() -> dict[str, Any]:
    """Hosts of the queue by name."""
    found: dict[str, Any] = yaml.safe_load(QUEUE.read_text())["hosts"]
    return found


def specs_of(entry: Mapping[str, str], hosts: Mapping[str, Any]) -> list[MemberSpec]:
    """The cell of an entry of the queue, then the vertices that it balances against.

    Raises
    ------
    ValueError
        If the formula cannot be neutral.
    """
    space = _space_of(hosts[entry["host"]])
    composition = parse_host_formula(entry["formula"], space)
    split = space.with_content(composition.x_own).split(composition)
    if split is None:
        raise ValueError(f"{entry['formula']} cannot be neutral")
    primary = primary_sublattice(composition.fractions)
    cell = member_spec(composition, split, primary, space.valences)
    vertices = [
        member_spec(made, part, primary_sublattice(made.fractions, primary), space.valences)
        for made, part in host_vertices(cell)
    ]
    return [cell, *vertices]


def _space_of(host: Mapping[str, Any]) -> CompositionSpace:
    specs = {name: SublatticeSpec.model_validate({"species": given}) for name, given in host["sublattices"].items()}
    x_made = load_family(host["family"]).x_made
    return CompositionSpace(host["family"], host.get("working_ion"), x_made, specs)


def name_of(spec: MemberSpec) -> str:
    """Name of a member: family, formula and ions of the mixed sublattices."""
    ions = "_".join(sorted({str(ion) for part in (split_of(spec) or {}).values() for ion in part}))
    return f"{spec.family}_{spec.formula}_{ions}"


@dataclass
class Record:
    """What is known of one member, in a file."""

    file: Path
    data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, name: str) -> Record:
        """Record of a member: that of the folder, else what is shipped, else an empty one."""
        file = folder / "cells" / f"{name}.json"
        return cls(file, json.loads(file.read_text()) if file.is_file() else shipped().get(name, {}))

    def save(self) -> None:
        """Write it."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        part = self.file.with_suffix(".part")
        part.write_text(json.dumps(self.data, indent=1) + "\n")
        part.replace(self.file)

    def part(self, name: str) -> dict[str, Any]:
        """A dictionary in it, made where it is missing."""
        found: dict[str, Any] = self.data.setdefault(name, {})
        return found

    def geometry(self, name: str) -> Structure:
        """A geometry that it holds."""
        given = self.data["geometries"][name]
        return Structure(given["lattice"], given["species"], given["coords"])

    def keep(self, name: str, structure: Structure) -> None:
        """Hold a geometry; coordinates are not wrapped."""
        self.part("geometries")[name] = {
            "lattice": structure.lattice.matrix.round(_DIGITS).tolist(),
            "species": [site.specie.symbol for site in structure],
            "coords": structure.frac_coords.round(_DIGITS + 1).tolist(),
        }


def shipped() -> dict[str, dict[str, Any]]:
    """Records that are shipped, by the name of the member."""
    if not SHIPPED.is_file():
        return {}
    lines = (json.loads(line) for line in SHIPPED.read_text().splitlines())
    return {line["name"]: line["record"] for line in lines}


def ship(folder: Path) -> None:
    """Write the records of a folder over those that are shipped."""
    known = shipped()
    for file in sorted((folder / "cells").glob("*.json")):
        known[file.stem] = json.loads(file.read_text())
    lines = [json.dumps({"name": name, "record": known[name]}, separators=(",", ":")) for name in sorted(known)]
    SHIPPED.write_text("\n".join(lines) + "\n")
