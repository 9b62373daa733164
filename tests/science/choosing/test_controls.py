"""Differences to controls: of means, with the spread over pairs of configurations, at equal contents."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from hebe.schemas.candidate import CandidateDoc
from hebe.schemas.result import Value
from hebe.science.choosing.controls import curve_differences, differences, same_content


def candidate(**values: Value) -> CandidateDoc:
    known = {"candidate_id": "a", "campaign": "c", "status": "complete", "formula": "A", "family": "f", "x_made": 1.0}
    return CandidateDoc(**known, composition={}, entropy_R={}, engine="e", energy_scale="s", values=values)


def test_a_difference_has_the_variance_of_all_pairs() -> None:
    first, second = np.array([3.1, 3.3, 3.0]), np.array([2.9, 3.2])
    a, b = (Value(mean=float(v.mean()), sd_configurations=float(v.std(ddof=1)), n=len(v)) for v in (first, second))
    (found,) = differences(candidate(voltage=a), candidate(voltage=b), {"voltage": "V", "gap": "A"})
    pairs = np.array([x - y for x, y in product(first, second)])
    assert (found.quantity, found.unit) == ("voltage", "V")
    assert found.difference == pytest.approx(pairs.mean())
    assert found.sd == pytest.approx(math.sqrt(first.var(ddof=1) + second.var(ddof=1)))
    assert found.se is None


def test_what_one_of_them_lacks_is_not_compared() -> None:
    one, nothing = candidate(gap=Value(mean=3.0, n=1)), candidate(gap=Value(why_null="no layers"))
    assert differences(one, nothing, {"gap": "A"}) == []
    (found,) = differences(one, one, {"gap": "A"})
    assert (found.difference, found.sd) == (0, None)


def test_curves_are_compared_where_both_have_the_content() -> None:
    first = [{1.0: 3.2, 0.5: 3.6, 0.25: 3.5}, {1.0: 3.4, 0.5: 3.8}]
    second, third = [{1.0: 3.0, 0.4857: 3.1}], [{1.0: 3.0, 0.5: 3.0}, {1.0: 3.6, 0.5: 3.0}]
    found = curve_differences("gap", "A", first, second, [first, second, third])
    assert [d.x for d in found] == [1.0, 0.5]
    assert [d.difference for d in found] == pytest.approx([0.3, 0.6])
    assert found[0].sd is None  # one configuration of the control
    pooled = math.sqrt((0.02 + 0.18) / 2), math.sqrt(0.02 / 2)  # variances of two pairs each, at the two contents
    assert [d.se for d in found] == pytest.approx([sd * math.sqrt(1 / 2 + 1) for sd in pooled])
    assert curve_differences("gap", "A", [], [{1.0: 3.0}], []) == []
    assert curve_differences("gap", "A", [{1.0: 3.0}], [{}], []) == []


def test_half_charge_of_five_metals_is_that_of_four() -> None:
    """Five equal shares need 15 sites where 12 are asked for: 8 ions of 15 and 6 of 12 stand for one half."""
    first, second = [{1.0: 3.2, 8 / 15: 3.6}], [{1.0: 3.0, 0.5: 3.1}]
    within = same_content(15, 12)
    found = curve_differences("gap", "A", first, second, [first, second], within)
    assert [d.difference for d in found] == pytest.approx([0.2, 0.5])
    assert within < 1 / 15, "a content that is another one in the larger cell stays another one"
    assert same_content(None, None) == same_content(100, 100) == 0.03
