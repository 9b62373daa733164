"""What a campaign will cost, from measured times and without building its flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pymatgen.core import Structure

if TYPE_CHECKING:
    from jobflow import Job, JobStore

    from hebe.config.campaign import Campaign

_MEASURED: Final = 500

CPU_SECONDS: Final = 0.9
"""CPU time of one CHGNet relaxation of 48 atoms (s): mean over the x-states of the quick example, one thread."""

_SHARED_JOBS: Final = 75
_SHARED_RELAXATIONS: Final = 20
"""Reference phases and members of the host, counted as relaxations of 48 atoms."""


ATOMS_PER_CATION: Final = 4
"""Atoms of a cell per mixed cation in the estimate (a layered oxide with all ions)."""


def estimate(campaign: Campaign, n_candidates: int) -> dict[str, float]:
    """Jobs and CPU hours of a run with that many candidates.

    An upper bound: candidates are counted as if they shared nothing but the reference phases. CPU time grows
    with the number of cations.
    """
    structures, jobs, relaxations = campaign.structures, 0.0, 0.0
    for stage in campaign.stages:
        states = sum(1 if x == 0 else stage.orderings.keep for x in stage.x if x != 1)
        relaxations += n_candidates * structures.per_candidate * (1 + states)
        per_configuration = 3 + states + sum(1 for x in stage.x if x != 1) + len(stage.analyses)
        jobs += n_candidates * (2 + structures.per_candidate * per_configuration)
    seconds = (relaxations + _SHARED_RELAXATIONS) * CPU_SECONDS * structures.cations / 12
    return {"jobs": round(jobs) + _SHARED_JOBS, "cpu_hours": seconds / 3600}


def atoms_of(job: Job, cations: int) -> int:
    """Atoms that a relaxation has: those of its structure, or about as many as a cell of the host."""
    start = job.function_args[0] if job.function_args else None
    return len(start) if isinstance(start, Structure) else ATOMS_PER_CATION * cations


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
