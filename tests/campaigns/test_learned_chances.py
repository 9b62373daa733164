"""Probabilities are learned in probits, and predicted, constrained and told as probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.analyses.constraint import Constraint
from hebe.analyses.learning import acquisition_of, learn_from, prediction, proposal
from hebe.analyses.registry import objectives_of
from hebe.campaigns.learning import propose
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.measured import read_measured
from hebe.config.reading.refusal import campaign_source
from hebe.exceptions import BadInputError
from hebe.schemas.result import Value
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.choosing.ranking import Objective
from hebe.science.learning.chance import probit, share
from hebe.science.learning.proposing import pick
from support.learned_project import synthetic_documents, synthetic_project
from support.mixture_truth import Described

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign
    from hebe.science.chemistry.walking import Rows


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Campaign, Rows]:
    return synthetic_project(tmp_path_factory.mktemp("learned"))


def test_chances_are_learned_in_probits_and_said_as_probabilities(project: tuple[Campaign, Rows]) -> None:
    """Synthetic chances, many of them certain: predictions stay between 0 and 1, and a limit is where it was asked."""
    campaign, rows = project
    described, name = Described(CompositionSpace.from_campaign(campaign)), "formation_probability"
    truth = described.truth(rows, 0)
    chances = np.where(truth > 0.7, 1.0, np.where(truth < -0.7, 0.0, share(0.0) + 0.4 * truth))
    documents = [
        one.model_copy(update={"values": {**one.values, name: Value(mean=float(chance))}})
        for one, chance in zip(synthetic_documents(described, rows), chances, strict=True)
    ]
    learned = learn_from(campaign, documents, ["average_voltage", name])
    found = learned.quantities[name]
    assert found.unit == "probit"
    by_id = dict(zip((one.candidate_id for one in documents), chances.tolist(), strict=True))
    assert found.values == pytest.approx([probit(by_id[key]) for key in found.candidates])
    assert max(np.abs(found.values)) == pytest.approx(probit(0.995))
    said = [prediction(learned, name, one.composition, refuses=False) for one in documents]
    ends = np.array([(one.low, one.mean, one.high) for one in said], dtype=float)
    assert ends.min() >= 0
    assert ends.max() <= 1
    assert (np.diff(ends, axis=1) > 0).all()
    assert np.corrcoef(ends[:, 1], chances)[0, 1] > 0.9

    objectives = objectives_of(campaign.rank, campaign.stages[0].analyses)[:1]
    limits = [Constraint.parse("formation_probability > 0.8")]
    acquisition = acquisition_of(campaign, learned, objectives, limits, {})
    assert acquisition.limits[0].most == pytest.approx(-probit(0.8))
    chosen = pick(campaign, learned.study, acquisition, [], 3)
    document = proposal(campaign, learned, acquisition, chosen, limits)
    for one in document.candidates:
        median = one.predicted[name].mean
        assert median is not None
        assert (one.probability > 0.5) == (median > 0.8)


def test_what_was_made_is_told_as_1_and_0(project: tuple[Campaign, Rows], tmp_path: Path) -> None:
    """Outcomes of a bench pull the chances of what was made, and of its like, their way."""
    campaign, rows = project
    described, name = Described(CompositionSpace.from_campaign(campaign)), "formation_probability"
    documents = synthetic_documents(described, rows)
    chances = 0.5 + 0.2 * np.tanh(described.truth(rows, 0))
    documents = [
        one.model_copy(update={"values": {name: Value(mean=float(chance))}})
        for one, chance in zip(documents, chances, strict=True)
    ]
    order = np.argsort(chances)
    made = [(documents[at], int(at in order[-4:])) for at in (*order[:4], *order[-4:])]
    lines = [f"formula, {name}", *(f"{one.formula}, {formed}" for one, formed in made)]
    (tmp_path / "made.csv").write_text("\n".join(lines), encoding="utf-8")
    cells = read_measured(campaign, tmp_path / "made.csv")
    plain, told = learn_from(campaign, documents, [name]), learn_from(campaign, documents, [name], cells)
    assert len(told.quantities[name].measured) == 8
    for one, formed in made:
        before, after = (prediction(part, name, one.composition, refuses=False).mean for part in (plain, told))
        assert before is not None
        assert after is not None
        assert 0 <= after <= 1
        assert abs(after - formed) < abs(before - formed)


def test_a_chance_that_is_ranked_by_has_its_reference_as_a_probability(project: tuple[Campaign, Rows]) -> None:
    campaign, rows = project
    described, name = Described(CompositionSpace.from_campaign(campaign)), "formation_probability"
    chances = 0.5 + 0.4 * np.tanh(described.truth(rows, 1))
    documents = [
        one.model_copy(update={"values": {name: Value(mean=float(chance))}})
        for one, chance in zip(synthetic_documents(described, rows), chances, strict=True)
    ]
    learned = learn_from(campaign, documents, [name])
    objectives = [Objective(name, maximize=True)]
    free = acquisition_of(campaign, learned, objectives, [], {})
    document = proposal(campaign, learned, free, pick(campaign, learned.study, free, [], 1))
    edge = document.reference[name]
    assert edge == pytest.approx(float(np.median(chances)), abs=0.1)
    again = acquisition_of(campaign, learned, objectives, [], {name: edge})
    assert again.reference == pytest.approx(free.reference)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("> 80", "formation_probability > 0.8 or formation_probability > 80 %"),
        ("> 0.999", "from 0.005 to 0.995"),
        ("< 0", "from 0.005 to 0.995"),
        (">= 100 %", "from 0.005 to 0.995"),
        ("> -0.5", "from 0.005 to 0.995"),
        ("> 1000", "from 0.005 to 0.995"),
    ],
)
def test_probabilities_that_nothing_is_known_to_have_are_refused(
    project: tuple[Campaign, Rows], tmp_path: Path, text: str, hint: str
) -> None:
    campaign, _ = project
    constraint = f"formation_probability {text}"
    with pytest.raises(BadInputError) as caught:
        propose(campaign, 1, [constraint])
    assert hint in str(caught.value.suggestion)
    source = Path(str(campaign_source(campaign).file)).read_text()
    select = f"{{method: learn, batch: 3, rounds: 2, where: ['{constraint}']}}"
    source = source.replace("{method: diverse, n: 6, seed: 1}", select)
    (tmp_path / "refused.yaml").write_text(source.replace("volume_strain]", "volume_strain, mixing]"))
    with pytest.raises(BadInputError) as caught:
        load_campaign(tmp_path / "refused.yaml")
    assert hint in str(caught.value.suggestion)
    assert caught.value.line == 1 + [constraint in line for line in source.splitlines()].index(True)


@pytest.mark.parametrize(("text", "value"), [("> 0.8", 0.8), ("> 80 %", 0.8), ("< 99.5 %", 0.995), (">= 0.5 %", 0.005)])
def test_other_probabilities_are_taken(text: str, value: float) -> None:
    assert Constraint.parse(f"formation_probability {text}").value == pytest.approx(value)
