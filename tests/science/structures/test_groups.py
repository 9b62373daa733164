"""Frameworks of rigid groups with several sets of sites for the working ion, on NASICON phosphates."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydantic import ValidationError

from hebe.config.campaign import SublatticeSpec
from hebe.config.family import Family, load_family
from hebe.config.family_checks import MOST_KINDS
from hebe.exceptions import BadInputError
from hebe.science.chemistry.candidate import Candidate, make_candidate
from hebe.science.chemistry.formula import parse_formula, parse_host_formula
from hebe.science.chemistry.ladder import Oxidation
from hebe.science.chemistry.member import candidate_spec
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.structures.configuration import build_configuration, mean_radius
from hebe.science.structures.host import PLACEHOLDERS, host_cell
from hebe.science.structures.starting_ions import with_ions
from hebe.science.structures.topology import check_topology
from hebe.science.structures.working import apply_ordering, choose_orderings, site_charges

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc

FAMILY = load_family("nasicon")
WORKING = FAMILY.working_of("Na")
SPACE = CompositionSpace(
    "nasicon",
    "Na",
    Fraction(3),
    {"M": SublatticeSpec.model_validate({"species": {"V": [3, 4], "Ti": [3, 4], "Mg": [2]}})},
)


def candidate(formula: str) -> Candidate:
    composition = parse_host_formula(formula, SPACE)
    found = make_candidate(SPACE.with_content(composition.x_own), composition)
    assert found is not None
    return found


def built(formula: str) -> tuple[MemberSpec, ConfigurationDoc]:
    """Member and cell of eight metal sites."""
    found = candidate(formula)
    radius = mean_radius(found.composition, found.split, "M")
    document = build_configuration(found.composition, "M", n_sites=8, index=0, seed=1, radius=radius)
    return candidate_spec(found, SPACE.valences), document


def test_a_group_counts_once_in_formulas_and_its_atoms_in_the_mass() -> None:
    found = candidate("Na3V2(PO4)3")
    assert found.composition.formula == "Na3V2(PO4)3"
    assert found.composition.elements == {"Na": 3, "V": 2, "P": 3, "O": 12}
    assert found.composition.molar_mass == pytest.approx(455.77, abs=0.05)
    assert found.charge == 0
    # two electrons of V3+/4+: 117.6 mAh/g (Jian et al., Electrochem. Commun. 14, 86 (2012))
    assert found.descriptors["capacity_theoretical_mAh_g"] == pytest.approx(1.5 * 117.6, rel=1e-3)
    assert found.composition == candidate("Na3V2P3O12").composition


def test_formulas_with_brackets_are_those_without() -> None:
    assert parse_formula("Na3V2(PO4)3") == parse_formula("Na3V2P3O12")
    assert parse_formula("Ca(OH)2") == {"Ca": 1, "O": 2, "H": 2}
    assert parse_formula("Na2(Fe(CN2)3)2") == {"Na": 2, "Fe": 2, "C": 6, "N": 12}


@pytest.mark.parametrize("radius", [None, 0.55, 0.72])
def test_groups_are_rigid_whatever_the_lattice(radius: float | None) -> None:
    """P-O and O-O distances of every PO4 are those of the template; the lattice grows around them."""
    structure = host_cell(FAMILY, "Na", radius).structure
    elements = structure.site_properties["element"]
    assert Counter(elements) == {"P": 6, "O": 24, "": 12}
    oxygen = [i for i, element in enumerate(elements) if element == "O"]
    for i in (i for i, element in enumerate(elements) if element == "P"):
        bonds = np.sort(structure.lattice.get_all_distances(structure.frac_coords[i], structure.frac_coords[oxygen])[0])
        assert bonds[:4] == pytest.approx([1.5182, 1.5182, 1.5216, 1.5216], abs=1e-3)
        assert bonds[4] > 3


def test_a_template_that_symmetry_multiplies_otherwise_is_refused() -> None:
    plain = FAMILY.model_dump()
    for atom in plain["groups"]["PO4"]["atoms"][1:]:
        atom["number"] = 4
        atom["valence"] = -1
    with pytest.raises(BadInputError, match="symmetry makes 2 O of each PO4"):
        host_cell(Family.model_validate(plain), "Na")
    plain["groups"]["PO4"]["charge"] = -2
    with pytest.raises(ValidationError, match=r"carry -3, its charge is -2"):
        Family.model_validate(plain)


def test_as_many_kinds_of_sites_as_can_be_told_apart() -> None:
    assert len(PLACEHOLDERS) == len(set(PLACEHOLDERS)) == MOST_KINDS
    plain = FAMILY.model_dump()
    for number in range(MOST_KINDS):
        plain["sublattices"][f"M{number}"] = plain["sublattices"]["M"]
    with pytest.raises(ValidationError, match="22 kinds of sites, at most 16"):
        Family.model_validate(plain)


@pytest.mark.parametrize(("x", "first", "second"), [(4, 4, 12), (1, 4, 0), (0, 0, 0)])
def test_both_sets_of_sites_share_one_budget_of_ions(x: int, first: int, second: int) -> None:
    """NaM2(PO4)3 has its sodium on the six-coordinated site (Hong, Mater. Res. Bull. 11, 173 (1976)), Na4 on all."""
    spec, document = built("Na3V2(PO4)3")
    assert document.structure is not None
    chosen = choose_orderings(spec, document, Fraction(x), keep=1)
    labels = document.structure.site_properties["sublattice"]
    counts = Counter(labels[i] for i in chosen.occupied[0])
    assert (counts["Na1"], counts["Na2"]) == (first, second)
    state = apply_ordering(document.structure, chosen.occupied[0], WORKING)
    assert state.composition.get_el_amt_dict().get("Na", 0) == x * document.n_fu


def test_an_energy_of_a_set_of_sites_empties_it() -> None:
    plain = FAMILY.model_dump()
    plain["sublattices"]["Na1"]["site_energy"] = 50.0
    changed = Family.model_validate(plain)
    spec, document = built("Na3V2(PO4)3")
    spec = spec.model_copy(update={"host": changed})
    chosen = choose_orderings(spec, document, Fraction(3), keep=1)
    assert document.structure is not None
    labels = document.structure.site_properties["sublattice"]
    assert {labels[i] for i in chosen.occupied[0]} == {"Na2"}


def test_cells_are_neutral_and_electrons_come_from_the_metal() -> None:
    spec, document = built("Na3V2(PO4)3")
    chosen = choose_orderings(spec, document, Fraction(1), keep=1)
    assert document.structure is not None
    assert chosen.anion_oxidation == 0.0
    state = with_ions(spec, apply_ordering(document.structure, chosen.occupied[0], WORKING))
    ions = Counter(state.site_properties["ion"])
    assert ions == {"Na1+": 4, "V4+": 8, "P5+": 12, "O2-": 48}


def test_a_framework_whose_metal_left_its_octahedron_is_no_host() -> None:
    _, document = built("Na3V2(PO4)3")
    assert document.structure is not None
    start = document.structure
    assert check_topology(start, start, FAMILY.topology, None, WORKING) == "host"
    for label, verdict in (("M", "migrated"), ("Na2", "host")):
        final = start.copy()
        site = start.site_properties["sublattice"].index(label)
        final.translate_sites([site], [0.0, 0.0, 1.2], frac_coords=False, to_unit_cell=False)
        assert check_topology(start, final, FAMILY.topology, None, WORKING) == verdict


def test_charges_of_sites_are_those_of_their_atoms() -> None:
    spec, document = built("Na3V2(PO4)3")
    assert document.structure is not None
    charges = site_charges(spec, document.structure, Oxidation({"M": {"V": 3.0}}, 0.0))
    by_element = {site.specie.symbol: charge for site, charge in zip(document.structure, charges, strict=True)}
    assert by_element == {"Na": 1.0, "V": 3.0, "P": 5.0, "O": -2.0}
