"""What a project's results teach: errors, predictions and their refusal, proposals, measured values."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.analyses.learning import acquisition_of, learn_from
from hebe.analyses.registry import objectives_of
from hebe.campaigns.learning import Data, learn, predict, propose
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.measured import read_measured
from hebe.campaigns.models import keep_models, kept_models
from hebe.cli.main import main
from hebe.exceptions import BadInputError
from hebe.launchers.records import Records
from hebe.schemas.learned import LearnedDoc
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.learning.hypervolume import hypervolume
from hebe.science.learning.study import Seen, Study
from hebe.stores.factory import open_collection, open_store
from support.learned_project import CAMPAIGN, strain, synthetic_documents, synthetic_project, voltage
from support.mixture_truth import Described

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.config.campaign import Campaign
    from hebe.science.chemistry.walking import Rows

HEAD = "formula, average_voltage (mV), note\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("learned")


@pytest.fixture(scope="module")
def project(folder: Path) -> tuple[Campaign, Rows]:
    return synthetic_project(folder)


def table(folder: Path, text: str, name: str = "cells.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_models_are_documents_with_the_ids_of_their_data(project: tuple[Campaign, Rows], folder: Path) -> None:
    campaign, rows = project
    document = learn(campaign)
    found = document.quantities["average_voltage"]
    assert found.unit == "V"
    assert len(found.candidates) == len(rows) == 30
    assert sorted(document.jobs) == sorted(f"job-{number}" for number in range(30))
    assert found.candidates == sorted(found.candidates)
    assert found.errors == pytest.approx([0.0087 / np.sqrt(3)] * 30, rel=1e-6)
    assert found.rmse is not None
    assert found.spread is not None
    assert found.rmse < 0.6 * found.spread
    with closing(open_store(folder)) as store, closing(open_collection(store, "models", "key")) as models:
        kept = models.query_one({"key": document.key})
    assert kept is not None
    assert LearnedDoc.model_validate(kept) == document
    assert learn(campaign).key == document.key


def test_predictions_hold_and_those_far_away_are_refused(project: tuple[Campaign, Rows]) -> None:
    campaign, _ = project
    space = CompositionSpace.from_campaign(campaign)
    described = Described(space)
    copper = [column.element for column in space.columns].index("Cu")
    rows = space.sample(60, 77)
    near, far = rows[rows[:, copper] == 0][:12], rows[rows[:, copper] >= 4][:2]
    formulas = [space.composition(row).formula for row in near.tolist()]
    found = predict(campaign, formulas)
    means = np.array([found[formula]["average_voltage"].mean for formula in formulas])
    truth = voltage(described, near)
    assert np.sqrt(np.mean((means - truth) ** 2)) < 0.6 * truth.std()
    for row in far.tolist():
        formula = space.composition(row).formula
        one = predict(campaign, [formula])[formula]["average_voltage"]
        assert one.mean is None
        assert "Cu2+ on TM" in str(one.refused)


def test_other_contents_of_the_working_ion_are_not_predicted(project: tuple[Campaign, Rows]) -> None:
    with pytest.raises(BadInputError, match="has 2/3 Na, the compositions of the space 1"):
        predict(project[0], ["Na2/3Ni1/3Mn2/3O2"])


def test_proposals_are_new_pass_the_filters_and_are_the_same_again(project: tuple[Campaign, Rows]) -> None:
    campaign, rows = project
    found = propose(campaign, 4)
    space = CompositionSpace.from_campaign(campaign)
    known = {space.composition(row).candidate_id for row in rows.tolist()}
    assert len(found.candidates) == len({one.candidate_id for one in found.candidates} - known) == 4
    assert not any("Cu" in one.formula for one in found.candidates)
    assert found.looked_at < found.of == 3395
    assert found.objectives == {"average_voltage": "maximize", "max_volume_strain": "minimize"}
    assert [one.gain for one in found.candidates] == sorted((one.gain for one in found.candidates), reverse=True)
    assert propose(campaign, 4) == found


def test_what_earlier_versions_of_the_file_left_is_not_learned_from(
    project: tuple[Campaign, Rows], folder: Path
) -> None:
    current = sorted(f"job-{number}" for number in range(20))
    with closing(open_store(folder)) as store, closing(Records.beside(store.docs_store, folder)) as records:
        records.store.update({"uuid": "jobs of synthetic", "index": 0, "status": "jobs", "uuids": current}, key="uuid")
        try:
            assert sorted(learn(project[0], curve=False).jobs) == current
        finally:
            records.store.remove_docs({"uuid": "jobs of synthetic"})


def test_the_models_that_are_kept_of_a_campaign_are_those_that_know_most_of_it(
    project: tuple[Campaign, Rows], folder: Path
) -> None:
    whole = learn(project[0], curve=False)
    part = LearnedDoc(key="z", campaign="synthetic", family="f", jobs=["job-3", "new"])
    with closing(open_store(folder)) as store:
        for one in (part, part.model_copy(update={"key": "y", "campaign": "other", "jobs": whole.jobs * 2})):
            keep_models(store, one)
        with closing(open_collection(store, "models", "key")) as models:
            models.update([{"key": "damaged", "campaign": "synthetic", "stage": 0, "jobs": 3}], key="key")
        known = [kept_models(store, "synthetic", jobs) for jobs in ((), ["job-3", "job-4"], ["job-3", "new"], ["gone"])]
        assert kept_models(store, "nobody") is None
    assert [one.key if one else None for one in known] == [whole.key, whole.key, "z", None]


def test_what_failed_is_no_part_of_the_front(project: tuple[Campaign, Rows]) -> None:
    """The best of the space, failed or with one of two values: neither front nor reference know it."""
    campaign, rows = project
    described = Described(CompositionSpace.from_campaign(campaign))
    others = np.array([row for row in described.space.sample(400, 9).tolist() if row not in rows.tolist()])
    best = others[[int(np.argmax(voltage(described, others)))]]
    names = ["average_voltage", "max_volume_strain"]
    objectives = objectives_of(campaign.rank, campaign.stages[0].analyses)
    known, (last,) = synthetic_documents(described, rows), synthetic_documents(described, best)
    failed = last.model_copy(update={"status": "failed"})
    partial = last.model_copy(update={"values": {names[1]: last.values[names[1]]}})
    found = {}
    for name, more in (("none", []), ("failed", [failed]), ("partial", [partial])):
        learned = learn_from(campaign, [*known, *more], names)
        found[name] = acquisition_of(campaign, learned, objectives, [], {})
        assert len(learned.study.known) == len(rows) + len(more), "it is taken"
        assert len(found[name].costs) == len(rows)
    assert found["failed"].reference == pytest.approx(found["none"].reference, rel=1e-3)
    assert found["partial"].reference[0] == pytest.approx(found["none"].reference[0], rel=1e-3)


def test_what_needs_no_luck_is_the_growth_of_the_hypervolume_by_what_is_predicted(
    project: tuple[Campaign, Rows],
) -> None:
    campaign, rows = project
    documents = synthetic_documents(Described(CompositionSpace.from_campaign(campaign)), rows)
    objectives = objectives_of(campaign.rank, campaign.stages[0].analyses)
    learned = learn_from(campaign, documents, [one.name for one in objectives])
    acquisition = acquisition_of(campaign, learned, objectives, [], {})
    found = propose(campaign, 5).candidates
    costs, before = acquisition.costs, hypervolume(acquisition.costs, acquisition.reference)
    grown = []
    for one in found:
        told = [aim.sign * (one.predicted[aim.name].mean or 0.0) for aim in acquisition.aims]
        costs = np.vstack([costs, told])
        after = hypervolume(costs, acquisition.reference)
        grown.append(after - before)
        before = after
        assert one.gain_as_predicted is not None
        assert 0 <= one.gain_as_predicted <= one.gain
    assert max(grown) > 0
    assert [one.gain_as_predicted for one in found] == pytest.approx(grown, rel=1e-6, abs=1e-12)


def test_keys_tell_values_campaigns_stages_and_spaces_apart(project: tuple[Campaign, Rows]) -> None:
    campaign, rows = project
    space = CompositionSpace.from_campaign(campaign)
    documents, names = synthetic_documents(Described(space), rows), ["average_voltage"]
    seen = [Seen(one.candidate_id, one.composition, 3.1 + 0.01 * n, 0.01) for n, one in enumerate(documents[:6])]
    other = [replace(seen[0], value=3.2), *seen[1:]], [replace(seen[0], error=0.02), *seen[1:]]
    keys = [learn_from(campaign, documents, names, {names[0]: part}).key for part in (seen, *other)]
    keys += [learn_from(campaign.model_copy(update={"name": "b"}), documents, names, {names[0]: seen}).key]
    staged = [one.model_copy(update={"stage": 1}) for one in documents]
    keys += [learn_from(campaign, staged, names, {names[0]: seen}).key]
    spec = campaign.host.sublattices["TM"].model_copy(update={"grid": 6})
    host = campaign.host.model_copy(update={"sublattices": {"TM": spec}})
    keys += [learn_from(campaign.model_copy(update={"host": host}), documents, names, {names[0]: seen}).key]
    assert len(set(keys)) == len(keys)
    assert learn_from(campaign, documents, names, {names[0]: seen}).key == keys[0]


def test_constraints_are_kept_with_their_probability(project: tuple[Campaign, Rows]) -> None:
    campaign, _ = project
    strict = propose(campaign, 4, ["max_volume_strain < 2.5 %"])
    assert strict.constraints == ["max_volume_strain < 0.025"]
    for one in strict.candidates:
        mean = one.predicted["max_volume_strain"].mean
        assert mean is not None
        assert (one.probability > 0.5) == (mean < 0.025)
    with pytest.raises(BadInputError, match="average_voltage is in V, got '%'"):
        propose(campaign, 1, ["average_voltage > 3 %"])
    with pytest.raises(BadInputError, match="no quantity is called 'avrage_voltage'"):
        propose(campaign, 1, ["avrage_voltage > 3"])


def test_rows_of_documents_are_those_of_the_space(project: tuple[Campaign, Rows]) -> None:
    space = CompositionSpace.from_campaign(project[0])
    study = Study(space, [])
    for row in space.sample(50, 3).tolist():
        candidate = make_candidate(space, space.composition(row))
        assert candidate is not None
        assert study.row_of(candidate.species) == tuple(row)
    made = {"Na1+": 1.0}
    assert study.row_of({"A": made, "TM": {"Fe3+": 0.5, "Co3+": 0.5}}) is not None
    assert study.row_of({"A": {"Na1+": 0.5}, "TM": {"Fe3+": 0.5, "Co3+": 0.5}}) is None
    assert study.row_of({"A": made, "TM": {"Zr4+": 1.0}}) is None
    assert study.row_of({"A": made, "TM": {"Fe3+": 0.51, "Co3+": 0.49}}) is None


def test_measured_values_are_read_with_units_gaps_and_repeats(project: tuple[Campaign, Rows], folder: Path) -> None:
    text = (
        "\ufeff# cells of spring\nformula, average_voltage (mV), max_volume_strain (%), note\n"
        "NaFe1/2Co1/4Ni1/8Ti1/8O2, 3100, 2.0, a\n\nNaFe1/2Co1/4Ni1/8Ti1/8O2, 3140, , again\n"
        "NaFe1/3Co1/3Mn1/3O2, 3300, n/a,\n"
    )
    found = read_measured(project[0], table(folder, text))
    first, second = found["average_voltage"]
    assert first.value == pytest.approx(3.12)
    assert first.error == pytest.approx(0.02)
    assert second.error == pytest.approx(0.02 * np.sqrt(2)), "the scatter of those that were repeated"
    assert [one.value for one in found["max_volume_strain"]] == [pytest.approx(0.02)]


def test_semicolons_decimal_commas_and_deviations(project: tuple[Campaign, Rows], folder: Path) -> None:
    text = "formula;average_voltage_V;average_voltage sd [mV]\nNaFe1/3Co1/3Mn1/3O2;3,25;30\n"
    (one,) = read_measured(project[0], table(folder, text))["average_voltage"]
    assert [one.value, one.error] == pytest.approx([3.25, 0.03])


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (HEAD + "NaFe1/3Co1/3Mn1/3O2, 3.2 V, \n", 2, "expected a number, got '3.2 V'"),
        (HEAD + "NaFe1/3Co1/3Mn1/3O2, 3200,\nNaFe1/3Co1/3Xx1/3O2, 3200,\n", 3, "Xx"),
        (HEAD + "NaFe1/3Co1/3Mn1/3O2, inf,\n", 2, "expected a number, got 'inf'"),
        (HEAD + "NaFe1/3Co1/3Mn1/3O2, 1_000,\n", 2, "expected a number"),
        (HEAD + "NaFe1/3Co1/3Mn1/3O2\n", 2, "1 fields, expected at least 2"),
        (HEAD + "NaFe1/3Co1/3Mn1/3O2, , x\n", 2, "no value"),
        (HEAD + "NaTi1/2Co1/2O2, 3200,\n", 2, "cannot be charge-neutral"),
        (HEAD + "Na2/3Ni1/3Mn2/3O2, 3200,\n", 2, "has 2/3 Na, the compositions of the space 1"),
        ("average_voltage (mV)\n3200\n", 1, "expected one column formula or candidate_id"),
        ("formula, average_voltage (K)\n", 1, "average_voltage is in V, got 'K'"),
        ("formula, migration_barrier (eV/atom)\n", 1, "migration_barrier is in eV, got 'eV/atom'"),
        ("formula, averge_voltage (V)\n", 1, "did you mean 'average_voltage'|average_voltage"),
        ("formula, average_voltage, average_voltage (mV)\n", 1, "there twice"),
        ("formula, average_voltage sd (mV)\n", 1, "no column holds average_voltage itself"),
        ('formula, average_voltage\n"NaFe1/3Co1/3Mn1/3O2, 3\n', 2, "no table"),
        ("candidate_id, average_voltage\nlayered-o3-0, 3\n", 2, "no candidate is called 'layered-o3-0'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(
    project: tuple[Campaign, Rows], folder: Path, text: str, line: int, reason: str
) -> None:
    path = table(folder, text, "bad.csv")
    with pytest.raises(BadInputError, match=reason) as caught:
        read_measured(project[0], path)
    assert (caught.value.file, caught.value.line) == (str(path), line)


def test_a_bench_closes_the_loop(project: tuple[Campaign, Rows], folder: Path) -> None:
    """Cells that are 0.2 V above what is computed: predictions follow them."""
    campaign, rows = project
    space = CompositionSpace.from_campaign(campaign)
    described, some = Described(space), rows[:8]
    lines = [
        f"{space.composition(row).formula}, {1000 * (value + 0.2):.1f},"
        for row, value in zip(some.tolist(), voltage(described, some), strict=True)
    ]
    data = Data(measured=table(folder, HEAD + "\n".join(lines) + "\n", "bench.csv"))
    found = learn(campaign, data).quantities["average_voltage"]
    assert len(found.measured) == 8
    formula = space.composition(rows[10].tolist()).formula
    before, after = (predict(campaign, [formula], one)[formula]["average_voltage"].mean for one in (None, data))
    assert after is not None
    assert before is not None
    assert after - before == pytest.approx(0.2, abs=0.05)
    assert len(propose(campaign, 2, (), data).candidates) == 2
    few = Data(measured=table(folder, HEAD + "\n".join(lines[:3]) + "\n", "few.csv"))
    assert "3 values are too few" in learn(campaign, few).remarks[0]


def test_a_bench_alone_is_enough(tmp_path: Path) -> None:
    """Nothing is computed: what was measured says what to make next."""
    path = tmp_path / "synthetic.yaml"
    path.write_text(CAMPAIGN)
    campaign = load_campaign(path)
    space = CompositionSpace.from_campaign(campaign)
    rows = space.sample(12, 3)
    described = Described(space)
    columns = zip(rows.tolist(), voltage(described, rows), strain(described, rows), strict=True)
    lines = [f"{space.composition(row).formula}, {volts:.4f}, {100 * change:.4f}" for row, volts, change in columns]
    text = "formula, average_voltage (V), max_volume_strain (%)\n" + "\n".join(lines)
    found = propose(campaign, 3, (), Data(measured=table(tmp_path, text)))
    assert len(found.candidates) == 3
    assert not {one.candidate_id for one in found.candidates} & {
        space.composition(row).candidate_id for row in rows.tolist()
    }
    with pytest.raises(BadInputError, match="there is no store yet"):
        propose(campaign, 3)


def test_other_campaigns_must_be_computed_alike_and_there(project: tuple[Campaign, Rows]) -> None:
    with pytest.raises(BadInputError, match="no candidate of other is computed"):
        learn(project[0], Data(others=("other",)))
    with pytest.raises(BadInputError, match="has no stage 2"):
        learn(project[0], Data(stage=2))


def test_commands_print_what_was_learned(
    project: tuple[Campaign, Rows], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(folder / f"{project[0].name}.yaml")
    assert main(["learn", path]) == 0
    text = capsys.readouterr().out
    assert "average_voltage with 10 % more of an ion" in text
    assert main(["learn", path, "--json"]) == 0
    one = json.loads(capsys.readouterr().out)["quantities"]["average_voltage"]
    assert one["rmse"] > 0
    bars = {step["n"]: step["rmse"] for step in one["learning_curve"]} | {"spread": one["spread"]}
    assert bars.keys() == {8, 16, "spread"}
    _, _, curve = text.partition("average_voltage: error (V) of the others after a number of candidates\n")
    for (label, value), line in zip(bars.items(), curve.splitlines(), strict=False):
        name, printed, *bar = line.split()
        assert (name, printed) == (str(label), f"{value:.3g}")
        assert len("".join(bar)) == round(40 * value / max(bars.values()))
    assert main(["learn", path, "--predict", "NaFe1/3Co1/3Mn1/3O2"]) == 0
    assert "average_voltage" in capsys.readouterr().out
    assert main(["propose", path, "-n", "2", "--where", "max_volume_strain < 3 %", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["candidates"]) == 2
    assert main(["propose", path, "-n", "2"]) == 0
    assert "Scored" in capsys.readouterr().out
    assert main(["propose", path, "--measured", "nowhere.csv"]) == 2
    assert "cannot be read" in capsys.readouterr().err
