"""What the references of calibrations will cost, before anything is chosen and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pymatgen.core import Structure

from hebe.config.decoding import require_data
from hebe.engines.registry import energy_scale_of
from hebe.flows.calibrate import calibration_of, members_of_choice, named_cells
from hebe.makers.static import StaticMaker
from hebe.schemas.spec import MemberSpec
from hebe.science.errors.calibration_document import prior_errors
from hebe.science.errors.cell_choice import chosen_cells
from hebe.science.errors.small_members import balanced
from hebe.science.errors.static_cost import cell_cost, static_cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobflow import Job, JobStore

    from hebe.config.campaign import Campaign
    from hebe.config.engines import EngineBlock
    from hebe.schemas.calibration import ChoiceDoc

LABEL: Final = "calibrate/"
JOBS_OF_A_CELL: Final = 7
"""Building, ordering, starts, relaxing and computing a small cell or a vertex."""
_MEASURED: Final = 500
_OPEN: Final = 0.5
"""Moment (Bohr magnetons) from which an element counts as open-shelled."""


def most_members(campaign: Campaign, number: int) -> int:
    """About how many cells and vertices a calibration computes at most."""
    wanted = calibration_of(campaign, number)
    return 2 * (wanted.n_fitted + wanted.n_illustration)


def calibration_costs(
    campaign: Campaign,
    specs: Sequence[MemberSpec],
    *,
    store: JobStore | None = None,
    jobs: Sequence[Job] = (),
    done: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """CPU hours of the references of each stage that calibrates.

    Parameters
    ----------
    campaign, specs
        The campaign, and the candidates of its first stage.
    store
        Where times that were measured are looked up.
    jobs, done
        Jobs that are known, and ids of those that have an output: what is chosen already is counted from these.

    Returns
    -------
    list of dict
        ``stage`` (its number), ``engine``, ``members`` (cells and vertices), ``cpu_hours``, ``measured`` (how many
        calculations of the store the figure follows; 0 for an estimate from electrons, k points and spins).
    """
    found = []
    for number, stage in enumerate(campaign.stages):
        if stage.calibrate is None:
            continue
        block = stage.calibrate.engine
        statics = {job.uuid: spec for job in jobs if job.metadata.get("stage") == number and (spec := static_of(job))}
        if statics:
            costs = [static_cost(spec, block) for uuid, spec in statics.items() if uuid not in done]
        else:
            costs = _expected(campaign, number, specs)
        factor, measured = (1.0, 0) if store is None else measured_factor(store, block)
        hours = factor * sum(costs) / 3600
        row = {"stage": number, "engine": block.title, "members": len(costs), "cpu_hours": hours}
        found.append({**row, "measured": measured})
    return found


def static_of(job: Job) -> MemberSpec | None:
    """Member that a job computes for a calibration, None where it does something else."""
    maker, label = job.maker, str(job.metadata.get("label"))
    if not isinstance(maker, StaticMaker) or not label.startswith(LABEL) or maker.member is None:
        return None
    return MemberSpec.model_validate(maker.member)


def measured_factor(store: JobStore, block: EngineBlock) -> tuple[float, int]:
    """Measured over estimated time of the latest static calculations on an energy scale, and their number."""
    scale = energy_scale_of(block)
    if scale is None:
        return 1.0, 0
    names = ["output.cpu_s", "output.magmoms", "output.input_structure"]
    criteria = {"output.status": "converged", "output.task": "static", "output.energy_scale": scale}
    seconds = estimated = 0.0
    number = 0
    for document in store.docs_store.query(criteria, names, limit=_MEASURED):
        output = document["output"]
        if not output.get("cpu_s") or not output.get("input_structure"):
            continue
        require_data(output["input_structure"], "a calculation of the store")
        symbols = [site.specie.symbol for site in Structure.from_dict(output["input_structure"])]
        moments = output.get("magmoms") or [0.0] * len(symbols)
        polarised = {symbol for symbol, moment in zip(symbols, moments, strict=True) if abs(moment) > _OPEN}
        seconds += output["cpu_s"]
        estimated += cell_cost({symbol: symbols.count(symbol) for symbol in set(symbols)}, len(polarised), block)
        number += 1
    return (seconds / estimated, number) if number else (1.0, 0)


def expected_choice(campaign: Campaign, number: int, specs: Sequence[MemberSpec]) -> ChoiceDoc:
    """Cells that a calibration would choose if all pairs mattered alike."""
    named = [member for member in map(balanced, named_cells(campaign, number)) if member is not None]
    engine = campaign.stages[number].engine
    prior = prior_errors(energy_scale_of(engine) or "", specs[0], engine.errors.get("mixing"))
    return chosen_cells(specs, [], prior, calibration_of(campaign, number), named)


def _expected(campaign: Campaign, number: int, specs: Sequence[MemberSpec]) -> list[float]:
    """CPU time (s) of each cell and vertex if all pairs mattered alike."""
    choice = expected_choice(campaign, number, specs)
    engine = calibration_of(campaign, number).engine
    return [static_cost(spec, engine) for spec in members_of_choice(choice).values()]
