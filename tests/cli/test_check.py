"""hebe check sqs: one candidate in two sizes with a toy potential, and its mistakes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.campaigns.size_check import size_campaign
from hebe.cli.main import main
from hebe.exceptions import BadInputError
from hebe.science.chemistry.screening import screen
from support.campaigns import rocksalt

if TYPE_CHECKING:
    from pathlib import Path


def test_a_candidate_in_two_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = rocksalt(tmp_path, "Mg: [2], Ni: [2], Co: [2]")
    candidate = screen(load_campaign(path)).selected[0].candidate_id
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".hebe").mkdir()
    words = ["check", "sqs", candidate, str(path), "--sites", "2", "4", "--configurations", "1", "--workers", "1"]
    assert main([*words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["candidate_id"] == candidate
    assert [row["cations"] for row in document["sizes"]] == [2, 4]
    assert all(row["n_configurations"] == 1 for row in document["sizes"])


def test_the_campaign_of_a_size_has_the_candidate_alone(tmp_path: Path) -> None:
    campaign = load_campaign(rocksalt(tmp_path))
    candidate = screen(campaign).selected[3].candidate_id
    sized = size_campaign(campaign, candidate, 24, 3)
    assert sized.name == "rs-sqs24"
    assert [one.candidate_id for one in screen(sized).selected] == [candidate]
    assert (sized.structures.cations, sized.structures.per_candidate) == (24, 3)
    with pytest.raises(BadInputError, match="nearest: rocksalt-"):
        size_campaign(campaign, "rocksalt-0000000000", 24, 1)
