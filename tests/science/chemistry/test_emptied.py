"""A filter that leaves nothing says what was reached and which limit it missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.science.chemistry.screening import screen

if TYPE_CHECKING:
    from pathlib import Path

CAMPAIGN = """\
name: emptied
host:
  family: rocksalt
  sublattices:
    M: {{species: {{Mg: [2], Ni: [2], Co: [2]}}, n_species: 2, grid: 2}}
filters: {filters}
stages: [{{engine: chgnet, analyses: [mixing]}}]
rank: {{minimize: [mixing_temperature_same_host]}}
"""


@pytest.mark.parametrize(
    ("filters", "key", "said"),
    [
        # two species in equal amounts: ln 2 = 0.6931 per site
        (
            "{entropy: {min: 1.5 R, convention: mixed-site}}",
            "filters.entropy",
            "highest value is 0.6931 R, the limit min: 1.5 R",
        ),
        (
            "{entropy: {max: 0.5 R, convention: mixed-site}}",
            "filters.entropy",
            "lowest value is 0.6931 R, the limit max: 0.5 R",
        ),
        # half the difference of the radii over their mean, 0.69 and 0.72 A (Shannon): 2.13 %
        ("{size_mismatch: {max: 0.1 %}}", "filters.size_mismatch", "lowest value is"),
        ("{include: [Mg], exclude: [Ni, Co]}", "filters.exclude", "none of the 2 compositions that come to it"),
    ],
)
def test_what_emptied_it(filters: str, key: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(CAMPAIGN.format(filters=filters))
    with pytest.raises(BadInputError) as caught:
        screen(load_campaign(file))
    assert (caught.value.key, caught.value.line) == (key, 6)
    assert said in caught.value.reason


def test_the_best_size_mismatch_is_that_of_the_nearest_pair(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(CAMPAIGN.format(filters="{}"))
    best = min(float(c.descriptors["size_mismatch"] or 0.0) for c in screen(load_campaign(file)).passed)
    file.write_text(CAMPAIGN.format(filters="{size_mismatch: {max: 0.1 %}}"))
    with pytest.raises(BadInputError, match=rf"lowest value is {100 * best:.4g} %, the limit max: 0.1 %"):
        screen(load_campaign(file))
