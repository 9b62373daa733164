"""How long jobs of a campaign are expected to take beside each other, before any has run: for the time that is left.

The seconds are those of one core with the default engine; a launch corrects them kind by kind by what it measures. What
matters is that a relaxation takes a hundred times as long as an analysis, and grows with its cell.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

import orjson

from hebe.config.engines import EngineBlock
from hebe.flows.estimate import atoms_of
from hebe.makers.build import BuildMaker
from hebe.makers.calculation import CalculationMaker
from hebe.makers.vibrations import VibrationMaker

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobflow import Job

    from hebe.config.campaign import Campaign

EVALUATIONS: Final = {"host": 14.0, "phase": 5.0}
"""Of a relaxation: means over cells of the host and over competing phases of the quick example."""
_EVALUATION_S: Final = 0.012
_ATOM_S: Final = 0.0011
"""Of an evaluation, and of an evaluation for each atom, with CHGNet."""
_COSTLY: Final = 1000.0
"""How much longer an evaluation of density-functional theory takes, to an order of magnitude."""
_DISPLACEMENTS: Final = 30
_BUILD_S: Final = 0.15
_OTHER_S: Final = 0.03


def expectations(campaign: Campaign) -> Callable[[Job], tuple[str, float]]:
    """What says of a job of a campaign of which kind it is and how long one is expected to take (s)."""
    return partial(_expected, campaign.structures.cations)


@lru_cache(maxsize=64)
def _engine(block: bytes) -> tuple[str, bool]:
    """Name of an engine, and whether it is costly, from its block, of which thousands of jobs have the same few."""
    found = EngineBlock.model_validate(orjson.loads(block))
    return found.title, found.traits.costly


def _expected(cations: int, job: Job) -> tuple[str, float]:
    maker = job.maker
    name = type(maker).__name__
    if isinstance(maker, CalculationMaker):
        atoms = atoms_of(job, cations)
        again = "again" if job.function_kwargs.get("starts") or job.function_kwargs.get("previous") else "first"
        called, costly = _engine(orjson.dumps(maker.engine, default=repr))
        of = "phase" if maker.family is None else "host"
        number = 1.0 if maker.task.identity()["task"] == "static" else EVALUATIONS[of]
        seconds = number * (_EVALUATION_S + _ATOM_S * atoms) * (_COSTLY if costly else 1.0)
        return f"{name} {called} {of} {again} {round(2 * math.log2(atoms))}", seconds
    if isinstance(maker, VibrationMaker):
        return name, _DISPLACEMENTS * (_EVALUATION_S + _ATOM_S * atoms_of(job, cations))
    return name, _BUILD_S if isinstance(maker, BuildMaker) else _OTHER_S
