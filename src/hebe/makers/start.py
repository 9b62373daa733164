"""Where a calculation starts: its structure, and what identifies that structure without its last digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pymatgen.core import Structure

from hebe.science.keys import canonical_json, structure_content
from hebe.science.structures.configuration import displaced
from hebe.science.structures.working import apply_ordering

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hebe.config.family_sites import Working
    from hebe.engines.protocol import Engine
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.defects import DefectsDoc
    from hebe.schemas.structures import ConfigurationDoc, OrderingDoc


@dataclass(frozen=True)
class Start:
    """Structure to start from.

    Parameters
    ----------
    structure
        The structure.
    derived
        What identifies it if it comes from calculations, whose coordinates differ in the last digits between
        processors: their keys, and what was done with them. None where its coordinates identify it.
    """

    structure: Structure
    derived: Mapping[str, Any] | None = None

    def identity(self, engine: Engine) -> Mapping[str, Any]:
        """What identifies it in the key of a task: it, or where it comes from, and the moments that the engine reads.

        A start that comes from other calculations is identified by their keys.
        """
        content: dict[str, Any] = {
            "reads": list(engine.reads),
            "structure": structure_content(self.structure) if self.derived is None else dict(self.derived),
        }
        properties = self.structure.site_properties
        given = self.derived is None or "ion" in properties  # moments of other calculations follow from their keys
        if given and "magmoms" in engine.reads and "magmom" in properties:
            moments = np.array([moment or 0.0 for moment in properties["magmom"]], dtype=float)
            content["magmoms"] = np.rint(moments * 1000).astype(int).tolist()
        return content


@dataclass(frozen=True)
class Displacement:
    """Random displacement of a start cell: length (A), and number of the start; its seed comes from identities."""

    length: float = 0.0
    number: int = 0

    def of(self, structure: Structure, *identity: object) -> Structure:
        """Displaced copy; the random numbers follow from `identity` and the number of the start alone."""
        return displaced(structure, self.length, canonical_json([*identity, self.number]))


def bare_start(structure: Structure, displacement: Displacement, origin: str | None) -> Start:
    """Start of a structure that is no configuration; `origin` names it, else its formula and size do."""
    identity = [structure.composition.reduced_formula, len(structure)] if origin is None else [origin]
    return Start(displacement.of(structure, *identity))


def state_start(
    configuration: ConfigurationDoc,
    orderings: OrderingDoc,
    slot: int,
    working: Working | None,
    displacement: Displacement,
    parent: CalculationDoc | None = None,
) -> Start:
    """Start of an x-state: a configuration with one ordering of the working ion, on the relaxed parent if there is one.

    Raises
    ------
    ValueError
        If the configuration has no structure.
    """
    if configuration.structure is None:
        raise ValueError(f"configuration {configuration.label} has no structure")
    occupied = orderings.occupied[slot]
    identity = ["state", configuration.key, len(occupied), slot]
    if parent is None:
        cell = apply_ordering(configuration.structure, occupied, working)
        return Start(displacement.of(cell, *identity))
    cell = apply_ordering(configuration.structure, occupied, working, parent.cell)
    derived: dict[str, Any] = {"parent": parent.key, "configuration": configuration.key, "occupied": occupied}
    if displacement.length > 0:
        derived |= {"displacement": displacement.length, "ordering": slot, "start": displacement.number}
    return Start(displacement.of(cell, *identity), derived)


def usable_cells(calculations: Sequence[CalculationDoc | None], accept: Collection[str] = ()) -> list[CalculationDoc]:
    """Calculations that may be used, lowest energy first, those that are still their host (or `accept`) before all.

    Energies are told apart to 1e-4 eV, so that cells which are alike stay in their order on any processor.
    """
    usable = (c for c in calculations if c is not None and c.usable)
    return sorted(usable, key=lambda c: (not c.is_host(accept), round(c.energy, 4)))


def defect_start(
    defects: DefectsDoc, slot: int, displacement: Displacement, *, ions: bool = False
) -> tuple[Start | None, str]:
    """Start of a cell with a defect, which is identified by the calculation of the perfect cell and its sites.

    `ions` says that the engine starts from ions: two electrons of a missing oxygen are then among theirs.

    Returns
    -------
    tuple
        The start, or None and the reason, which is empty if there are fewer cells.
    """
    if slot >= len(defects.cells):
        return None, defects.reason if defects.status == "failed" else ""
    made = defects.cells[slot]
    derived: dict[str, Any] = {"perfect": defects.perfect, "defect": made.identity}
    if ions and made.kind == "oxygen_vacancy":
        derived["electrons"] = 2
    if displacement.length > 0:
        derived |= {"displacement": displacement.length, "start": displacement.number}
    return Start(displacement.of(made.structure, "defect", defects.perfect, made.identity), derived), ""


def lowest_start(
    previous: Sequence[CalculationDoc | None], slot: int, accept: Collection[str] = ()
) -> tuple[Start | None, str]:
    """Cell of the calculation that is `slot`-th in energy, those that are still their host first.

    `accept` are verdicts on the topology that count as the host.

    Returns
    -------
    tuple
        The start with the moments of that calculation; or None and the reason, which is empty if there are fewer.
    """
    usable = usable_cells(previous, accept)
    if slot < len(usable):
        structure = usable[slot].cell.copy()
        moments = usable[slot].magmoms
        if moments is not None:
            structure.add_site_property("magmom", moments)
        derived: dict[str, Any] = {"lowest of": [c.key for c in previous if c is not None and c.usable], "slot": slot}
        return Start(structure, derived | ({"accept": sorted(accept)} if accept else {})), ""
    broken = [c.status for c in previous if c is not None and c.status in {"failed", "cut"}]
    if len(broken) + len(usable) <= slot and None not in previous:
        return None, ""
    return None, f"the calculation to start from is {broken[0] if broken else 'missing'}"
