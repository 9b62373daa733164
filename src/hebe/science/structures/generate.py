"""generate_sqs: special quasi-random structures of a host family, outside any campaign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pymatgen.core import Element, Structure

from hebe.config.family import load_family
from hebe.config.family_sites import VACANCY
from hebe.config.reading.units import parse_fraction
from hebe.config.reading.wording import nearest, shown
from hebe.exceptions import BadInputError
from hebe.schemas.structures import SQSQuality
from hebe.science.chemistry.composition import HostComposition
from hebe.science.structures.configuration import DisorderedCell, cell_size, exact_size
from hebe.science.structures.host import host_cell
from hebe.science.structures.objective import Objective
from hebe.science.structures.sqs import Arrangement, quality


@dataclass(frozen=True)
class SQSResult:
    """An ordered supercell, how random each of its mixed sublattices is, and how the search for it ended.

    ``realised`` are the fractions that the cell holds, ``deviation`` the largest difference to those wanted.
    """

    structure: Structure
    quality: dict[str, SQSQuality]
    realised: dict[str, dict[str, Fraction]]
    deviation: float
    search: Arrangement


def generate_sqs(
    host: str,
    composition: Mapping[str, Mapping[str, Fraction | float | str]] | Mapping[str, Fraction | float | str],
    n_sites: int,
    shells: int = 2,
    seed: int = 0,
    n_steps: int | None = None,
    n_results: int = 1,
    *,
    working_ion: str | None = None,
    objective: Objective | None = None,
    charges: Mapping[str, Mapping[str, float]] | None = None,
    exact: bool = False,
) -> list[SQSResult]:
    """Special quasi-random structures of a host family, or structures with a given short-range order.

    Parameters
    ----------
    host
        Name of a family.
    composition
        Mixed sublattice -> element -> fraction of its sites (``"1/3"``, 0.25); ``Va`` is an empty site. Where the host
        has one mixed sublattice, element -> fraction will do.
    n_sites
        Sites of the most mixed sublattice per cell; up to twice as many if only that holds the composition.
    shells, seed, n_steps
        Neighbour shells made random; what decides the search: no clock does.
    n_results
        How many structures that symmetry does not make equal; fewer come where the search ends in fewer.
    working_ion
        Element on the working sublattices; the family's first by default. All of their sites are occupied.
    objective
        All that the search minimises, instead of `shells`: weights, targets, triplets, electrostatics.
    charges
        Sublattice -> element -> charge (e), needed by an objective with electrostatics.
    exact
        Refuse a composition that the cell can only approximate.

    Returns
    -------
    list of SQSResult
        Each with ``structure``, ``quality`` (by sublattice), ``realised``, ``deviation`` and ``search``.

    Raises
    ------
    BadInputError
        If the family or a sublattice is unknown, fractions do not sum to 1, no supercell has that number of sites,
        one site is to hold several species, a target of the objective cannot occur, or `exact` is asked for and
        impossible; names the nearest possible choice.
    """
    family = load_family(host)
    named = _by_sublattice(composition, family.mixed, host)
    fractions = {s: {e: parse_fraction(x) for e, x in v.items()} for s, v in named.items()}
    check_fractions(fractions, family.mixed, host)
    ion = working_ion or (None if family.ion_optional else next(iter(family.working_ions), None))
    target = HostComposition(host, ion, family.x_full, fractions)
    primary = max(fractions, key=lambda name: len(fractions[name]))
    size = cell_size(target, primary, n_sites)
    wanted = objective or Objective(shells=shells)
    if wanted.electrostatics and charges is None:
        raise BadInputError("an objective with electrostatics needs charges", suggestion='charges={"TM": {"Ni": 2.0}}')
    cell = DisorderedCell.build(target, primary, size, wanted, charges=charges)
    _check_cell(cell, fractions)
    deviation = cell.deviation(target)
    if exact and deviation:
        raise _inexact(target, primary, n_sites, f"{size} sites of {primary}", deviation)
    return [
        SQSResult(
            cell.occupied(target, found.kinds),
            {name: quality(cell.problem, found.kinds, s) for s, name in enumerate(cell.names)},
            cell.realised,
            deviation,
            found,
        )
        for found in cell.arrangements(target, seed, n_results, n_steps)
    ]


def _by_sublattice(
    composition: Mapping[str, Mapping[str, Fraction | float | str]] | Mapping[str, Fraction | float | str],
    mixed: tuple[str, ...],
    host: str,
) -> dict[str, Mapping[str, Fraction | float | str]]:
    """Composition by sublattice; elements alone are those of the only mixed one.

    Raises
    ------
    BadInputError
        If elements alone are given and the host mixes several sublattices, or both are given.
    """
    nested = {name: part for name, part in composition.items() if isinstance(part, Mapping)}
    flat = {name: part for name, part in composition.items() if not isinstance(part, Mapping)}
    if not flat:
        return nested
    if nested or len(mixed) != 1:
        example = ", ".join(f"{name!r}: {{...}}" for name in mixed)
        raise BadInputError(
            f"{host} mixes {', '.join(mixed)}: say on which of them {', '.join(flat)} is", suggestion=f"{{{example}}}"
        )
    return {mixed[0]: flat}


def check_fractions(fractions: Mapping[str, Mapping[str, Fraction]], mixed: tuple[str, ...], host: str) -> None:
    """Refuse fractions that are no composition of the `mixed` sublattices of a `host`.

    Raises
    ------
    BadInputError
        If a sublattice is unknown or missing, something on it is no element, or its fractions do not sum to 1.
    """
    for name, part in fractions.items():
        if name not in mixed:
            raise BadInputError(f"{host} has no mixed sublattice {name!r}", suggestion=f"it has {', '.join(mixed)}")
        check_elements(part, name)
        total = sum(part.values())
        if total != 1 or min(part.values()) < 0:
            raise BadInputError(
                f"the fractions of {name} must be 0 or more and sum to 1, the sum is {total}",
                suggestion="give thirds as '1/3'",
            )
    missing = [name for name in mixed if name not in fractions]
    if missing:
        raise BadInputError(f"the composition says nothing of sublattice {', '.join(missing)}")


def check_elements(names: Iterable[str], sublattice: str) -> None:
    """Refuse what is neither an element nor an empty site.

    Raises
    ------
    BadInputError
        With the nearest element.
    """
    known = [VACANCY, *(element.symbol for element in Element)]
    for name in names:
        if name not in known:
            raise BadInputError(f"{shown(name)} on {sublattice} is no element", suggestion=_nearest(name, known))


def _nearest(name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    return f"did you mean {near}?" if near is not None else f"the symbol of an element, or {VACANCY} for an empty site"


def _inexact(target: HostComposition, primary: str, wanted: int, cell: str, deviation: float) -> BadInputError:
    """Error that names the number of sites nearest to the one wanted that holds the composition."""
    step = exact_size(target, primary, host_cell(target.host, target.working_ion))
    return BadInputError(
        f"{cell} do not hold the composition exactly: it is off by {deviation:.4g}",
        suggestion=f"nearest: {round(max(1, wanted / step)) * step} sites",
    )


def _check_cell(cell: DisorderedCell, fractions: Mapping[str, Mapping[str, Fraction]]) -> None:
    """Refuse a sublattice whose layers have one site for several species."""
    group = cell.problem.sites.groups
    for s, name in enumerate(cell.names):
        part = [x for x in fractions[name].values() if x]
        sites = min(int((group == g).sum()) for g in set(group[cell.problem.sites.sublattice == s].tolist()))
        if len(part) > 1 and sites == 1:
            raise BadInputError(
                f"sublattice {name} has one site in this cell, and {len(part)} species are to share it",
                suggestion=f"nearest: a cell {len(part)} times as large",
            )
