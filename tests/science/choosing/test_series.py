"""Entropy series: which candidates belong to one, points by entropy, trends of known sign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.schemas.result import Value
from hebe.science.chemistry.screening import screen, series_candidates
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.choosing.series import series_points, trend
from support.candidate_documents import candidate

if TYPE_CHECKING:
    from hebe.schemas.candidate import CandidateDoc

EXAMPLE = Path(__file__).parents[3] / "examples" / "drx-series.yaml"


def document(name: str, entropy: float, value: float | None, sd: float | None = None) -> CandidateDoc:
    known = Value(mean=value, sd_configurations=sd)
    return candidate(name, {"mixing_temperature": known}, entropy_R={"mixed-site": entropy})


def test_series_of_the_literature_has_rising_entropy_and_joins_the_selection() -> None:
    campaign = load_campaign(EXAMPLE)
    space = CompositionSpace.from_campaign(campaign)
    members = series_candidates(campaign, space, "metals")
    # cations 0.65 Li, then 0.2/0.15; 0.2/0.05/0.1; 0.1/0.05/0.05/0.05/0.1, by hand
    assert [round(c.entropy_R["mixed-site"], 3) for c in members] == [0.886, 0.982, 1.190]
    selected = screen(campaign).selected
    assert [c.candidate_id for c in selected] == [c.candidate_id for c in members]


def test_mts_series_has_the_published_entropies() -> None:
    # Energy Environ. Sci. 18, 19 (2025): 1.26, 1.57, 1.71 and 1.75 R with lithium counted on the metal sites
    campaign = load_campaign(EXAMPLE.with_name("na-mts-series.yaml"))
    members = series_candidates(campaign, CompositionSpace.from_campaign(campaign), "MTS")
    assert [round(c.entropy_R["mixed-site"], 2) for c in members] == [1.26, 1.57, 1.71, 1.75]
    assert all(c.charge == 0 for c in members)


def test_a_formula_that_does_not_fit_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(EXAMPLE.read_text().replace("Li1.3Mn0.4Ti0.1Nb0.2O1.7F0.3", "Li1.3Mn0.4Zr0.3O1.7F0.3"))
    with pytest.raises(BadInputError, match=r"c.yaml:14.*Zr is not among the species"):
        screen(load_campaign(path))


def test_points_are_sorted_by_entropy_and_keep_their_spread() -> None:
    found = series_points(
        [document("b", 1.5, 700.0, 20.0), document("a", 0.9, 900.0), document("c", 1.7, None)], "mixing_temperature"
    )
    assert [(p.candidate_id, p.value, p.sd) for p in found] == [
        ("a", 900.0, None),
        ("b", 700.0, 20.0),
        ("c", None, None),
    ]
    assert trend(found) is None


def test_trend_is_the_rank_correlation() -> None:
    falling = [document(str(i), 1.0 + 0.1 * i, 900.0 - i**3) for i in range(5)]
    found = trend(series_points(falling, "mixing_temperature"))
    assert found is not None
    assert found.n == 5
    assert found.spearman == pytest.approx(-1.0)
    swapped = [document("a", 1.0, 1.0), document("b", 1.1, 3.0), document("c", 1.2, 2.0)]
    other = trend(series_points(swapped, "mixing_temperature"))
    assert other is not None
    # 1 - 6 sum d^2 / (n (n^2 - 1)) with d = 0, 1, -1
    assert other.spearman == pytest.approx(1 - 6 * 2 / 24)
    level = [document(str(i), 1.0 + i, 5.0) for i in range(3)]
    assert trend(series_points(level, "mixing_temperature")) is None
