"""From the engine that a campaign names to one that calculates; made once per process and kept warm."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from hebe.config.abinit import AbinitSettings
from hebe.config.engine import ENGINES, EngineSpec
from hebe.config.gpaw import GPAWSettings
from hebe.config.vasp import VaspSettings
from hebe.engines.abinit import AbinitEngine
from hebe.engines.ase import ASEEngine
from hebe.engines.atomate2 import Atomate2Engine
from hebe.engines.chgnet import CHGNetEngine
from hebe.engines.gpaw import GPAWEngine
from hebe.engines.vasp import VaspEngine
from hebe.exceptions import BadInputError
from hebe.science.keys import canonical_json

if TYPE_CHECKING:
    from hebe.engines.protocol import Engine


def get_engine(spec: str | EngineSpec) -> Engine:
    """Engine of a name or of a campaign's engine block.

    Raises
    ------
    BadInputError
        If there is no such engine or its factory cannot be imported.
    """
    if isinstance(spec, str):
        if spec not in ENGINES:
            raise BadInputError(f"no engine is called {spec!r}", suggestion=f"known: {', '.join(ENGINES)}")
        spec = EngineSpec(name=spec)
    return _make(canonical_json(spec.model_dump(mode="json", exclude={"fmax", "steps", "check_minimum"})))


@cache
def _make(content: str) -> Engine:
    spec = EngineSpec.model_validate_json(content)
    if spec.ase is not None and spec.energy_scale is not None:
        return ASEEngine(spec.ase, spec.arguments, spec.energy_scale)
    if spec.name == "atomate2":
        return Atomate2Engine(spec.arguments, spec.energy_scale)
    if spec.name == "gpaw":
        return GPAWEngine(spec.preset or "screen", spec.settings if isinstance(spec.settings, GPAWSettings) else None)
    if spec.name == "abinit":
        settings = spec.settings if isinstance(spec.settings, AbinitSettings) else None
        return AbinitEngine(spec.preset or "screen", settings)
    if spec.name == "vasp":
        return VaspEngine(spec.preset or "mp-gga", spec.settings if isinstance(spec.settings, VaspSettings) else None)
    return CHGNetEngine()
