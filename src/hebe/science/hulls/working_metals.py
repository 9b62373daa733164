"""Elements: metals of the working ions, to which voltages refer, and those that compete with what holds no gas."""

from __future__ import annotations

from functools import cache
from importlib import resources
from itertools import chain
from typing import TYPE_CHECKING

from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.science.hulls.competing import GASES, load_phases, phase_files, shared_types
from hebe.science.hulls.phase import Phase, PhaseFile

if TYPE_CHECKING:
    from collections.abc import Collection


@cache
def working_metals() -> dict[str, Phase]:
    """Element -> its metal: those among the competing phases, and those of ``working_metals.yaml``."""
    elements = (phase for phase in load_phases() if phase.kind == "element")
    return {next(iter(phase.elements)): phase for phase in (*_read("working_metals.yaml"), *elements)}


@cache
def has_metal(element: str) -> bool:
    """Whether the package has the metal of an element; no more of its files are read than that takes."""
    own = ((name, _bytes(name)) for name in ("working_metals.yaml",))
    plain = (parse_yaml(content, file=name).data for name, content in chain(own, phase_files()))
    phases = (phase for data in plain for phase in data.get("phases") or ())
    return any(phase.get("kind") == "element" and phase.get("formula") == element for phase in phases)


def competing_elements(elements: Collection[str]) -> tuple[Phase, ...]:
    """Solid elements that compete with a candidate of those elements, sorted by id.

    None with oxygen or fluorine, because what is oxidised by a gas takes more of it before it leaves an element. The
    gases among the others (N2, Cl2) and bromine, which is liquid, are no phases.
    """
    if GASES & set(elements):
        return ()
    return tuple(phase for phase in element_phases() if phase.elements <= set(elements))


@cache
def element_phases() -> tuple[Phase, ...]:
    """All elements of the package, sorted by id: the metals of working ions and those of ``elements.yaml``."""
    found = (*working_metals().values(), *_read("elements.yaml"))
    return tuple(sorted(found, key=lambda phase: phase.id))


@cache
def package_phases() -> dict[str, Phase]:
    """Id -> phase: all that the package holds."""
    return {phase.id: phase for phase in (*load_phases(), *element_phases())}


def _read(name: str) -> tuple[Phase, ...]:
    return load_model(PhaseFile, parse_yaml(_bytes(name), file=name)).all(shared_types())


def _bytes(name: str) -> bytes:
    return (resources.files("hebe.science.hulls") / name).read_bytes()
