"""The reference pages name every key that the code reads, and their examples are valid."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from hebe.config.campaign import Campaign
from hebe.config.cluster import ClusterSettings, Resources
from hebe.config.family import Family
from hebe.config.keep import Keep
from hebe.config.ranking import RANKABLE
from hebe.config.settings import Settings
from hebe.config.structures import CellFile
from hebe.config.units import FractionRange, IntRange
from hebe.config.yamlfile import load_model, parse_yaml

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_KEY_CELL = re.compile(r"^\| (`[^|]*`) \|", re.MULTILINE)


ONE_VALUE = (CellFile, FractionRange, IntRange, Keep)
"""Models that a file writes as one value, not as a block."""

NOT_WRITTEN = ("order", "crystal")
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


def test_settings_of_clusters_are_described() -> None:
    documented = keys("cluster.md")
    assert set(ClusterSettings.model_fields) | set(Resources.model_fields) <= documented


def test_settings_and_objectives_are_described() -> None:
    documented = keys("campaign-file.md")
    assert set(Settings.model_fields) <= documented
    assert set(RANKABLE) <= documented


def test_the_family_of_the_example_is_valid() -> None:
    (text,) = _BLOCK.findall((DOCS / "families.md").read_text(encoding="utf-8"))
    example = load_model(Family, parse_yaml(text.encode(), file="families.md"))
    assert example.mixed == ("M",)
    assert example.working_sublattice is None
