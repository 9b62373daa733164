"""A project whose store holds candidates with synthetic values: no property of any material."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.campaigns.loading import load_campaign
from hebe.schemas.candidate import CandidateDoc
from hebe.schemas.result import Value
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.space import CompositionSpace
from hebe.stores.factory import open_store
from support.mixture_truth import Described

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.config.campaign import Campaign
    from hebe.science.chemistry.walking import Rows
    from hebe.science.learning.gaussian_process import Array

CAMPAIGN: Final = """\
name: synthetic
host:
  family: layered-o3
  working_ion: Na
  sublattices:
    TM:
      species: {Fe: [3], Mn: [3, 4], Ni: [2], Ti: [4], Mg: [2], Cu: [2], Co: [3]}
      n_species: 3..5
      grid: 12
filters: {exclude: [Cu]}
select: {method: diverse, n: 6, seed: 1}
structures: {cations: 12, per_candidate: 3, seed: 3}
stages:
  - {engine: chgnet, x: [1, 1/2], analyses: [voltage, volume_strain]}
rank: {maximize: [average_voltage], minimize: [max_volume_strain]}
"""


def voltage(described: Described, rows: Rows) -> Array:
    """Synthetic voltage (V) of rows."""
    return 3.2 + 0.3 * described.truth(rows, 0)


def strain(described: Described, rows: Rows) -> Array:
    """Synthetic relative change of volume of rows."""
    return np.asarray(np.exp(-3.5 + 0.4 * described.truth(rows, 1)))


def synthetic_project(folder: Path, n: int = 30, seed: int = 5) -> tuple[Campaign, Rows]:
    """Project with a campaign file and `n` computed candidates; the campaign, and their rows."""
    path = folder / "synthetic.yaml"
    path.write_text(CAMPAIGN)
    campaign = load_campaign(path)
    described = Described(CompositionSpace.from_campaign(campaign))
    copper = [column.element for column in described.space.columns].index("Cu")
    rows = described.space.sample(4 * n, seed)
    rows = np.random.default_rng(seed).permutation(rows[rows[:, copper] == 0])[:n]
    with closing(open_store(folder)) as store:
        for number, document in enumerate(synthetic_documents(described, rows, seed)):
            body = {"metadata": {"campaign": "synthetic"}, "output": document.model_dump(mode="json")}
            store.docs_store.update([{"uuid": f"job-{number}", "index": 1, **body}], key=["uuid", "index"])
    return campaign, rows


def synthetic_documents(described: Described, rows: Rows, seed: int = 5) -> list[CandidateDoc]:
    """Documents of computed rows."""
    values, strains = voltage(described, rows), strain(described, rows)
    return [
        _document(described.space, row, float(values[number]), float(strains[number]), seed + number)
        for number, row in enumerate(rows.tolist())
    ]


def _document(space: CompositionSpace, row: list[int], volts: float, change: float, seed: int) -> CandidateDoc:
    candidate = make_candidate(space, space.composition(row))
    assert candidate is not None
    noise = np.random.default_rng(seed).normal(size=2)
    values = {
        "average_voltage": Value(mean=volts + 0.005 * noise[0], sd_configurations=0.0087, n=3),
        "max_volume_strain": Value(mean=change + 0.0003 * noise[1], sd_configurations=0.0005, n=3),
    }
    return CandidateDoc(
        candidate_id=candidate.candidate_id,
        campaign="synthetic",
        status="complete",
        formula=candidate.composition.formula,
        family="layered-o3",
        working_ion="Na",
        x_made=1.0,
        composition=candidate.species,
        entropy_R=candidate.entropy_R,
        engine="chgnet",
        energy_scale="chgnet-0.3.0",
        values=values,
        results={"voltage": [{}], "volume_strain": [{}]},
        calculations={},
    )
