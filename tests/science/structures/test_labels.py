"""Ions and moments of sites: spin-only numbers, charge kept, lowest electrostatics, signs of the orders."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from pymatgen.core import Structure

from hebe.config.family import load_family
from hebe.schemas.spec import MemberSpec
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.ladder import Oxidation
from hebe.science.structures.ewald import ewald_matrix
from hebe.science.structures.host import host_cell
from hebe.science.structures.labels import decorated, initial_moments, ions_of, site_labels, unpaired_electrons

CELL = host_cell(load_family("layered-o3"), "Na")
SPEC = MemberSpec(
    candidate_id="layered-o3-0",
    formula="NaMn1/2Co1/2O2",
    family="layered-o3",
    working_ion="Na",
    x_made="1",
    primary="TM",
    fractions={"TM": {"Mn": "1/2", "Co": "1/2"}},
    split={"TM": {"Mn3+": "1/2", "Co3+": "1/2"}},
)
HALF = Oxidation({"TM": {"Mn": 3.5, "Co": 3.0}}, 0.0)


def cell() -> Structure:
    """Two sheets of four cations, sodium on three quarters of its sites: Mn3.5+ and Co3+."""
    structure = CELL.structure.make_supercell([[2, 0, -2], [0, 2, -2], [2, 0, 0]], in_place=False)
    labels = list(structure.site_properties["sublattice"])
    metals = [i for i, name in enumerate(labels) if name == "TM"]
    species = [{"A": "Na", "TM": "Co", "O": "O"}[name] for name in labels]
    for i in metals[::2]:
        species[i] = "Mn"
    sodium = [i for i, name in enumerate(labels) if name == "A"]
    gone = set(sodium[: len(metals) // 4])
    kept = [i for i in range(len(labels)) if i not in gone]
    return Structure(
        structure.lattice,
        [species[i] for i in kept],
        structure.frac_coords[kept],
        site_properties={"sublattice": [labels[i] for i in kept]},
    )


@pytest.mark.parametrize(
    ("ion", "spin", "n"),
    [("Mn4+", "high", 3), ("Mn3+", "high", 4), ("Fe3+", "high", 5), ("Ni2+", "high", 2), ("Co3+", "low", 0),
     ("Ni3+", "low", 1), ("Cu2+", "high", 1), ("Ti4+", "high", 0), ("Zn2+", "high", 0), ("O2-", "high", 0)],
)  # fmt: skip
def test_spin_only_moments_of_octahedral_ions(ion: str, spin: str, n: int) -> None:
    assert unpaired_electrons(Ion.parse(ion), "low" if spin == "low" else "high") == n


def test_mixed_valences_keep_the_charge_and_lie_lowest() -> None:
    structure = cell()
    ions = ions_of(SPEC, structure, HALF)
    assert sum(ion.charge for ion in ions) == 0
    manganese = [i for i, site in enumerate(structure) if site.specie.symbol == "Mn"]
    numbers = Counter(ions[i].charge for i in manganese)
    assert numbers[3] == numbers[4] == len(manganese) // 2
    matrix = ewald_matrix(structure)
    charges = np.array([float(ion.charge) for ion in ions])
    energy, lowest = 0.5 * charges @ matrix @ charges, np.inf
    for high in combinations(manganese, len(manganese) // 2):
        trial = charges.copy()
        trial[manganese] = 3.0
        trial[list(high)] = 4.0
        lowest = min(lowest, 0.5 * trial @ matrix @ trial)
    assert energy == pytest.approx(lowest, abs=1e-6)


def test_orders_of_moments() -> None:
    structure = cell()
    ions = ions_of(SPEC, structure, HALF)
    up = initial_moments(SPEC, structure, ions)
    assert up.sum() == pytest.approx(sum(unpaired_electrons(ion) for ion in ions if ion.element == "Mn"))
    layers = initial_moments(SPEC, structure, ions, "layer-antiferromagnetic", CELL.layer_normal)
    assert np.array_equal(np.abs(layers), up)
    heights = np.round(structure.cart_coords @ np.asarray(CELL.layer_normal), 3)
    for height in set(heights[up > 0].tolist()):
        assert len(set(np.sign(layers[(heights == height) & (up > 0)]).tolist())) == 1
    assert len(set(np.sign(layers[up > 0]).tolist())) == 2
    drawn = initial_moments(SPEC, structure, ions, "random-collinear", seed=3)
    for charge in (3, 4):
        here = [i for i, ion in enumerate(ions) if ion == Ion("Mn", charge)]
        assert drawn[here].sum() == pytest.approx((len(here) % 2) * unpaired_electrons(Ion("Mn", charge)))
    with pytest.raises(ValueError, match="layered host"):
        initial_moments(SPEC, structure, ions, "layer-antiferromagnetic")


def test_labels_tell_spin_states_apart_and_species_carry_them() -> None:
    structure = cell()
    ions = ions_of(SPEC, structure, HALF)
    assert set(site_labels(SPEC, structure, ions)) == {"Na1+", "Mn3+", "Mn4+", "Co3+ls", "O2-"}
    dressed = decorated(structure, ions, initial_moments(SPEC, structure, ions))
    assert dressed.charge == 0
    assert {site.specie.spin for site in dressed if site.specie.symbol == "Mn"} == {3.0, 4.0}
