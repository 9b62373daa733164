"""Working ions that share a mixed sublattice: disordered rock salts, lithium in the metal layers, dopants on A."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from hebe.config.campaign import SublatticeSpec
from hebe.config.family import Family, load_family
from hebe.science.chemistry.candidate import Candidate, make_candidate
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.member import candidate_spec, composition_of, split_of
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.structures.configuration import build_configuration
from hebe.science.structures.starting_ions import with_ions
from hebe.science.structures.working import apply_ordering, choose_orderings, mobile_sites

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc

HALF, ZERO = Fraction(1, 2), Fraction(0)
ROCK_SALT: dict[str, Any] = {
    "M": {"species": {"Li": [1], "Mn": [3, 4], "Ti": [4]}},
    "X": {"species": {"O": [-2]}},
}
LAYERED: dict[str, Any] = {"TM": {"species": {"Li": [1], "Mn": [3, 4], "Ni": [2, 3]}}}


def space(family: str, sublattices: dict[str, Any], ion: str | None = "Li") -> CompositionSpace:
    own = load_family(family).x_made if ion else Fraction(0)
    return CompositionSpace(family, ion, own, {n: SublatticeSpec.model_validate(s) for n, s in sublattices.items()})


def candidate(where: CompositionSpace, formula: str) -> Candidate:
    found = make_candidate(where, parse_host_formula(formula, where))
    assert found is not None
    return found


def built(where: CompositionSpace, formula: str, sites: int) -> tuple[MemberSpec, ConfigurationDoc]:
    found = candidate(where, formula)
    document = build_configuration(found.composition, found.primary, n_sites=sites, index=0, seed=1)
    return candidate_spec(found, where.valences), document


def test_x_counts_lithium_on_every_sublattice_that_works() -> None:
    """Li2TiO3-like and Li2MnO3: all lithium is in x_made; 459 mAh/g is what Li2MnO3 holds (Thackeray et al. 2007)."""
    rock_salt = candidate(space("drx", ROCK_SALT), "Li0.5Mn0.5O").composition
    assert (rock_salt.x_made, rock_salt.x_own, rock_salt.x_shared) == (HALF, ZERO, HALF)
    layered = candidate(space("layered-li-rich", LAYERED), "Li4/3Mn2/3O2")
    assert (layered.composition.x_made, layered.composition.x_own) == (Fraction(4, 3), Fraction(1))
    assert layered.composition.elements == {"Li": Fraction(4, 3), "Mn": Fraction(2, 3), "O": 2}
    assert layered.charge == 0
    assert layered.descriptors["capacity_theoretical_mAh_g"] == pytest.approx(459, abs=1)
    assert layered.species == {"A": {"Li1+": 1.0}, "TM": pytest.approx({"Li1+": 1 / 3, "Mn4+": 2 / 3})}


def test_without_a_working_ion_a_rock_salt_is_the_candidate_that_it_was() -> None:
    """The id of a host in which nothing moves stays; with a working ion x_made, all lithium, is part of it."""
    plain = candidate(space("drx", ROCK_SALT, None), "Li0.5Mn0.5O").composition
    moving = candidate(space("drx", ROCK_SALT), "Li0.5Mn0.5O").composition
    assert (plain.x_made, moving.x_made) == (ZERO, HALF)
    assert plain.candidate_id != moving.candidate_id
    assert plain.formula == moving.formula == "Li0.5Mn0.5O"
    assert plain.elements == moving.elements
    assert load_family("drx").ion_optional
    assert not load_family("layered-p2-pillared").ion_optional, "its lattice is estimated with sodium alone"
    assert load_family("drx").working_of(None) is None


@pytest.mark.parametrize("x", [Fraction(1, 2), Fraction(1, 4), Fraction(1, 8), Fraction(0)])
def test_lithium_leaves_the_mixed_sites_and_nothing_else_does(x: Fraction) -> None:
    spec, document = built(space("drx", ROCK_SALT), "Li0.5Mn0.5O", 8)
    assert document.structure is not None
    chosen = choose_orderings(spec, document, x, keep=2, seed=1)
    assert chosen.occupied
    working = composition_of(spec).host.working_of("Li")
    before = document.structure.composition.get_el_amt_dict()
    for occupied in chosen.occupied:
        state = apply_ordering(document.structure, occupied, working)
        after = state.composition.get_el_amt_dict()
        assert after.pop("Li", 0) == x * document.n_fu == len(mobile_sites(spec, state))
        assert after == {element: n for element, n in before.items() if element != "Li"}
    assert chosen.x == float(x)
    # 4 Mn3+ of 8 give 4 electrons to Mn4+, which pays for all lithium: nothing is left to the anions
    assert chosen.anion_oxidation == 0.0
    ions = Counter(
        with_ions(spec, apply_ordering(document.structure, chosen.occupied[0], working)).site_properties["ion"]
    )
    removed = int((Fraction(1, 2) - x) * document.n_fu)
    assert ions == +Counter({"Li1+": int(x * document.n_fu), "Mn3+": 4 - removed, "Mn4+": removed, "O2-": 8})


def test_as_made_lithium_stays_in_the_metal_layers() -> None:
    """What stands there is the composition; on charging both layers give, by electrostatics."""
    spec, document = built(space("layered-li-rich", LAYERED), "Li4/3Mn2/3O2", 6)
    assert document.structure is not None
    labels = document.structure.site_properties["sublattice"]

    def counted(x: Fraction) -> Counter[str]:
        (occupied,) = choose_orderings(spec, document, x, keep=1).occupied
        return Counter(labels[i] for i in occupied)

    assert counted(Fraction(4, 3)) == {"A": 6, "TM": 2}
    assert sum(counted(Fraction(2, 3)).values()) == 4
    assert not counted(Fraction(0))


def test_the_split_of_a_charged_state_pays_for_what_left() -> None:
    spec, _ = built(space("layered-li-rich", LAYERED), "Li1.25Mn0.75O2", 8)
    assert split_of(spec) is not None
    charged = split_of(spec, None, Fraction(1))
    assert charged is not None
    assert sum(ion.charge * n for ion, n in charged["TM"].items()) == 3 + Fraction(1, 4)


def doped() -> Family:
    """Lithium and magnesium on the lithium sites, some of them empty: sites of the ion that list species."""
    plain = load_family("layered-li-rich").model_dump()
    plain["sublattices"]["A"]["species"] = {
        "Li": {"valences": [1]},
        "Mg": {"valences": [2]},
        "Va": {"valences": [0]},
    }
    return Family.model_validate({**plain, "name": "doped", "x_full": 0, "x_made": 0, "working": ["A"], "example": {}})


def test_dopants_on_the_sites_of_the_ion_stay() -> None:
    family = doped()
    given = {"A": {"species": {"Li": [1], "Mg": [2], "Va": [0]}}, "TM": {"species": {"Co": [3], "Mn": [3, 4]}}}
    specs = {n: SublatticeSpec.model_validate(s) for n, s in given.items()}
    where = CompositionSpace("doped", "Li", Fraction(0), specs, family)
    fractions = {
        "A": {"Li": Fraction(3, 4), "Mg": Fraction(1, 8), "Va": Fraction(1, 8)},
        "TM": {"Co": Fraction(1, 2), "Mn": Fraction(1, 2)},
    }
    found = make_candidate(where, where.made_with(fractions), "TM")
    assert found is not None
    assert (found.composition.x_made, found.charge) == (Fraction(3, 4), ZERO)
    assert found.composition.formula == "Li0.75Co0.5Mn0.5Mg0.125O2"
    spec = candidate_spec(found, where.valences)
    document = build_configuration(found.composition, "TM", n_sites=8, index=0, seed=1)
    assert document.structure is not None
    assert document.structure.composition.get_el_amt_dict() == {"Li": 6, "Mg": 1, "Co": 4, "Mn": 4, "O": 16}
    made = choose_orderings(spec, document, Fraction(3, 4), keep=1).occupied
    assert len(made[0]) == 6  # no site of its own is left to choose from
    empty = choose_orderings(spec, document, Fraction(0), keep=1).occupied
    state = apply_ordering(document.structure, empty[0], family.working_of("Li"))
    assert state.composition.get_el_amt_dict() == {"Mg": 1, "Co": 4, "Mn": 4, "O": 16}


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"working": ["M", "Q"]}, "working names Q"),
        ({"working": ["X"]}, "whose species hold none of Li"),
        ({"working": []}, "go together"),
    ],
)
def test_sites_that_cannot_work_are_refused(update: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Family.model_validate({**load_family("drx").model_dump(), **update})


def test_sites_that_exclude_each_other_cannot_be_mixed() -> None:
    plain = load_family("layered-p2").model_dump()
    plain["sublattices"]["A"]["species"] = {"Na": {"valences": [1]}, "Ca": {"valences": [2]}}
    with pytest.raises(ValidationError, match="sites of A exclude each other"):
        Family.model_validate({**plain, "x_full": 0, "x_made": 0})
