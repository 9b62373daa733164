"""Competing phases: ordered prototype structures as data files, and how completely they cover a system.

The files stand in ``phases/``.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.config.yamlfile import load_model, parse_yaml
from hebe.exceptions import BadInputError
from hebe.science.analysis.phase import KINDS, Kind, Phase, PhaseFile

if TYPE_CHECKING:
    from collections.abc import Collection

Grade = Literal["A", "B", "C", "D"]

_PACKAGE: Final = "hebe.science.analysis"
_COVERAGE_FILE: Final = "coverage_list.yaml"


class CoverageSystem(ConfigModel):
    """The oxides known in one chemical system (``Fe-Na-O``), reduced formulas."""

    system: str
    formulas: tuple[str, ...]
    sources: tuple[str, ...] = Field(min_length=1)

    @property
    def elements(self) -> frozenset[str]:
        """Elements of the system."""
        return frozenset(self.system.split("-"))


class CoverageFile(ConfigModel):
    """What a complete set of competing oxides would hold, and by which criterion it was drawn up."""

    criterion: str
    systems: tuple[CoverageSystem, ...]


@cache
def load_phases() -> tuple[Phase, ...]:
    """All phases of the data files, sorted by id.

    Raises
    ------
    BadInputError
        If a file does not fit the model, or an id stands twice.
    """
    phases: dict[str, Phase] = {}
    for name in sorted(entry.name for entry in (resources.files(_PACKAGE) / "phases").iterdir()):
        if not name.endswith(".yaml") or name == _COVERAGE_FILE:
            continue
        for phase in load_model(PhaseFile, parse_yaml(_read(name), file=name)).all():
            if phase.id in phases:
                raise BadInputError(f"the phase {phase.id} stands twice", file=name)
            phases[phase.id] = phase
    return tuple(phases[key] for key in sorted(phases))


def phases_within(elements: Collection[str], kinds: Collection[Kind] = KINDS) -> tuple[Phase, ...]:
    """Phases of those kinds all of whose elements are among `elements`, sorted by id."""
    wanted = frozenset(elements)
    return tuple(phase for phase in load_phases() if phase.kind in kinds and phase.elements <= wanted)


@cache
def load_coverage() -> CoverageFile:
    """Known oxides against which coverage is graded."""
    return load_model(CoverageFile, parse_yaml(_read(_COVERAGE_FILE), file=_COVERAGE_FILE))


def missing_formulas(
    elements: Collection[str], present: Collection[str], *, working_ion: str
) -> dict[str, tuple[str, ...]]:
    """Known oxides of a system that are not among the phases present.

    Parameters
    ----------
    elements
        Elements of the system.
    present
        Ids of phases, or formulas; an id counts as the formula of its phase.
    working_ion
        The element whose ternaries are counted as A-M-O.

    Returns
    -------
    dict
        Formulas as the list writes them, under ``binary``, ``A-M-O`` and ``M-M'-O``, in its order.
    """
    known, have = _listed(frozenset(elements), working_ion), _reduced_formulas(present)
    return {
        group: tuple(formula for formula in listed if _reduced(formula) not in have) for group, listed in known.items()
    }


def model_formulas(elements: Collection[str], present: Collection[str]) -> tuple[str, ...]:
    """Known oxides and fluorides of a system for which nothing but models of the package is among the phases present.

    Parameters
    ----------
    elements
        Elements of the system.
    present
        Ids of phases, or formulas; a formula counts as the published structure.
    """
    models = {phase.id for phase in load_phases() if phase.model}
    real, stands_in = (
        _reduced_formulas([entry for entry in present if (entry in models) is wanted]) for wanted in (False, True)
    )
    listed = {_reduced(formula) for group in _listed(frozenset(elements), "").values() for formula in group}
    return tuple(sorted((stands_in - real) & listed))


def unlisted_elements(elements: Collection[str]) -> tuple[str, ...]:
    """Elements of which the list holds no oxide, or no fluoride in a system with fluorine, sorted.

    Systems that hold them cannot be graded.
    """
    known = {system.elements for system in load_coverage().systems}
    anions = {"O", *({"F"} & set(elements))} if "O" in elements or "F" not in elements else {"F"}
    cations = set(elements) - anions
    return tuple(sorted(e for e in cations if any(frozenset((e, anion)) not in known for anion in anions)))


def coverage_grade(elements: Collection[str], present: Collection[str], *, working_ion: str) -> Grade:
    """How completely the phases present cover the known oxides of a system.

    Parameters
    ----------
    elements, present, working_ion
        As for `missing_formulas`.

    Returns
    -------
    str
        ``A``: all binaries and ternaries of the list, none of them by a model alone; ``B``: all binaries, all A-M-O
        and at least half of M-M'-O; ``C``: all binaries; ``D``: less, or the list knows no binary oxide of one of the
        elements. From ``B`` on, a model counts as what it stands for.
    """
    missing = missing_formulas(elements, present, working_ion=working_ion)
    if missing["binary"] or unlisted_elements(elements):
        return "D"
    if not any(missing.values()):
        return "B" if model_formulas(elements, present) else "A"
    mixed = _listed(frozenset(elements), working_ion)["M-M'-O"]
    return "B" if not missing["A-M-O"] and 2 * len(missing["M-M'-O"]) <= len(mixed) else "C"


def _read(name: str) -> bytes:
    return (resources.files(_PACKAGE) / "phases" / name).read_bytes()


def _listed(elements: frozenset[str], working_ion: str) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {"binary": [], "A-M-O": [], "M-M'-O": []}
    for system in load_coverage().systems:
        if system.elements <= elements:
            ternary = "A-M-O" if working_ion in system.elements else "M-M'-O"
            groups["binary" if len(system.elements) == 2 else ternary].extend(system.formulas)
    return {name: tuple(formulas) for name, formulas in groups.items()}


def _reduced_formulas(present: Collection[str]) -> set[str]:
    formula_of = {phase.id: phase.formula for phase in load_phases()}
    return {_reduced(formula_of.get(entry, entry)) for entry in present}


@cache
def _reduced(formula: str) -> str:
    from pymatgen.core.composition import Composition

    try:
        return Composition(formula).reduced_formula
    except ValueError as err:
        raise BadInputError(f"{formula!r} is neither the id of a phase nor a formula") from err
