"""States of NaNi1/2Mn1/2O2 over the sodium content, with energies, volumes and verdicts that a test chooses."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core import Lattice, Structure

from hebe.schemas.calculation import CalculationDoc, StartRecord
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import member_spec
from hebe.science.electrodes.electrode import StateInput

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec

N_FU = 4
HALF = Fraction(1, 2)


def spec() -> MemberSpec:
    """NaNi1/2Mn1/2O2 with Ni2+ and Mn4+: half an electron per formula unit below two per nickel."""
    composition = HostComposition("layered-o3", "Na", Fraction(1), {"TM": {"Ni": HALF, "Mn": HALF}})
    split = {"TM": {Ion("Ni", 2): HALF, Ion("Mn", 4): HALF}}
    return member_spec(composition, split, "TM", {"TM": {"Ni": (2, 3), "Mn": (3, 4)}})


def state(
    x: float,
    energy: float,
    volume: float = 40.0,
    topology: str | None = "host",
    *,
    starts: tuple[tuple[float, float], ...] = (),
    label: str = "",
) -> CalculationDoc:
    """A relaxed cell of four formula units.

    Parameters
    ----------
    x
        Sodium per formula unit, in quarters.
    energy, volume
        eV and A^3 per formula unit.
    topology
        Verdict on the cell.
    starts
        Energy and volume, per formula unit, of each of several starts.
    """
    n = round(x * N_FU)
    species = ["Na"] * n + ["Ni", "Mn"] * 2 + ["O"] * 8
    labels = ["A"] * n + ["TM"] * 4 + ["O"] * 8
    coords = [[i / len(species), 0.5, 0.5] for i in range(len(species))]
    lattice = Lattice.cubic((volume * N_FU) ** (1 / 3))
    records = [
        StartRecord(key=f"start {i}", status="converged", energy_eV=e * N_FU, topology="host", volume_A3=v * N_FU)
        for i, (e, v) in enumerate(starts)
    ]
    return CalculationDoc(
        key=f"x = {x} {energy}",
        label=label or f"x{x}",
        engine="e",
        energy_scale="s",
        task="relax",
        status="converged",
        structure=Structure(lattice, species, coords, site_properties={"sublattice": labels}),
        energy_eV=energy * N_FU,
        topology=topology,
        starts=records,
    )


def inputs(made: CalculationDoc | None, *states: CalculationDoc | None, accept: tuple[str, ...] = ()) -> StateInput:
    """What the electrode documents are computed from."""
    return StateInput(spec(), N_FU, made, states, [], accept)


METAL = CalculationDoc(
    key="metal",
    engine="e",
    energy_scale="s",
    task="relax",
    status="converged",
    structure=Structure(Lattice.cubic(4.2), ["Na", "Na"], np.array([[0, 0, 0], [0.5, 0.5, 0.5]])),
    energy_eV=-2.6,
)
"""Sodium, -1.3 eV/atom."""


def stacked(
    energies: dict[float, float],
    stacking: str,
    *,
    relaxed: dict[float, str] | None = None,
    broken: tuple[float, ...] = (),
    volume: float = 40.0,
) -> StateInput:
    """States of one stacking, energies (eV per formula unit) by content; some `relaxed` to another, or `broken`."""
    cells = []
    for x, energy in energies.items():
        there = (relaxed or {}).get(x, stacking)
        verdict = "migrated" if x in broken else "host" if there == stacking else "glide"
        cells.append(state(x, energy, volume, topology=verdict).model_copy(update={"stacking": there}))
    return inputs(*cells)
