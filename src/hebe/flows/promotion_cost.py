"""What a candidate is estimated to cost in a stage: the same in every run, so that choices by it are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.flows.estimate import EVALUATIONS, calculations_of
from hebe.science.chemistry.member import composition_of
from hebe.science.errors.static_cost import cell_cost, open_shelled

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign
    from hebe.schemas.spec import MemberSpec


def promotion_cost(campaign: Campaign, number: int, spec: MemberSpec) -> float:
    """CPU time (s) of the calculations of a candidate in a stage, all with the cell as made.

    From electrons, k points and spins: `hebe.science.errors.static_cost.cell_cost`. A relaxation counts as so many
    evaluations as one takes on average. What candidates share is not in it.
    """
    stage, composition = campaign.stages[number], composition_of(spec)
    n_fu = campaign.structures.cations / composition.host.sublattices[spec.primary].multiplicity
    amounts = {element: float(n) * n_fu for element, n in composition.elements.items()}
    evaluations = 1.0 if stage.task == "static" else EVALUATIONS
    return calculations_of(campaign, stage) * evaluations * cell_cost(amounts, len(open_shelled(spec)), stage.engine)
