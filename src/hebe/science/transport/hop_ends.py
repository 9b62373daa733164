"""The two cells between which a hop leads, with the same atoms in the same order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core import Structure

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.hops import HopDoc
    from hebe.schemas.structures import ConfigurationDoc


@dataclass(frozen=True)
class HopEnds:
    """Cells before and after a hop, and the atom that moves with the place (fractional) that it passes half-way.

    ``way`` names site and place in the ideal cell.
    """

    start: Structure
    end: Structure
    via: tuple[int, tuple[float, float, float]]
    way: str


def hop_ends(
    hop: HopDoc, configuration: ConfigurationDoc, start: CalculationDoc | None, end: CalculationDoc | None
) -> HopEnds | None:
    """Ends of a hop from two relaxed cells; None where one is missing or holds other sites.

    Parameters
    ----------
    hop
        The hop.
    configuration
        Cell with all working sites, which numbers them.
    start, end
        Calculations of the cells before and after; site property ``configuration_site`` says where sites come from.
    """
    ideal = configuration.structure
    if ideal is None or start is None or end is None or not (start.usable and end.usable):
        return None
    before, after = start.cell, end.cell
    sites = [int(site) for site in before.site_properties["configuration_site"]]
    places = {int(site): k for k, site in enumerate(after.site_properties["configuration_site"])}
    order = [places.get(hop.second if site == hop.first else site) for site in sites]
    if hop.first not in sites or len(places) != len(sites) or any(place is None for place in order):
        return None
    moved = Structure(before.lattice, before.species, after.frac_coords[[k for k in order if k is not None]])
    atom = sites.index(hop.first)
    first, second = ideal.frac_coords[hop.first], ideal.frac_coords[hop.second] + np.array(hop.image)
    middle = (first + second) / 2 if hop.via is None else np.array(hop.via)
    shift = (before.frac_coords[atom] - first + moved.frac_coords[atom] - ideal.frac_coords[hop.second]) / 2
    x, y, z = (float(c) for c in middle + shift)
    way = f"{hop.first} by " + " ".join(f"{round(float(c), 9) + 0.0:.4f}" for c in middle)
    return HopEnds(before, moved, (atom, (x, y, z)), way)
