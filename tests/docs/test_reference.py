"""The reference pages name every key that the code reads, and their examples are valid."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from hebe.analyses.marks import mark_texts
from hebe.analyses.registry import all_quantities, own_analyses
from hebe.campaigns.contract import contract
from hebe.config.campaign import Campaign
from hebe.config.cluster import ClusterSettings, Resources
from hebe.config.engines import BUILT_IN, EngineBlock
from hebe.config.engines.base import FMAX, FMAX_COSTLY, block_of
from hebe.config.family import Family
from hebe.config.keep import Keep
from hebe.config.reading.units import FractionRange, IntRange
from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.config.settings import Settings
from hebe.config.stage import Departure
from hebe.config.structures import STARTS, CellFile
from support.candidate_documents import candidate

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_KEY_CELL = re.compile(r"^\| (`[^|]*`) \|", re.MULTILINE)


ONE_VALUE = (CellFile, FractionRange, IntRange, Keep)
"""Models that a file writes as one value, not as a block."""

NOT_WRITTEN = ("order", "crystal", "options", "text")
"""Fields that are filled when a file is read."""


def models(top: type[BaseModel], package: str) -> list[type[BaseModel]]:
    """`top` and all models of a package that its fields use."""
    found, queue = list[type[BaseModel]](), [top]
    while queue:
        model = queue.pop()
        if model in found:
            continue
        found.append(model)
        used = [hint for field in model.model_fields.values() for hint in mentioned(field.annotation)]
        queue += [
            m for m in used if isinstance(m, type) and issubclass(m, BaseModel) and m.__module__.startswith(package)
        ]
    return found


def mentioned(annotation: Any) -> list[Any]:
    """Every type that an annotation is made of."""
    parts = get_args(annotation)
    return [annotation, *(inner for part in parts for inner in mentioned(part))]


def keys(page: str) -> set[str]:
    """Keys in the first column of the tables of a page."""
    cells = _KEY_CELL.findall((DOCS / page).read_text(encoding="utf-8"))
    return {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize(
    ("page", "top", "package"),
    [("campaign-file.md", Campaign, "hebe.config"), ("families.md", Family, "hebe.config.family")],
)
def test_every_key_is_described(page: str, top: type[BaseModel], package: str) -> None:
    known = models(top, package)
    assert len(known) >= 6
    written = [(m, name) for m in known if m not in ONE_VALUE for name in m.model_fields if name not in NOT_WRITTEN]
    fields = {f"{m.__name__}.{name}" for m, name in written}
    documented = keys(page)
    assert not {field for field in fields if field.split(".")[1] not in documented}


@pytest.mark.parametrize("engine", BUILT_IN)
def test_every_key_of_an_engine_is_described(engine: str) -> None:
    fields = {name for model in models(block_of(engine), "hebe.config.engines") for name in model.model_fields}
    assert fields <= keys("campaign-file.md") | keys("engines.md")


def test_settings_of_clusters_are_described() -> None:
    documented = keys("cluster.md")
    assert set(ClusterSettings.model_fields) | set(Resources.model_fields) <= documented


def test_settings_and_objectives_are_described() -> None:
    documented = keys("campaign-file.md")
    assert set(Settings.model_fields) <= documented
    assert set(all_quantities(own_analyses())) <= documented


def row(page: str, key: str) -> list[str]:
    """Cells of the table row of a page that begins with a key."""
    text = (DOCS / page).read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith(f"| `{key}` |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize(
    ("key", "default"),
    [
        ("starts", f"{STARTS};"),
        ("fmax", f"{FMAX:g}; {FMAX_COSTLY:g} for"),
        ("steps", f"{EngineBlock.model_fields['steps'].default}"),
        ("check_minimum", "`true`; `false` for"),
    ],
)
def test_defaults_of_relaxations_are_those_of_the_code(key: str, default: str) -> None:
    assert row("campaign-file.md", key)[2].startswith(default)


def test_what_a_stage_can_accept_is_described() -> None:
    assert not [name for name in get_args(Departure) if f"`{name}`" not in row("campaign-file.md", "accept")[1]]
    assert not [name for name in get_args(Departure) if "`accept`" not in row("science.md", name)[2]]


def test_marks_are_described_with_their_letters() -> None:
    assert {name: row("science.md", name)[1] for name in mark_texts()} == {
        n: text.letter for n, text in mark_texts().items()
    }


def test_errors_beside_the_values_are_described() -> None:
    ends = ("_sd", "_sd_starts", "_error")
    names = {f"{name}{end}" for name in ("average_voltage_V", "max_volume_strain") for end in ends}
    wanted = {*names, "n_values", "marks", "states_left", "volume_strain_at_max", "results"}
    assert names <= set(contract(candidate()))
    assert wanted <= keys("cli.md")


def test_the_family_of_the_example_is_valid() -> None:
    (text,) = _BLOCK.findall((DOCS / "families.md").read_text(encoding="utf-8"))
    example = load_model(Family, parse_yaml(text.encode(), file="families.md"))
    assert example.mixed == ("M",)
    assert example.working_sublattice is None
