"""A campaign file is read whole or refused with file, line, key and what would do."""

from __future__ import annotations

import os
import pickle
from fractions import Fraction
from pathlib import Path

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.config.campaign import Campaign
from hebe.config.reading.refusal import bad_key, campaign_source
from hebe.exceptions import BadInputError
from support.broken_campaigns import BROKEN, GOOD, ROCKSALT, Broken

EXAMPLES = Path(__file__).parents[2] / "examples"


def write(folder: Path, text: str | bytes, name: str = "campaign.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.label)
def test_a_broken_file_is_refused_where_it_is_wrong(broken: Broken, tmp_path: Path) -> None:
    path = write(tmp_path, broken.data)
    with pytest.raises(BadInputError) as caught:
        load_campaign(path)
    error = caught.value
    assert error.file == str(path)
    assert error.key == broken.key
    if broken.line is not None:
        assert error.line == broken.line
    said = f"{error.reason} {error.suggestion or ''}"
    for word in broken.words:
        assert word in said
    assert len(error.message) < 1000
    assert error.message.isprintable()


def test_labels_of_broken_files_are_distinct() -> None:
    assert len({broken.label for broken in BROKEN}) == len(BROKEN)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_examples_load(path: Path) -> None:
    assert load_campaign(path).name == path.stem


def test_the_quick_example_means_what_it_says() -> None:
    campaign = load_campaign(EXAMPLES / "na-o3-quick.yaml")
    tm = campaign.host.sublattices["TM"]
    assert list(tm.species) == ["Ni", "Fe", "Mn", "Ti", "Cu", "Mg"]
    assert tm.species["Mn"] == (3, 4)
    assert tm.n_species is not None
    assert (tm.n_species.low, tm.n_species.high) == (5, 6)
    assert tm.fraction is not None
    assert (tm.fraction.low, tm.fraction.high) == (Fraction(1, 12), Fraction(1, 2))
    assert campaign.filters.order == ("entropy", "size_mismatch", "redox_compatible")
    assert campaign.filters.size_mismatch is not None
    assert campaign.filters.size_mismatch.max == 0.1
    assert campaign.stages[0].x == (Fraction(1), Fraction(2, 3), Fraction(1, 3))
    assert campaign.stages[0].engine.name == "chgnet"


def test_lines_of_a_loaded_campaign_are_those_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    campaign = load_campaign(path)
    assert campaign_source(campaign).file == str(path)
    text = GOOD.splitlines()
    for key, word in (
        (("host", "sublattices"), "sublattices:"),
        (("stages", 0, "window"), "window:"),
        (("rank", "minimize", 0), "mixing_temperature"),
    ):
        error = bad_key(campaign, key, "no", "try")
        assert error.line is not None
        assert word in text[error.line - 1]
        assert (error.file, error.reason, error.suggestion) == (str(path), "no", "try")


def test_a_key_that_was_not_written_has_the_line_around_it(tmp_path: Path) -> None:
    campaign = load_campaign(write(tmp_path, GOOD))
    error = bad_key(campaign, ("filters", "entropy", "max"), "no")
    assert (error.line, error.key) == (12, "filters.entropy.max")


def test_a_campaign_survives_its_own_json(tmp_path: Path) -> None:
    text = GOOD.replace("  entropy: {min: 1.5 R}\n", "").replace("select:", "  entropy: {min: 1.5}\nselect:")
    campaign = load_campaign(write(tmp_path, text))
    again = Campaign.model_validate_json(campaign.model_dump_json())
    assert again == campaign
    assert again.filters.order == ("size_mismatch", "entropy")
    assert campaign_source(again).file is None
    assert pickle.loads(pickle.dumps(campaign)) == campaign  # noqa: S301 - what was just made


def test_where_it_was_read_does_not_change_a_campaign(tmp_path: Path) -> None:
    one = load_campaign(write(tmp_path, GOOD, "one.yaml"))
    two = load_campaign(write(tmp_path, "# a comment\n\n" + GOOD, "two.yaml"))
    assert one == two
    assert one.model_dump() == two.model_dump()


def test_rock_salt_has_mixing_alone(tmp_path: Path) -> None:
    campaign = load_campaign(write(tmp_path, ROCKSALT))
    assert campaign.stages[0].analyses == ("mixing",)
    assert campaign_source(campaign).line(("stages", 0)) == 6


def test_a_window_may_end_at_what_a_formula_says_is_made(tmp_path: Path) -> None:
    text = GOOD.replace("diverse, n: 6, seed: 7", "explicit, formulas: [Na0.8Ni0.4Mn0.6O2]").replace(
        "1..1/3", "0.8..1/3"
    )
    campaign = load_campaign(write(tmp_path, text))
    assert campaign.stages[0].window is not None
    assert campaign.stages[0].window.high == Fraction(4, 5)


def test_yes_and_no_in_a_file(tmp_path: Path) -> None:
    for word, meant in (("true", True), ("false", False), ("yes", True), ("no", False)):
        text = GOOD.replace("filters:", f"filters:\n  redox_compatible: {word}")
        assert load_campaign(write(tmp_path, text)).filters.redox_compatible is meant


def test_one_valence_needs_no_list(tmp_path: Path) -> None:
    text = GOOD.replace("Ni: [2]", "Ni: 2").replace("Fe: [3]", "Fe: +3")
    assert load_campaign(write(tmp_path, text)) == load_campaign(write(tmp_path, GOOD, "good.yaml"))


def test_windows_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert load_campaign(write(tmp_path, data)) == load_campaign(write(tmp_path, GOOD, "good.yaml"))


def test_in_and_out(tmp_path: Path) -> None:
    text = GOOD.replace("filters:", "filters:\n  include: [Ni]\n  exclude: [Fe, Ni]")
    with pytest.raises(BadInputError, match="included and excluded") as caught:
        load_campaign(write(tmp_path, text))
    assert (caught.value.line, caught.value.key) == (13, "filters.exclude[1]")


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "na-o3.yaml")
    with pytest.raises(BadInputError, match="no such file") as caught:
        load_campaign(tmp_path / "na-03.yaml")
    assert caught.value.suggestion == f"did you mean {tmp_path / 'na-o3.yaml'}?"
    assert caught.value.file == str(tmp_path / "na-03.yaml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="got a folder"):
        load_campaign(tmp_path)


def test_a_path_through_a_file(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        load_campaign(write(tmp_path, GOOD) / "campaign.yaml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.chmod(0)
    with pytest.raises(BadInputError, match="cannot be read"):
        load_campaign(path)


def test_a_device_without_end() -> None:
    with pytest.raises(BadInputError, match="expected a regular file, got a device"):
        load_campaign("/dev/zero")
