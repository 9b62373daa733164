"""Entropies, splits and descriptors of many rows at once are those of one candidate after the other."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from hebe.config.campaign import SublatticeSpec
from hebe.config.family import load_family
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.row_split import always_splits
from hebe.science.chemistry.row_table import RowTable
from hebe.science.chemistry.space import CompositionSpace

if TYPE_CHECKING:
    from hebe.science.chemistry.candidate import Candidate

CONVENTIONS: Final = ("mixed-site", "sublattice-sum", "formula-unit", "per-atom", "per-cation")
HOSTS: Final = ("layered-o3", "layered-p2", "layered-li-rich", "drx", "spinel", "spinel-oxide", "nasicon", "fcc-alloy")


def random_space(host: str, seed: int) -> CompositionSpace:
    """Species of a family at random on every mixed sublattice, with all their oxidation states or some."""
    rng, family = random.Random(seed), load_family(host)
    specs, ions = {}, [ion for ion in family.working_ions if family.working_own or family.working_shared]
    ion = rng.choice(ions) if ions else None
    for name in family.mixed:
        pool = {element: data.valences for element, data in family.sublattices[name].species.items()}
        chosen = rng.sample(sorted(pool), min(len(pool), rng.randint(2, 5)))
        species: dict[str, Any] = {e: sorted(rng.sample(pool[e], rng.randint(1, len(pool[e])))) for e in chosen}
        specs[name] = SublatticeSpec.model_validate({"species": species, "grid": rng.choice([4, 5, 6])})
    made = rng.choice([family.x_made, Fraction(family.x_full) * Fraction(5, 6), Fraction(0)])
    return CompositionSpace(
        host, ion if family.working_own else None, made if family.working_own else Fraction(0), specs
    )


def check(table: RowTable, candidates: list[Candidate | None]) -> None:
    described, entropies = table.descriptors(), {name: table.entropy(name) for name in CONVENTIONS}
    assert table.splits.possible.tolist() == [candidate is not None for candidate in candidates]
    for at, candidate in enumerate(candidates):
        if candidate is None:
            continue
        assert candidate.charge == 0
        ions = {
            (sub, ion): float(amount) for sub, part in candidate.split.items() for ion, amount in part.items() if amount
        }
        amounts = zip(table.plan.places, table.splits.amounts, strict=False)
        found = {place: float(x[at]) / table.plan.scale for place, x in amounts if x[at]}
        assert found == pytest.approx(ions, abs=1e-12)
        assert {name: float(values[at]) for name, values in entropies.items()} == pytest.approx(candidate.entropy_R)
        assert sorted(described) == sorted(candidate.descriptors)
        for name, value in candidate.descriptors.items():
            given = described[name][at]
            assert np.isnan(given) if value is None else given == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("host", HOSTS)
def test_rows_are_described_like_candidates(host: str) -> None:
    compared = 0
    for seed in range(12):
        space = random_space(host, seed)
        rows = space.sample(20, seed)
        primary = None if seed % 2 else space.layout.blocks[-1].name
        candidates = [make_candidate(space, space.composition(row), primary) for row in rows.tolist()]
        if always_splits(space):
            assert None not in candidates
        check(RowTable(space, rows, primary), candidates)
        compared += len(rows)
    assert compared > 10


def test_states_two_apart_are_split_in_whole_atoms() -> None:
    """Antimony takes two electrons at once, so that as many as possible first does not always end neutral."""
    species = {"Sb": [3, 5], "Mn": [2, 3, 4], "Ni": [2, 3], "Sn": [2, 4]}
    spec, compared = SublatticeSpec.model_validate({"species": species, "grid": 6}), 0
    for host in ("layered-o3", "rocksalt", "drx"):
        name = load_family(host).mixed[0]
        space = CompositionSpace(host, None, Fraction(0), {name: spec})
        rows = np.concatenate(list(space.blocks())) if space.count() else np.zeros((0, 4), dtype=np.int16)
        candidates = [make_candidate(space, space.composition(row)) for row in rows.tolist()]
        check(RowTable(space, rows), candidates)
        compared += sum(candidate is not None for candidate in candidates)
    assert compared > 10


def test_an_empty_sublattice_has_no_size() -> None:
    metal = SublatticeSpec.model_validate({"species": {"Ti": [4]}, "grid": 1})
    empty = SublatticeSpec.model_validate({"species": {"Va": [0], "Mn": [2]}, "grid": 2})
    space = CompositionSpace("spinel-oxide", None, Fraction(0), {"A": empty, "B": metal})
    rows = np.concatenate(list(space.blocks()))
    assert rows.tolist() == [[2, 0, 1]]
    check(RowTable(space, rows, "A"), [make_candidate(space, space.composition(row), "A") for row in rows.tolist()])
