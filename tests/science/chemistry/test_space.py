"""The composition space against brute force and against published-in-the-design counts."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hebe.campaigns.loading import load_campaign
from hebe.config.campaign import SublatticeSpec
from hebe.science.chemistry.screening import screen
from hebe.science.chemistry.space import CompositionSpace

EXAMPLE = Path(__file__).parents[3] / "examples" / "na-o3-quick.yaml"
POOL = {"Ni": (2, 3, 4), "Fe": (2, 3), "Mn": (2, 3, 4), "Ti": (4,), "Mg": (2,), "Cr": (3, 4), "Sb": (5,), "Li": (1,)}


def space(
    species: dict[str, tuple[int, ...]], grid: int, low: int, high: int, x: Fraction = Fraction(1)
) -> CompositionSpace:
    spec = SublatticeSpec.model_validate({"species": species, "grid": grid, "n_species": f"{low}..{high}"})
    return CompositionSpace("layered-o3", "Na", x, {"TM": spec})


def brute(
    species: dict[str, tuple[int, ...]], grid: int, low: int, high: int, charge: Fraction
) -> set[tuple[int, ...]]:
    found = set()
    for row in product(range(grid + 1), repeat=len(species)):
        if sum(row) != grid or not low <= sum(n > 0 for n in row) <= high:
            continue
        reachable = {0}
        for n, valences in zip(row, species.values(), strict=True):
            for _ in range(n):
                reachable = {total + z for total in reachable for z in valences}
        if charge * grid in reachable:
            found.add(row)
    return found


@given(
    st.lists(st.sampled_from(sorted(POOL)), min_size=2, max_size=4, unique=True),
    st.integers(2, 6),
    st.integers(1, 4),
    st.sampled_from([Fraction(1), Fraction(2, 3), Fraction(1, 2)]),
)
def test_space_equals_brute_force(elements: list[str], grid: int, low: int, x: Fraction) -> None:
    species = {e: POOL[e] for e in elements}
    low = min(low, len(elements))
    found = space(species, grid, low, len(elements), x)
    rows = list(found)
    assert set(rows) == brute(species, grid, low, len(elements), 4 - x)
    assert len(rows) == found.count() == len(set(rows))
    assert rows == sorted(rows)
    assert [found.rank(row) for row in rows] == list(range(len(rows)))
    assert [found.unrank(i) for i in range(len(rows))] == rows


def test_compositions_are_counted_and_not_their_splits() -> None:
    # 126,241 splits but 4,605 compositions
    species = {"Mn": (2, 3, 4), "Fe": (2, 3), "Co": (2, 3), "Ni": (2, 3, 4), "Ti": (4,), "Al": (3,)}
    assert space(species, 12, 4, 6).count() == 4605


def test_the_demo_has_606_compositions_of_which_158_pass() -> None:
    result = screen(load_campaign(EXAMPLE))
    assert result.size == 606
    assert result.by_filter == {"entropy": 291, "size_mismatch": 158, "redox_compatible": 158}
    assert len(result.selected) == 6
    assert {len(c.composition.fractions["TM"]) for c in result.selected} <= {5, 6}


def test_every_candidate_is_neutral_and_its_split_adds_up() -> None:
    for candidate in screen(load_campaign(EXAMPLE)).passed:
        assert candidate.charge == 0
        for element, fraction in candidate.composition.fractions["TM"].items():
            assert sum(x for ion, x in candidate.split["TM"].items() if ion.element == element) == fraction


def test_a_sample_is_uniform_distinct_and_reproducible() -> None:
    found = space({"Ni": (2,), "Fe": (3,), "Mn": (3, 4), "Ti": (4,)}, 4, 1, 4)
    total = found.count()
    hits = Counter(tuple(row) for seed in range(400) for row in found.sample(2, seed).tolist())
    assert set(hits) == set(found)
    expected = 800 / total
    chi_squared = sum((n - expected) ** 2 / expected for n in hits.values())
    assert chi_squared < 2.5 * total
    assert found.sample(3, 5).tolist() == found.sample(3, 5).tolist()
    assert list(map(tuple, found.sample(10 * total).tolist())) == list(found)


def test_blocks_stream_all_rows_in_order() -> None:
    found = space({"Ni": (2,), "Fe": (3,), "Mn": (3, 4), "Ti": (4,)}, 6, 1, 4)
    rows = [tuple(int(n) for n in row) for block in found.blocks(7) for row in block]
    assert rows == list(found)


def test_rows_outside_the_space_are_refused() -> None:
    found = space({"Ni": (2,), "Ti": (4,), "Fe": (3,)}, 4, 1, 3)
    with pytest.raises(ValueError, match="not in the space"):
        found.rank((4, 0, 0))
    with pytest.raises(IndexError):
        found.unrank(found.count())


def test_vacancies_on_the_working_sublattice_change_the_charge_that_is_needed() -> None:
    assert space({"Ti": (4,)}, 2, 1, 1, Fraction(0)).count() == 1
    assert space({"Ti": (4,)}, 2, 1, 1).count() == 0
