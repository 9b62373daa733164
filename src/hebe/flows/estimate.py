"""What a campaign will cost, from measured times and without building its flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pymatgen.core import Structure

from hebe.analyses.registry import get_analysis
from hebe.analyses.wants import Want
from hebe.engines.registry import get_engine
from hebe.flows.calibration_cost import JOBS_OF_A_CELL, most_members, static_of
from hebe.flows.wiring import block_of
from hebe.makers.dynamics import DiffusionMaker
from hebe.science.hulls.oxygen import oxygen_oxides
from hebe.science.transport.moving_cell import repeats_of_cube

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobflow import Job, JobStore

    from hebe.analyses.protocol import AnyAnalysis
    from hebe.config.campaign import Campaign
    from hebe.config.model import ConfigModel
    from hebe.config.stage import Stage

_MEASURED: Final = 500

CPU_SECONDS: Final = 0.9
"""CPU time (s) of a relaxation of 48 atoms with the default engine, one thread: mean of the quick example's cells."""

EVALUATIONS: Final = 14.0
"""Of a relaxation of a cell of the host: mean over the quick example."""

_SHARED_JOBS: Final = 300
_SHARED_RELAXATIONS: Final = 70
"""Competing phases and members of the host with their starts, counted as relaxations of 48 atoms."""

ATOMS_PER_CATION: Final = 4
"""Atoms of a cell per mixed cation in the estimate (a layered oxide with all ions)."""


def estimate(campaign: Campaign, n_candidates: int) -> dict[str, Any]:
    """Jobs and CPU hours of a run with that many candidates.

    An upper bound: candidates are counted as if they shared nothing but the reference phases. CPU time grows with the
    number of cations. Stages with a DFT engine have jobs but no hours; ``not_counted`` names their engines. What
    stages that calibrate take is not in it either: see `calibration_costs`.
    """
    structures, jobs, relaxations, dft = campaign.structures, 0.0, 0.0, set[str]()
    for number, stage in enumerate(campaign.stages):
        if stage.calibrate is not None:
            jobs += n_candidates * (1 + len(stage.analyses)) + JOBS_OF_A_CELL * most_members(campaign, number)
            continue
        n_candidates = stage.most(n_candidates)
        configurations, defects = stage.configurations or structures.per_candidate, _more_defects(campaign, stage)
        cells = _cells(campaign, stage) * (1 + _more_cells(campaign, stage))
        runs = _more_runs(campaign, stage)
        if stage.engine.traits.costly:
            dft.add(str(stage.engine.name))
        else:
            relaxations += n_candidates * calculations_of(campaign, stage)
        per_configuration = 2 + cells + len(runs) + sum(1 for x in stage.x if x != 1) + len(stage.analyses)
        of_candidate = 2 + configurations * per_configuration + defects
        beside = _controls(campaign, stage, n_candidates)
        jobs += (n_candidates + beside) * of_candidate
        relaxations += 0 if stage.engine.traits.costly else beside * (configurations * cells + defects)
    jobs += sum(_oxides(campaign, stage) + _more_phases(campaign, stage) for stage in campaign.stages)
    if any(analysis.shares_phases for stage in campaign.stages for analysis, _ in _asked(campaign, stage)):
        jobs, relaxations = jobs + _SHARED_JOBS, relaxations + _SHARED_RELAXATIONS
    seconds = relaxations * CPU_SECONDS * structures.cations / 12
    return {"jobs": round(jobs), "cpu_hours": seconds / 3600, "not_counted": sorted(dft)}


def calculations_of(campaign: Campaign, stage: Stage) -> float:
    """Calculations of a candidate in a stage, without what candidates share; runs count as relaxations."""
    configurations = stage.configurations or campaign.structures.per_candidate
    cells = float(_cells(campaign, stage) * (1 + _more_cells(campaign, stage)))
    cells += sum(_more_runs(campaign, stage)) / EVALUATIONS
    return configurations * cells + _more_defects(campaign, stage)


def _controls(campaign: Campaign, stage: Stage, n_candidates: int) -> int:
    """Hosts with one element less at most, those of a later stage without what they take of the stages before."""
    if stage.controls is None:
        return 0
    host = campaign.host
    most = sum(
        len(spec.species) if spec.n_species is None else spec.n_species.high
        for name, spec in host.sublattices.items()
        if name in host.data.mixed_cations
    )
    return min(stage.controls.n, n_candidates) * min(most, len(stage.controls.elements) or most)


def _more_cells(campaign: Campaign, stage: Stage) -> int:
    """In how many other forms analyses of a stage have each configuration computed; as if all were in them."""
    host, ion = campaign.host.data, campaign.host.working_ion
    wanted = dict[Want, int]()
    for analysis, block in _asked(campaign, stage):
        wanted |= analysis.more_cells(block, host, ion)
    return sum(wanted.values())


def _more_runs(campaign: Campaign, stage: Stage) -> list[int]:
    """Evaluations of each run that analyses of a stage have made of a configuration beside relaxations."""
    atoms = ATOMS_PER_CATION * campaign.structures.cations
    return [number for analysis, block in _asked(campaign, stage) for number in analysis.more_runs(block, atoms)]


def _more_defects(campaign: Campaign, stage: Stage) -> int:
    """Cells that analyses of a stage have computed of a candidate beside configurations, as if all cations mixed."""
    mixing = campaign.host.sublattices.values()
    elements = sum(len(sub.species) if sub.n_species is None else sub.n_species.high for sub in mixing)
    return sum(analysis.more_defects(block, elements) for analysis, block in _asked(campaign, stage))


def _more_phases(campaign: Campaign, stage: Stage) -> int:
    """Calculations of the phases that analyses of a stage have computed beside the competing ones."""
    number = sum(analysis.more_phases(block) for analysis, block in _asked(campaign, stage))
    return number * _several(campaign, stage)


def _asked(campaign: Campaign, stage: Stage) -> list[tuple[AnyAnalysis, ConfigModel]]:
    """Analyses of a stage with their options."""
    return [(one, block_of(campaign, stage, one)) for one in map(get_analysis, stage.analyses)]


def _several(campaign: Campaign, stage: Stage) -> int:
    """Calculations of one cell whose energy is compared: its starts, and the end of the lowest."""
    first = stage is campaign.stages[0]
    starts = campaign.structures.n_starts(costly=stage.engine.traits.costly) if first else 1
    return starts + 1 if starts > 1 else 1


def _oxides(campaign: Campaign, stage: Stage) -> int:
    """Calculations for the energy of oxygen gas, where the campaign exchanges it."""
    if campaign.mixing.oxygen is None or "mixing" not in stage.analyses:
        return 0
    return len(oxygen_oxides()) * _several(campaign, stage)


def _cells(campaign: Campaign, stage: Stage) -> int:
    """Calculations of one configuration: as made and at the ends of the window from several starts each."""
    several, window = _several(campaign, stage), stage.window
    ends = {min(stage.x), max(stage.x)} if window is None else {window.low, window.high}
    states = [(1 if x == 0 else stage.orderings.number) * (several if x in ends else 1) for x in stage.x if x != 1]
    return several + sum(states)


def cost_of(campaign: Campaign, store: JobStore, to_do: Sequence[Job]) -> dict[str, Any]:
    """CPU hours of calculations and dynamics, from what those of the same engine took in a store where there are any.

    Returns
    -------
    dict
        ``cpu_hours_estimate`` without that of references of calibrations; what was measured of the engine of the first
        stage; ``not_counted``, the DFT engines of which nothing was measured.
    """
    seconds, unknown = 0.0, set[str]()
    to_do = [job for job in to_do if static_of(job) is None]
    measured: dict[str, dict[str, Any] | None] = {}
    for number, stage in enumerate(campaign.stages):
        name = get_engine(stage.engine).name
        speed = measured.setdefault(name, measured_speed(store, {name}))
        usual = EVALUATIONS if speed is None else speed["steps_per_calculation"]
        own = [job for job in to_do if job.metadata["stage"] == number]
        atoms = sum(atoms_of(job, campaign.structures.cations) * steps_of(job, usual) / usual for job in own)
        if speed is not None:
            seconds += atoms * usual * speed["cpu_s_per_atom_step"]
        elif stage.engine.traits.costly:
            unknown.add(name)
        else:
            seconds += atoms / 48 * CPU_SECONDS
    first = measured[get_engine(campaign.stages[0].engine).name]
    nothing = {"measured_calculations": 0, "cpu_s_per_atom_step": None, "steps_per_calculation": None}
    return {"cpu_hours_estimate": seconds / 3600, "not_counted": sorted(unknown), **(first or nothing)}


def atoms_of(job: Job, cations: int) -> int:
    """Atoms that a calculation has: those of its structure, or about as many as a cell of the host, if repeated."""
    start = job.function_args[0] if job.function_args else None
    atoms = len(start) if isinstance(start, Structure) else ATOMS_PER_CATION * cations
    return atoms * (repeats_of_cube(atoms, job.maker.width) if isinstance(job.maker, DiffusionMaker) else 1)


def steps_of(job: Job, usual: float) -> float:
    """Evaluations of a calculation: the steps of a run of molecular dynamics, else as many as is usual."""
    return float(job.maker.task["steps"]) if isinstance(job.maker, DiffusionMaker) else usual


def measured_speed(store: JobStore, engines: set[str]) -> dict[str, Any] | None:
    """Time per atom and step, and steps, of the latest converged calculations of some engines in a store."""
    names = ["output.engine", "output.cpu_s", "output.n_steps", "output.input_structure.sites.label"]
    seconds = atom_steps = steps = number = 0.0
    for document in store.docs_store.query({"output.status": "converged"}, names, limit=_MEASURED):
        output = document["output"]
        sites = (output.get("input_structure") or {}).get("sites") or []
        if output.get("engine") in engines and sites and output.get("n_steps") and output.get("cpu_s"):
            seconds += output["cpu_s"]
            atom_steps += len(sites) * output["n_steps"]
            steps += output["n_steps"]
            number += 1
    if not number:
        return None
    return {
        "measured_calculations": int(number),
        "cpu_s_per_atom_step": seconds / atom_steps,
        "steps_per_calculation": steps / number,
    }
