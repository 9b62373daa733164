"""Settings of a batch queue: which job takes which resources, and mistakes with the line they stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hebe.config.cluster import ClusterSettings, Resources
from hebe.config.settings import get_settings
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

LARGE = {"default": Resources(), "large": Resources(cores=32, walltime="1 d"), "small": Resources(cores=4, slots=2)}


def test_the_most_specific_name_decides() -> None:
    use = {"gpaw": "large", "gpaw stage 1": "small", "stage 2": "large"}
    cluster = ClusterSettings(resources=LARGE, use=use)
    assert cluster.name_for("gpaw", 0) == "large"
    assert cluster.name_for("gpaw", 1) == "small"
    assert cluster.name_for("chgnet", 2) == "large"
    assert cluster.name_for("chgnet", 0) == "default"
    assert cluster.name_for(None, None) == "default"
    assert cluster.name_for(None, 2) == "default"  # builds and analyses are no engine's work


def test_units_and_shares() -> None:
    one = Resources(cores=8, slots=4, walltime="90 min", memory="2 GiB")
    assert one.walltime == 5400
    assert one.memory == pytest.approx(2 * 2**30 / 10**6)
    assert one.cores_per_slot == 2
    assert one.at_a_time == 4


def test_jobs_that_share_devices_are_counted_by_device() -> None:
    assert Resources(cores=16, gpus=2, batch=8).at_a_time == 16
    shared = Resources(cores=4, slots=4, batch=3)
    assert (shared.at_a_time, shared.cores_per_slot) == (12, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  resources:\n    default: {cores: 3, slots: 2}", r"hebe.yaml:\d: .*slots: 3 cores cannot be shared evenly"),
        ("  resources:\n    big: {}", r"hebe.yaml:\d: .*resources: there are no resources called 'default'"),
        ("  use: {gpaw: dft}", r"hebe.yaml:\d: .*'dft'.*did you mean default"),
        ("  use: {gpaw-stage-1: default}", "cannot read 'gpaw-stage-1' .*gpaw stage 1"),
        ("  scheduler: lsf", "scheduler"),
        ("  grace: 1 h", "leaves no time"),
        ("  uri: localhost", r"cluster.uri: expected a URI"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "hebe.yaml").write_text(f"cluster:\n{text}\n")
    with pytest.raises(BadInputError, match=message):
        get_settings(tmp_path)
