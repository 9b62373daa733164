"""Metals of the working ions, to which voltages refer."""

from __future__ import annotations

from functools import cache
from importlib import resources

from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.science.hulls.competing import load_phases
from hebe.science.hulls.phase import Phase, PhaseFile


@cache
def working_metals() -> dict[str, Phase]:
    """Element -> its metal: those among the competing phases, and those of ``working_metals.yaml``."""
    name = "working_metals.yaml"
    content = (resources.files("hebe.science.hulls") / name).read_bytes()
    brought = load_model(PhaseFile, parse_yaml(content, file=name)).all()
    elements = (phase for phase in load_phases() if phase.kind == "element")
    return {next(iter(phase.elements)): phase for phase in (*brought, *elements)}
