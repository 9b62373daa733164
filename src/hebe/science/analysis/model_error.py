"""Documented errors of engines on mixing enthalpies."""

from __future__ import annotations

from functools import cache
from importlib import resources

from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.config.yamlfile import load_model, parse_yaml


class ModelError(ConfigModel):
    """Root-mean-square error of one energy scale on mixing enthalpies (eV/atom), and how it was measured."""

    mixing_error: float = Field(gt=0)
    n: int = Field(ge=1)
    source: str


class ModelErrors(ConfigModel):
    """The file ``model_errors.yaml``: energy scale -> error."""

    scales: dict[str, ModelError]


@cache
def model_errors() -> dict[str, ModelError]:
    """Errors of the package by energy scale."""
    file = resources.files("hebe.science.analysis") / "model_errors.yaml"
    return load_model(ModelErrors, parse_yaml(file.read_bytes(), file="model_errors.yaml")).scales


def documented_error(energy_scale: str | None) -> float | None:
    """Error on mixing enthalpies (eV/atom) of an energy scale, None where none was measured."""
    found = model_errors().get(energy_scale or "")
    return None if found is None else found.mixing_error
