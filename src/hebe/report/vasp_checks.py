"""What VASP needs for a campaign: the command, POTCARs of all its elements, and memory for its largest cell."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING, Final

from hebe.exceptions import EngineError, HebeError
from hebe.report.checks import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.config.campaign import Campaign
    from hebe.config.engine import EngineSpec
    from hebe.engines.vasp import VaspEngine

_ATOM_VOLUME_A3: Final = 11.0
"""Volume (A^3) of an atom in an oxide of transition metals."""
_ELECTRONS_PER_ATOM: Final = 8.0
_RYDBERG_A2: Final = 3.80998
"""hbar^2 / 2m in eV A^2."""
_COEFFICIENT_BYTES: Final = 16
_SPINS: Final = 2
_ATOMS_PER_CATION: Final = 4


def vasp_checks(campaign: Campaign) -> Iterator[Check]:
    """Checks of every stage of a campaign that computes with VASP."""
    from hebe.config.vasp import VaspSettings
    from hebe.engines.vasp import VaspEngine

    for number, stage in enumerate(campaign.stages):
        if stage.engine.name == "vasp":
            settings = stage.engine.settings
            given = settings if isinstance(settings, VaspSettings) else None
            engine = VaspEngine(stage.engine.preset or "mp-gga", given)
            yield _potcars(campaign, engine, number)
            yield _memory(campaign, stage.engine, engine, number)
            if engine.choice.settings.bader:
                yield _bader(number)


def elements_of(campaign: Campaign) -> set[str]:
    """Symbols of all elements that calculations of a campaign may hold."""
    from hebe.config.family_sites import VACANCY

    family = campaign.host.data
    found = {element for sub in campaign.host.sublattices.values() for element in sub.species}
    found |= {element for _, element, _, _ in family.standing(campaign.host.sublattices)}
    found.discard(VACANCY)
    optional = () if family.ion_optional else family.working_ions
    ion = campaign.host.working_ion or next(iter(optional), None)
    return found | ({ion} if ion else set())


def _potcars(campaign: Campaign, engine: VaspEngine, number: int) -> Check:
    from hebe.engines.vasp.inputs import definition
    from hebe.engines.vasp.potcars import ADVICE, data_set

    name = f"POTCARs of stage {number}"
    try:
        asked = definition(engine.choice)
    except HebeError as err:
        return Check(name, "absent", str(err))
    functional = asked["potcar_functional"]
    sets, lacking, unknown = [], {}, []
    for symbol in sorted(asked["potcars"].get(element, element) for element in elements_of(campaign)):
        try:
            found = data_set(symbol, functional)
        except EngineError as err:
            lacking[symbol] = err.reason.removesuffix(f"; {ADVICE}")
        else:
            sets.append(found)
            unknown += [] if found.known else [symbol]
    if lacking:
        detail = f"{', '.join(lacking)} of {functional} cannot be used: {next(iter(lacking.values()))}"
        return Check(name, "failed", detail, ADVICE)
    hint = f"; not those that pymatgen knows: {', '.join(unknown)}" if unknown else ""
    return Check(name, "ok", f"{functional}: {', '.join(one.symbol for one in sets)}{hint}")


def _bader(number: int) -> Check:
    found = shutil.which("bader")
    if found is None:
        advice = "get bader from https://theory.cm.utexas.edu/henkelman/code/bader/ and put it on the path"
        return Check(f"charges of stage {number}", "absent", "there is no program bader", advice, needed=False)
    return Check(f"charges of stage {number}", "ok", found, needed=False)


def memory_gb(n_atoms: int, cutoff_eV: float, k_points: int) -> float:
    """Memory (10^9 bytes) of one calculation, all its processes together; good to a factor of two.

    Plane waves of a sphere with the radius of the cut-off, ``V k^3 / 6 pi^2``, for bands that hold the electrons and a
    fifth more, at all k points and both spins, three times over for work arrays.
    """
    from hebe.config.vasp import vasp_tables

    waves = n_atoms * _ATOM_VOLUME_A3 * (cutoff_eV / _RYDBERG_A2) ** 1.5 / (6 * math.pi**2)
    bands = 1.2 * n_atoms * _ELECTRONS_PER_ATOM / 2
    coefficients = waves * bands * k_points * _SPINS
    return float(vasp_tables().memory.factor * coefficients * _COEFFICIENT_BYTES / 1e9)


def _memory(campaign: Campaign, spec: EngineSpec, engine: VaspEngine, number: int) -> Check:
    """Estimate beside what the queue gives."""
    from hebe.config.settings import get_settings
    from hebe.engines.vasp.inputs import cutoff_eV

    atoms = _ATOMS_PER_CATION * campaign.structures.cations
    points = max(1, round(64 * (2 * math.pi) ** 3 / (_ATOM_VOLUME_A3 * atoms)))
    try:
        need = memory_gb(atoms, cutoff_eV(engine.choice), points)
    except HebeError as err:
        return Check(f"memory of stage {number}", "absent", str(err))
    detail = f"about {need:.1f} GB for {atoms} atoms at {points} k points"
    cluster = get_settings().cluster
    given = None if cluster is None else cluster.resources[cluster.name_for(spec.name, number)].memory
    name = f"memory of stage {number}"
    if given is None:
        return Check(name, "ok", detail, needed=False)
    detail += f", {given / 1e3:.1f} GB asked for"
    if given / 1e3 < need:
        advice = "ask for more memory in cluster.resources, or set incar: {KPAR: 1, NCORE: ...}"
        return Check(name, "failed", detail, advice, needed=False)
    return Check(name, "ok", detail, needed=False)
