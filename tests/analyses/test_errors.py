"""Standard errors of candidates against examples by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from hebe.analyses.errors import with_errors
from hebe.schemas.mixing import MixingDoc, MixingResult
from hebe.schemas.result import Value
from support.candidate_documents import candidate as plain

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate


def candidate(sd: float | None, n: int, *, competing: float | None = 500.0) -> RankedCandidate:
    mixing = MixingDoc(
        n_configurations=n,
        dH_sd_eV_per_site=sd,
        competing=MixingResult(dH_eV_per_site=0.05, T_mix_K=competing, dS_eV_per_K_per_site=1e-4),
        same_host=MixingResult(dH_eV_per_site=0.05, T_mix_K=300.0, dS_eV_per_K_per_site=5e-5),
    )
    small = None if sd is None else sd / 10
    values = {
        "average_voltage": Value(mean=3.0, sd_configurations=sd, n=n),
        "max_volume_strain": Value(mean=0.05 if n > 1 else None, sd_configurations=small, n=n if n > 1 else 0),
        "mixing_enthalpy": Value(mean=0.05, sd_configurations=sd, n=n),
        "mixing_temperature": Value(mean=competing, n=n),
        "mixing_temperature_same_host": Value(mean=300.0, n=n),
    }
    results = {"voltage": [{}], "volume_strain": [{}], "mixing": [mixing.model_dump()]}
    return plain("c", values, lowest=0, results=results)


def errors(name: str, candidates: list[RankedCandidate]) -> list[float | None]:
    return [c.values[name].se for c in with_errors(candidates)]


def test_errors_of_candidates_by_hand() -> None:
    """Pooled over two, three, one and six values: (1 0.01 + 2 0.04 + 5 0.0025) / 8 = 0.0128125."""
    found = [candidate(0.1, 2), candidate(0.2, 3), candidate(None, 1), candidate(0.05, 6)]
    pooled = math.sqrt(0.0128125)
    expected = [pooled / math.sqrt(2), pooled / math.sqrt(3), pooled, 0.05 / math.sqrt(6)]
    assert errors("average_voltage", found) == pytest.approx(expected)
    assert errors("mixing_enthalpy", found) == pytest.approx(expected)
    assert errors("mixing_temperature", found) == pytest.approx([e / 1e-4 for e in expected])
    assert errors("mixing_temperature_same_host", found) == pytest.approx([e / 5e-5 for e in expected])
    strains = errors("max_volume_strain", found)
    assert strains[0] == pytest.approx(pooled / 10 / math.sqrt(2))
    assert strains[2] is None, "there is no mean that it could belong to"


def test_a_temperature_that_is_not_there_has_no_error() -> None:
    found = [candidate(0.1, 5), candidate(0.1, 5, competing=None)]
    assert errors("mixing_temperature", found) == [pytest.approx(0.1 / math.sqrt(5) / 1e-4), None]
    assert errors("mixing_temperature_same_host", found) == pytest.approx([0.1 / math.sqrt(5) / 5e-5] * 2)


def test_alone_and_with_one_value_nothing_is_known() -> None:
    (found,) = with_errors([candidate(None, 1)])
    assert {value.se for value in found.values.values()} == {None}
    assert with_errors([]) == []
