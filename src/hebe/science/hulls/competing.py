"""Competing phases: ordered prototype structures as data files, and how completely they cover a system.

The files stand in ``phases/``.
"""

from __future__ import annotations

from functools import cache, cached_property
from importlib import resources
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.exceptions import BadInputError
from hebe.science.hulls.phase import KINDS, Kind, Phase, PhaseFile, Prototype

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

Grade = Literal["A", "B", "C", "D"]

_PACKAGE: Final = "hebe.science.hulls"
_COVERAGE_PREFIX: Final = "coverage_"
_TYPES: Final = "types.yaml"
GASES: Final = frozenset({"O", "F"})
"""Elements that are gases: what is bound to one of them competes with nothing that holds neither."""


class CoverageSystem(ConfigModel):
    """The compounds known in one chemical system (``Fe-Na-O``), reduced formulas.

    A system that was looked up and holds none has no formulas; its source is the same as that of any other.
    """

    system: str
    formulas: tuple[str, ...]
    sources: tuple[str, ...] = Field(min_length=1)

    @property
    def elements(self) -> frozenset[str]:
        """Elements of the system."""
        return frozenset(self.system.split("-"))


class CoverageFile(ConfigModel):
    """What a complete set of competing phases would hold, and by which criterion it was drawn up.

    ``left_out`` holds formulas that the query of the criterion finds and the list does not name, by the reason. The
    list may stand in several files; one of them has the criterion.
    """

    criterion: str = ""
    left_out: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    systems: tuple[CoverageSystem, ...]

    @cached_property
    def places(self) -> Mapping[frozenset[str], tuple[int, ...]]:
        """Elements of all systems, and where in the list those of these elements stand."""
        found: dict[frozenset[str], tuple[int, ...]] = {}
        for place, system in enumerate(self.systems):
            found[system.elements] = (*found.get(system.elements, ()), place)
        return MappingProxyType(found)


@cache
def shared_types() -> tuple[Prototype, ...]:
    """Structure types whose members may stand in any file of phases.

    Raises
    ------
    BadInputError
        If the file does not fit the model.
    """
    return load_model(PhaseFile, parse_yaml(_read(_TYPES), file=_TYPES)).prototypes


def phases_called(ids: Sequence[str], file: str) -> tuple[Phase, ...]:
    """Phases of some ids, which stand in a data file.

    Raises
    ------
    BadInputError
        If the package has no such phase.
    """
    known = {phase.id: phase for phase in load_phases()}
    lost = [name for name in ids if name not in known]
    if lost:
        raise BadInputError(f"no phase is called {', '.join(lost)}", file=file)
    return tuple(known[name] for name in ids)


@cache
def load_phases() -> tuple[Phase, ...]:
    """All phases of the data files, sorted by id.

    Raises
    ------
    BadInputError
        If a file does not fit the model, or an id stands twice.
    """
    phases: dict[str, Phase] = {}
    for name in _files(coverage=False):
        for phase in load_model(PhaseFile, parse_yaml(_read(name), file=name)).all(shared_types()):
            if phase.id in phases:
                raise BadInputError(f"the phase {phase.id} stands twice", file=name)
            phases[phase.id] = phase
    return tuple(phases[key] for key in sorted(phases))


def phases_within(elements: Collection[str], kinds: Collection[Kind] = KINDS) -> tuple[Phase, ...]:
    """Phases of those kinds all of whose elements are among `elements`, sorted by id."""
    wanted = frozenset(elements)
    return tuple(phase for phase, elements in _phases_by_elements() if elements <= wanted and phase.kind in kinds)


def competing_phases(elements: Collection[str]) -> tuple[Phase, ...]:
    """Compounds that compete with one of those elements, sorted by id.

    With oxygen or fluorine they all hold one of both: nothing reduced so far as to hold neither (a sulfide beside a
    sulfate, a phosphide beside a phosphate) is left over where oxygen gas is not.
    """
    gases = GASES & set(elements)
    compounds = phases_within(elements, [kind for kind in KINDS if kind != "element"])
    return tuple(phase for phase in compounds if not gases or phase.elements & gases)


@cache
def _phases_by_elements() -> tuple[tuple[Phase, frozenset[str]], ...]:
    """All phases, each with its elements, which are read from the sites once."""
    return tuple((phase, phase.elements) for phase in load_phases())


@cache
def load_coverage() -> CoverageFile:
    """Known compounds against which coverage is graded, all files put together.

    Raises
    ------
    BadInputError
        If a file does not fit the model, or a system stands twice.
    """
    systems: dict[str, CoverageSystem] = {}
    criteria: list[str] = []
    left_out: dict[str, tuple[str, ...]] = {}
    for name in _files(coverage=True):
        found = load_model(CoverageFile, parse_yaml(_read(name), file=name))
        criteria.append(found.criterion)
        left_out |= found.left_out
        for system in found.systems:
            if system.system in systems:
                raise BadInputError(f"the system {system.system} stands twice", file=name)
            systems[system.system] = system
    return CoverageFile(criterion=" ".join(filter(None, criteria)), left_out=left_out, systems=tuple(systems.values()))


def missing_formulas(
    elements: Collection[str],
    present: Collection[str],
    *,
    working_ion: str,
    anions: Collection[str] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Known compounds of a system that are not among the phases present.

    Parameters
    ----------
    elements
        Elements of the system.
    present
        Ids of phases, or formulas; an id counts as the formula of its phase.
    working_ion
        The element whose ternaries are counted as A-M-O.
    anions
        Elements with which all others are combined; of several, pairs are combined with each other one. By default
        oxygen and fluorine, where they are among the elements. Without any, all elements are combined with each other,
        as those of an alloy.

    Returns
    -------
    dict
        Formulas as the list writes them, under ``binary``, ``A-M-O`` and ``M-M'-O`` (whatever the anion), in its order.
    """
    known, have = _listed(_systems(elements, working_ion, anions)), _reduced_formulas(present)
    return {
        group: tuple(formula for formula in listed if _reduced(formula) not in have) for group, listed in known.items()
    }


def model_formulas(
    elements: Collection[str], present: Collection[str], *, anions: Collection[str] | None = None
) -> tuple[str, ...]:
    """Known compounds of a system for which nothing but models of the package is among the phases present.

    Parameters
    ----------
    elements, anions
        As for `missing_formulas`.
    present
        Ids of phases, or formulas; a formula counts as the published structure.
    """
    models = _models()
    real, stands_in = (
        _reduced_formulas([entry for entry in present if (entry in models) is wanted]) for wanted in (False, True)
    )
    groups = _listed(_systems(elements, "", anions))
    listed = {_reduced(formula) for group in groups.values() for formula in group}
    return tuple(sorted((stands_in - real) & listed))


def unlisted_systems(
    elements: Collection[str], *, working_ion: str, anions: Collection[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Binary and ternary systems of the elements that the list does not hold: nobody looked for phases there.

    Parameters
    ----------
    elements, working_ion, anions
        As for `missing_formulas`.

    Returns
    -------
    dict
        Names of systems (``Al-Na-O``), sorted, under ``binary``, ``A-M-O`` and ``M-M'-O``.
    """
    known = load_coverage().places
    return {
        group: tuple(sorted("-".join(sorted(system)) for system in systems if system not in known))
        for group, systems in _systems(elements, working_ion, anions).items()
    }


def _systems(
    elements: Collection[str], working_ion: str, anions: Collection[str] | None
) -> dict[str, set[frozenset[str]]]:
    """Binary and ternary systems in which phases must be known, under ``binary``, ``A-M-O`` and ``M-M'-O``."""
    if anions is None:
        anions = {"O", *({"F"} & set(elements))} if "O" in elements or "F" not in elements else {"F"}
    cations = sorted(set(elements) - set(anions))
    if not anions:
        binary = {frozenset(pair) for pair in combinations(cations, 2)}
        ternary = {frozenset(triple) for triple in combinations(cations, 3)}
    else:
        binary = {frozenset({cation, anion}) for anion in anions for cation in cations}
        ternary = {frozenset({*pair, anion}) for anion in anions for pair in combinations(cations, 2)}
        ternary |= {frozenset({*pair, cation}) for cation in cations for pair in combinations(sorted(anions), 2)}
    return {
        "binary": binary,
        "A-M-O": {system for system in ternary if working_ion in system},
        "M-M'-O": {system for system in ternary if working_ion not in system},
    }


def coverage_grade(
    elements: Collection[str],
    present: Collection[str],
    *,
    working_ion: str,
    anions: Collection[str] | None = None,
) -> Grade:
    """How completely the phases present cover the known compounds of a system.

    A system counts as known only if the list holds it; one that is absent from the list is not empty.

    Parameters
    ----------
    elements, present, working_ion, anions
        As for `missing_formulas`.

    Returns
    -------
    str
        ``A``: all binaries and ternaries, none of them by a model alone; ``B``: all binaries, all A-M-O and at least
        half of M-M'-O, where a system that is not listed counts as one formula that is missing; ``C``: all binaries;
        ``D``: less. All of them means that every such system is listed and every formula of the list is there. From
        ``B`` on, a model counts as what it stands for.
    """
    missing = missing_formulas(elements, present, working_ion=working_ion, anions=anions)
    unlisted = unlisted_systems(elements, working_ion=working_ion, anions=anions)
    if missing["binary"] or unlisted["binary"]:
        return "D"
    if missing["A-M-O"] or unlisted["A-M-O"]:
        return "C"
    absent = len(missing["M-M'-O"]) + len(unlisted["M-M'-O"])
    if not absent:
        return "B" if model_formulas(elements, present, anions=anions) else "A"
    mixed = len(_listed(_systems(elements, working_ion, anions))["M-M'-O"]) + len(unlisted["M-M'-O"])
    return "B" if 2 * absent <= mixed else "C"


def phase_files() -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files of phases, each read when it is asked for."""
    return ((name, _read(name)) for name in _files(coverage=False))


def _files(*, coverage: bool) -> list[str]:
    names = (entry.name for entry in (resources.files(_PACKAGE) / "phases").iterdir())
    return sorted(n for n in names if n.endswith(".yaml") and n.startswith(_COVERAGE_PREFIX) is coverage)


def _read(name: str) -> bytes:
    return (resources.files(_PACKAGE) / "phases" / name).read_bytes()


def _listed(wanted: Mapping[str, Collection[frozenset[str]]]) -> dict[str, tuple[str, ...]]:
    """Formulas of the systems that are wanted, group by group, in the order of the list."""
    known = load_coverage()
    places = {group: sorted(i for one in found for i in known.places.get(one, ())) for group, found in wanted.items()}
    return {group: tuple(f for i in found for f in known.systems[i].formulas) for group, found in places.items()}


@cache
def phase_formulas() -> Mapping[str, str]:
    """Formulas of all phases by id."""
    return MappingProxyType({phase.id: phase.formula for phase in load_phases()})


@cache
def _models() -> frozenset[str]:
    """Ids of the phases that are models."""
    return frozenset(phase.id for phase in load_phases() if phase.model)


def _reduced_formulas(present: Collection[str]) -> set[str]:
    formula_of = phase_formulas()
    return {_reduced(formula_of.get(entry, entry)) for entry in present}


@cache
def _reduced(formula: str) -> str:
    from pymatgen.core.composition import Composition

    try:
        return Composition(formula).reduced_formula
    except ValueError as err:
        raise BadInputError(f"{formula!r} is neither the id of a phase nor a formula") from err
