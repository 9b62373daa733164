"""Electrodes by name or formula: compositions that a solid electrolyte is in contact with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from hebe.config.model import ConfigModel
from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.exceptions import BadInputError
from hebe.science.chemistry.formula import parse_formula

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE: Final = "electrodes.yaml"


class ElectrodeFile(ConfigModel):
    """Formulas by name, by working ion."""

    electrodes: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Electrode:
    """An electrode: its name, its formula, and the amounts of its elements."""

    name: str
    formula: str
    amounts: Mapping[str, float]
