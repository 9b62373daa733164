"""Standard deviations and errors against examples by hand and against drawn values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hebe.science.analysis.spread import (
    FEW,
    mean_and_sd,
    pooled_sd,
    root_mean_square,
    standard_error,
    standard_errors,
)


def test_means_of_what_there_is() -> None:
    assert mean_and_sd([3.0, None, 5.0]) == pytest.approx((4.0, math.sqrt(2)))
    assert mean_and_sd([3.0, None]) == (3.0, None)
    assert mean_and_sd([None]) == (None, None)
    assert root_mean_square([3.0, None, 4.0]) == pytest.approx(math.sqrt(12.5))
    assert root_mean_square([None]) is None


def test_a_pooled_deviation_by_hand() -> None:
    """(1 0.01 + 2 0.04) / 3 = 0.03; single values and unknown deviations have no say."""
    assert pooled_sd([(0.1, 2), (0.2, 3), (None, 1), (None, 4)]) == pytest.approx(math.sqrt(0.03))
    assert pooled_sd([(None, 1), (None, 3)]) is None
    assert pooled_sd([]) is None


def test_groups_of_one_size_have_the_root_mean_square() -> None:
    assert pooled_sd([(s, 4) for s in (0.1, 0.2, 0.7)]) == pytest.approx(root_mean_square([0.1, 0.2, 0.7]))


def test_few_values_take_the_pooled_deviation_and_many_their_own() -> None:
    assert standard_error(0.1, FEW - 1, 0.3) == pytest.approx(0.3 / math.sqrt(FEW - 1))
    assert standard_error(0.1, FEW, 0.3) == pytest.approx(0.1 / math.sqrt(FEW))
    assert standard_error(None, 1, 0.3) == 0.3
    assert standard_error(0.1, 2, None) == pytest.approx(0.1 / math.sqrt(2))
    assert standard_error(None, 1, None) is None
    assert standard_error(0.1, 0, 0.3) is None, "a mean of nothing has no error"


def candidate(sd: float | None, n: int, *, competing: float | None = 500.0) -> dict[str, Any]:
    def result(temperature: float | None, gained: float) -> dict[str, Any]:
        return {"dH_eV_per_site": 0.05, "T_mix_K": temperature, "dS_eV_per_K_per_site": gained}

    mixing = {"dH_sd_eV_per_site": sd, "competing": result(competing, 1e-4), "same_host": result(300.0, 5e-5)}
    return {
        "average_voltage_V": 3.0,
        "average_voltage_V_sd": sd,
        "max_volume_strain": 0.05 if n > 1 else None,
        "max_volume_strain_sd": None if sd is None else sd / 10,
        "n_configurations": n,
        "n_values": {"average_voltage_V": n, "max_volume_strain": n},
        "mixing": mixing,
    }


def test_errors_of_candidates_by_hand() -> None:
    """Pooled over two, three, one and six values: (1 0.01 + 2 0.04 + 5 0.0025) / 8 = 0.0128125."""
    found = standard_errors([candidate(0.1, 2), candidate(0.2, 3), candidate(None, 1), candidate(0.05, 6)])
    pooled = math.sqrt(0.0128125)
    expected = [pooled / math.sqrt(2), pooled / math.sqrt(3), pooled, 0.05 / math.sqrt(6)]
    assert [row["average_voltage_V_se"] for row in found] == pytest.approx(expected)
    assert [row["dH_se_eV_per_site"] for row in found] == pytest.approx(expected)
    assert [row["T_mix_se_configurations_K"] for row in found] == pytest.approx([e / 1e-4 for e in expected])
    assert found[0]["max_volume_strain_se"] == pytest.approx(pooled / 10 / math.sqrt(2))
    assert found[2]["max_volume_strain_se"] is None, "there is no mean that it could belong to"


def test_the_temperature_that_is_ranked_gives_the_entropy() -> None:
    found = standard_errors([candidate(0.1, 5), candidate(0.1, 5, competing=None)])
    errors = [0.1 / math.sqrt(5) / gained for gained in (1e-4, 5e-5)]
    assert [row["T_mix_se_configurations_K"] for row in found] == pytest.approx(errors)


def test_documents_from_before_are_means_of_all_configurations() -> None:
    old = candidate(0.1, 5)
    del old["n_values"]
    assert standard_errors([old])[0]["average_voltage_V_se"] == pytest.approx(0.1 / math.sqrt(5))


def test_alone_and_with_one_value_nothing_is_known() -> None:
    row = standard_errors([candidate(None, 1)])[0]
    assert set(row.values()) == {None}
    assert standard_errors([]) == []


@pytest.mark.parametrize("n", [2, 3, 4])
def test_pooled_errors_are_the_scatter_of_drawn_means(n: int) -> None:
    """Eight candidates with means of their own and one spread, drawn 4000 times: the variance is met without bias.

    The relative standard deviation of a variance from k degrees of freedom is sqrt(2 / k).
    """
    sigma, draws, groups = 0.7, 4000, 8
    rng = np.random.default_rng(n)
    means = rng.uniform(-5, 5, groups)
    values = means[:, None] + sigma * rng.normal(size=(draws, groups, n))
    pooled = [pooled_sd((float(s), n) for s in row.std(axis=1, ddof=1)) for row in values]
    errors = np.array([standard_error(None, n, p) for p in pooled], dtype=float)
    scatter = (values.mean(axis=2) - means).var()
    tolerance = 5 * math.sqrt(2 / (draws * groups * (n - 1)))
    assert np.mean(errors**2) == pytest.approx(sigma**2 / n, rel=tolerance)
    assert np.mean(errors**2) == pytest.approx(scatter, rel=2 * tolerance)
