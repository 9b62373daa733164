"""From a space to candidates: selections of earlier versions stay, large spaces are drawn from, and what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest
from scipy.stats import chi2

from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.science.chemistry import drawing, screening
from hebe.science.chemistry.choice import Members, choose
from hebe.science.chemistry.filtering import predicates
from hebe.science.chemistry.screening import passing, screen
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.chemistry.survey import Estimate, estimated, survey

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign

EXAMPLE: Final = Path(__file__).parents[3] / "examples" / "na-o3-quick.yaml"
DIVERSE: Final = [
    *("layered-o3-26831f0f1d", "layered-o3-7109d59929", "layered-o3-c81985b6c9"),
    *("layered-o3-6a5e548c1d", "layered-o3-283f198e19", "layered-o3-d437e599bf"),
]
RANDOM: Final = [
    *("layered-o3-502f38577b", "layered-o3-0c11b62719", "layered-o3-918260b63f"),
    *("layered-o3-283f198e19", "layered-o3-06f630c5a5", "layered-o3-4fafe02e06"),
]


def quick(tmp_path: Path, **replaced: str) -> Campaign:
    """The example with other lines: key -> what stands behind it."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for key, value in replaced.items():
        lines = [
            f"{line[: len(line) - len(line.lstrip())]}{key}: {value}" if line.strip().startswith(f"{key}:") else line
            for line in lines
        ]
    path = tmp_path / "c.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return load_campaign(path)


def ids(campaign: Campaign) -> list[str]:
    return [candidate.candidate_id for candidate in screen(campaign).selected]


def test_the_selections_of_the_example_stay(tmp_path: Path) -> None:
    assert ids(load_campaign(EXAMPLE)) == DIVERSE
    assert ids(quick(tmp_path, select="{method: random, n: 6, seed: 7}")) == RANDOM


def test_row_filters_are_those_of_single_candidates(tmp_path: Path) -> None:
    filters = (
        "{include: [Ni], redox_compatible: true, principal_elements: true, exclude: [Cu], size_mismatch: {min: 6 %}}"
    )
    campaign = quick(tmp_path, n_species="3..6", fraction="1/12..7/12")
    campaign = campaign.model_copy(update={"filters": _filters(filters)})
    unfiltered = campaign.model_copy(update={"filters": _filters("{}")})
    tests, left = predicates(campaign.filters), dict[str, int]()
    rest = list(passing(unfiltered))
    for name, test in tests.items():
        rest = [candidate for candidate in rest if test(candidate)]
        left[name] = len(rest)
    found = screen(campaign)
    assert found.by_filter == left
    assert list(found.by_filter) == ["include", "redox_compatible", "principal_elements", "exclude", "size_mismatch"]
    assert [one.candidate_id for one in found.passed] == [one.candidate_id for one in rest]
    assert 0 < len(rest) < left["include"]


def _filters(text: str) -> Any:
    import yaml

    from hebe.config.campaign import Filters

    return Filters.model_validate(yaml.safe_load(text))


def test_entropy_first_and_last_leave_the_same(tmp_path: Path) -> None:
    """First it restricts the walk, last it is one test among others; in two conventions."""
    for convention in ("mixed-site", "per-cation"):
        bounds = f"entropy: {{min: 0.75 R, max: 1.55 R, convention: {convention}}}"
        first = quick(tmp_path).model_copy(update={"filters": _filters(f"{{{bounds}, redox_compatible: true}}")})
        last = first.model_copy(update={"filters": _filters(f"{{redox_compatible: true, {bounds}}}")})
        assert [c.candidate_id for c in passing(first)] == [c.candidate_id for c in passing(last)]
        assert len(passing(first)) > 0


def test_a_random_selection_of_a_large_space_is_drawn(tmp_path: Path) -> None:
    campaign = quick(tmp_path, grid="240", select="{method: random, n: 20, seed: 1}")
    found = screen(campaign)
    assert found.size == 60_963_656
    assert len({one.candidate_id for one in found.selected}) == 20
    assert all(test(one) for test in predicates(campaign.filters).values() for one in found.selected)
    assert ids(campaign) == [one.candidate_id for one in found.selected]
    assert ids(quick(tmp_path, grid="240", select="{method: random, n: 20, seed: 2}")) != ids(campaign)


def test_drawn_selections_are_uniform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "MOST_DRAWN", 0)
    monkeypatch.setattr(drawing, "_FIRST", 32)
    campaign = quick(tmp_path, select="{method: random, n: 3, seed: 0}", size_mismatch="{max: 7 %}")
    every = [one.candidate_id for one in passing(campaign)]
    hits = Counter[str]()
    for seed in range(200):
        again = campaign.model_copy(update={"select": campaign.select.model_copy(update={"seed": seed})})
        hits.update(ids(again))
    assert set(hits) <= set(every)
    expected = 600 / len(every)
    statistic = sum((hits[name] - expected) ** 2 / expected for name in every)
    assert 1e-3 < chi2.cdf(statistic, len(every) - 1) < 1 - 1e-3


@pytest.mark.parametrize("select", ["{method: all}", "{method: diverse, n: 6}"])
def test_a_full_pass_over_too_many_is_refused(select: str, tmp_path: Path) -> None:
    campaign = quick(tmp_path, grid="240", select=select)
    with pytest.raises(BadInputError, match=r"there are 60,963,656; at most 20,000,000") as caught:
        screen(campaign)
    assert "method: random, n:" in str(caught.value.suggestion)
    found = survey(campaign, 0.01)
    assert found.size == 60_963_656
    assert found.selected is None
    assert found.refused is not None
    assert all(isinstance(value, Estimate) for value in found.by_filter.values())


def test_too_few_that_pass_are_not_looked_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_MOST", 100_000)
    campaign = quick(tmp_path, grid="240", select="{method: random, n: 5}", size_mismatch="{max: 0.1 %}")
    with pytest.raises(BadInputError, match="only 0 pass, and 5 are wanted"):
        screen(campaign)


def test_few_that_pass_in_a_space_that_can_be_walked_are_all_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = quick(tmp_path, select="{method: random, n: 500}")
    every = ids(campaign)
    monkeypatch.setattr(screening, "MOST_DRAWN", 0)
    monkeypatch.setattr(drawing, "_MOST", 20_000)
    assert ids(campaign) == every
    assert len(every) == 158
    assert survey(campaign).candidates == 158


def test_estimates_hold_what_is_exact(tmp_path: Path) -> None:
    campaign = quick(tmp_path, grid="24")
    exact = screen(campaign).by_filter
    space = CompositionSpace.from_campaign(campaign)
    inside = 0
    for seed in range(10):
        found = estimated(campaign, space, seed * 1_000_000)
        for name, value in found.items():
            assert isinstance(value, Estimate)
            assert value.low <= value.value <= value.high
            assert value.high - value.low < 0.02 * space.count()
            inside += value.low <= exact[name] <= value.high
    assert inside >= 26  # of 30, each with 95 %


def test_what_is_kept_stays_and_others_are_added(tmp_path: Path) -> None:
    for method in ("diverse", "random"):
        start = quick(tmp_path, select=f"{{method: {method}, n: 4, seed: 7}}")
        early = [one.composition for one in screen(start).selected][:3]
        more = quick(tmp_path, select=f"{{method: {method}, n: 9, seed: 8, extend: true}}")
        found = [one.composition for one in screen(more, kept=early).selected]
        assert found[:3] == early
        assert len(set(found)) == 9
        fixed = more.model_copy(update={"select": more.select.model_copy(update={"extend": None})})
        assert [one.candidate_id for one in screen(fixed, kept=early).selected] == ids(fixed)


def test_what_is_kept_stays_in_a_drawn_selection(tmp_path: Path) -> None:
    early = [one.composition for one in screen(quick(tmp_path, grid="240", select="{method: random, n: 4}")).selected]
    more = quick(tmp_path, grid="240", select="{method: random, n: 6, extend: true}")
    found = [one.composition for one in screen(more, kept=early).selected]
    assert found[:4] == early
    assert len(set(found)) == 6


def test_extend_belongs_to_a_number(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="method all has nothing to extend"):
        quick(tmp_path, select="{method: all, extend: true}")


def test_diverse_is_greedy_over_a_million_rows() -> None:
    """The next one is the farthest from those before: checked directly on random rows."""
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 12, (1_000_000, 6)).astype(np.int16)
    space = CompositionSpace.from_campaign(load_campaign(EXAMPLE))
    chosen = choose(Members(space, rows), load_campaign(EXAMPLE).select.model_copy(update={"n": 4})).rows.astype(float)
    apart = np.linalg.norm(chosen[:, None] - chosen[None], axis=2)[np.triu_indices(4, 1)]
    assert apart.min() > 11  # corners of a cube of side 11 are as far as that
