"""Which small cells a calibration of some candidates computes, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.schemas.calibration import ChoiceDoc, ChosenCell, ChosenVertex
from hebe.science.errors.small_cells import SmallCell, choose_cells
from hebe.science.errors.small_members import member_name, small_members
from hebe.science.errors.static_cost import static_cost

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hebe.config.calibration import CalibrationSpec
    from hebe.config.engines import EngineBlock
    from hebe.schemas.spec import MemberSpec
    from hebe.science.errors.entry_errors import EntryErrors
    from hebe.science.errors.small_members import SmallMember


def chosen_cells(
    specs: Sequence[MemberSpec],
    targets: Sequence[Mapping[str, float]],
    prior: EntryErrors,
    wanted: CalibrationSpec,
    named: Sequence[SmallMember] = (),
) -> ChoiceDoc:
    """Cells that a calibration computes.

    Parameters
    ----------
    specs
        Candidates, one at least.
    targets
        Derivative of the margin of each (eV per site) by ``w`` of each pair (eV per mixed site).
    prior
        Errors of the engine that is calibrated: they decide what is telling.
    wanted
        The block of the campaign.
    named
        Cells that it names; nothing is chosen then.
    """
    document = ChoiceDoc(campaign="", stage=0, pairs=sorted({name for target in targets for name in target}))
    taken = list(named)
    if not taken:
        pool = small_members(specs, wanted.sizes)
        cells = [small_cell(member, wanted.engine) for member in pool]
        number = wanted.n_fitted + wanted.n_illustration
        found = choose_cells(cells, targets, prior, number)
        taken = [pool[i] for i in found]
        if len(taken) < number:
            document.warnings.append(f"{len(taken)} of {len(pool)} small cells tell something, {number} were asked for")
    fitted = max(min(len(taken), 2), len(taken) - wanted.n_illustration)
    document.cells = [_chosen(member, fitted=i < fitted) for i, member in enumerate(taken)]
    document.cost_s = cost_of_cells(taken, wanted.engine)
    return document


def small_cell(member: SmallMember, engine: EngineBlock) -> SmallCell:
    """A member that could be computed, with what it costs."""
    costs = {member_name(vertex): static_cost(vertex, engine) for _, vertex in member.vertices}
    return SmallCell(member.name, member.terms, member.weights, static_cost(member.spec, engine), costs)


def cost_of_cells(members: Iterable[SmallMember], engine: EngineBlock) -> float:
    """CPU time (s) of static calculations of cells and of their vertices, each once."""
    specs = {member_name(spec): spec for one in members for spec in (one.spec, *(v for _, v in one.vertices))}
    return sum(static_cost(spec, engine) for spec in specs.values())


def _chosen(member: SmallMember, *, fitted: bool) -> ChosenCell:
    vertices = [ChosenVertex(spec=spec, amount=str(n)) for n, spec in member.vertices]
    return ChosenCell(spec=member.spec, vertices=vertices, fitted=fitted)
