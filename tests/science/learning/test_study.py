"""Descriptors of rows are those of documents, on hosts of every kind; effects and refusals."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from hebe.config.campaign import SublatticeSpec
from hebe.config.family import load_family
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.ions import Ion, electronegativity, shannon_radius
from hebe.science.chemistry.row_table import RowTable
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.learning.describe import effects_of, predicted
from hebe.science.learning.descriptors import Descriptors
from hebe.science.learning.gaussian_process import Parameters, Process
from hebe.science.learning.study import FAR, Seen, Study, group_of
from support.mixture_truth import SEVEN, sodium_space

SPACES = {
    "drx": {"M": {"Li": [1], "Mn": [2, 3], "Ti": [4], "Va": [0]}, "X": {"O": [-2], "F": [-1]}},
    "spinel-oxide": {"A": {"Co": [2], "Mn": [2]}, "B": {"Cr": [3], "Fe": [3]}},
    "fcc-alloy": {"M": {"Cu": [0], "Ni": [0], "Zn": [0], "Mn": [0]}},
    "nasicon": {"M": {"V": [3, 4], "Mn": [2], "Ti": [4]}},
}


def space_of(name: str) -> CompositionSpace:
    host = load_family(name)
    specs = {sub: SublatticeSpec.model_validate({"species": s, "grid": 6}) for sub, s in SPACES[name].items()}
    specs = {sub: spec for sub, spec in specs.items() if sub in host.mixed}
    ion = host.working_ions[0] if host.working_ions and host.working_own else None
    return CompositionSpace(name, ion, Fraction(host.x_made) if ion else Fraction(0), specs)


@pytest.mark.parametrize("name", SPACES)
def test_rows_and_documents_have_the_same_descriptors(name: str) -> None:
    space = space_of(name)
    assert space.count() > 3
    rows = space.sample(12, 1)
    candidates = [make_candidate(space, space.composition(row)) for row in rows.tolist()]
    members = [one.species for one in candidates if one is not None]
    study, table = Study(space, members[:3]), RowTable(space, rows)
    found = study.of_rows(table.at(table.splits.possible))
    assert len(members) >= 3
    assert found == pytest.approx(study.of_members(members), abs=1e-9)
    assert np.isfinite(found).all()
    assert [study.row_of(one) for one in members] == [tuple(row) for row in rows[table.splits.possible].tolist()]


def test_shares_sizes_and_their_deviations_are_those_of_the_ions() -> None:
    """By hand: a third Fe3+, Mn4+ and Ni2+."""
    host = load_family("layered-o3")
    ions = [Ion("Fe", 3), Ion("Mn", 4), Ion("Ni", 2)]
    found = Descriptors(host, [("TM", ion) for ion in ions])
    (line,) = found.of_members([{"TM": {str(ion): 1 / 3 for ion in ions}}])
    values = dict(zip(found.names, line.tolist(), strict=True))
    radii = [shannon_radius(ion, 6) or 0.0 for ion in ions]
    scale = [electronegativity(ion.element) or 0.0 for ion in ions]
    for name, known in (("radius", radii), ("electronegativity", scale)):
        mean = sum(known) / 3
        assert values[f"TM {name}"] == pytest.approx(mean)
        spread = math.sqrt(sum((one - mean) ** 2 for one in known) / 3)
        assert values[f"TM {name} deviation"] == pytest.approx(spread)
    assert values["TM Fe3+"] == pytest.approx(1 / 3)


def test_effects_are_slopes_over_the_space() -> None:
    """A property that is two times the share of cobalt."""
    space = sodium_space(SEVEN, "3..5", 12)
    rows = space.sample(40, 2)
    members = [c.species for row in rows.tolist() if (c := make_candidate(space, space.composition(row))) is not None]
    values = [2.0 * member["TM"].get("Co3+", 0.0) for member in members]
    seen = [Seen(str(i), member, value, 0.001) for i, (member, value) in enumerate(zip(members, values, strict=True))]
    study = Study(space, members)
    model, held = study.model_of(seen)
    assert held is not None
    assert held.rmse < 0.1 * model.width
    first = effects_of(study, model)[0]
    assert (first.sublattice, first.ion) == ("TM", "Co3+")
    assert first.per_tenth == pytest.approx(0.2, rel=0.05)
    assert first.explained > 0.98
    assert predicted(study, model, members[0]).mean == pytest.approx(values[0], abs=0.02)


def test_intervals_hold_the_scatter_that_no_descriptor_tells() -> None:
    """Half the variance is of no descriptor: nine tenths of new values are inside all the same."""
    space = sodium_space(SEVEN, "3..5", 12)
    rows = space.sample(260, 2)
    members = [c.species for row in rows.tolist() if (c := make_candidate(space, space.composition(row))) is not None]
    rng = np.random.default_rng(3)
    order = rng.permutation(len(members)).tolist()
    values = np.array([3.0 * m["TM"].get("Co3+", 0.0) for m in members]) + 0.5 * rng.normal(size=len(members))
    known, new = order[:60], order[60:]
    study = Study(space, members)
    model, _ = study.model_of([Seen(str(i), members[i], float(values[i])) for i in known])
    found = [predicted(study, model, members[i], refuses=False) for i in new]
    inside = [(one.low or 0.0) <= values[i] <= (one.high or 0.0) for i, one in zip(new, found, strict=True)]
    assert 0.83 <= np.mean(inside) <= 0.97


def test_what_is_like_nothing_known_is_refused_by_name() -> None:
    space = sodium_space(SEVEN, "3..5", 12)
    known = [{"A": {"Na1+": 1.0}, "TM": {"Fe3+": 0.5, "Co3+": 0.5 - x, "Mn3+": x}} for x in (0.0, 0.1, 0.2, 0.3, 0.4)]
    study = Study(space, known)
    weights = np.ones(len(study.descriptors.names))
    model = Process(
        study.of_members(known), np.array([0.0, 1.0, 0.5, 0.2, 0.9]), np.zeros(5), Parameters(1e-3, 1.0, 1e-3, weights)
    )
    assert study.refusal(model, known[2]) is None
    far = {"A": {"Na1+": 1.0}, "TM": {"Ni2+": 0.5, "Ti4+": 0.5}}
    assert "Ni2+ on TM, Ti4+ on TM" in str(study.refusal(model, far))
    assert predicted(study, model, far).mean is None
    assert predicted(study, model, far, refuses=False).mean is not None
    near = known[2]
    assert predicted(study, model, near, 0.3).mean is not None
    assert "no better than" in str(predicted(study, model, near, -0.1).refused)
    (novelty,) = model.novelty(study.of_members([near]))
    wide = replace(model, factor=1.1 * float(np.sqrt(FAR / novelty)))
    assert study.refusal(wide, near) is not None, "left-out values say that it is known less well"


def test_a_group_is_its_elements_whatever_their_charges() -> None:
    space = sodium_space(SEVEN, "3..5", 12)
    first = {"A": {"Na1+": 1.0}, "TM": {"Mn3+": 0.5, "Fe3+": 0.5}}
    second = {"A": {"Na1+": 1.0}, "TM": {"Mn4+": 0.25, "Mn3+": 0.25, "Fe3+": 0.5}}
    assert group_of(first, space) == group_of(second, space) == (("TM", "Fe"), ("TM", "Mn"))
