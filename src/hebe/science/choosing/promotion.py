"""Who goes on to the next stage, and how far two stages agree."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Final

from hebe.schemas.promotion import AgreementDoc, Parity, Promoted, PromotionDoc
from hebe.science.choosing.ranking import fronts, rank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.config.keep import Keep
    from hebe.schemas.candidate import CandidateDoc
    from hebe.science.choosing.ranking import Objective

_FEWEST: Final = 3


def promote(candidates: Sequence[CandidateDoc], keep: Keep, objectives: Sequence[Objective]) -> PromotionDoc:
    """Apply a rule to the candidates of one stage.

    A number and a share (rounded up, of all candidates of the stage) count from the top of the ranking. ``pareto``
    takes the first non-dominated front of its objectives. A candidate without a rank never goes on.

    Returns
    -------
    PromotionDoc
        With ``campaign`` and ``stage`` empty, to be filled in by the caller.
    """
    ranks = rank(candidates, objectives)
    chosen = _chosen(candidates, ranks, keep, objectives)
    rows = [
        Promoted(
            candidate_id=candidate.candidate_id,
            formula=candidate.formula,
            rank=ranks[i],
            promoted=i in chosen,
            reason=None if i in chosen else _reason(candidate, ranks[i], keep),
            objectives={o.name: candidate.mean(o.name) for o in objectives},
        )
        for i, candidate in enumerate(candidates)
    ]
    rows.sort(key=lambda row: (row.rank is None, row.rank or 0, row.candidate_id))
    return PromotionDoc(
        campaign="",
        stage=0,
        keep=str(keep),
        maximize=[o.name for o in objectives if o.maximize],
        minimize=[o.name for o in objectives if not o.maximize],
        cut_off=max((row.rank for row in rows if row.promoted and row.rank is not None), default=None),
        candidates=rows,
    )


def _chosen(
    candidates: Sequence[CandidateDoc],
    ranks: Sequence[int | None],
    keep: Keep,
    objectives: Sequence[Objective],
) -> set[int]:
    ranked = sorted((i for i, number in enumerate(ranks) if number is not None), key=lambda i: ranks[i] or 0)
    if keep.pareto is not None:
        wanted = [o for o in objectives if not keep.pareto or o.name in keep.pareto]
        first = fronts([candidates[i] for i in ranked], wanted)
        return {ranked[i] for i, number in first.items() if number == 0}
    if keep.n is not None:
        return set(ranked[: keep.n])
    return set(ranked if keep.share is None else ranked[: math.ceil(keep.share * len(candidates))])


def _reason(candidate: CandidateDoc, number: int | None, keep: Keep) -> str:
    if candidate.status == "failed":
        return "failed"
    if number is None:
        return "an objective has no value"
    return f"not among those that keep: {keep} takes"


def agree(before: Sequence[CandidateDoc], after: Sequence[CandidateDoc], quantities: Mapping[str, str]) -> AgreementDoc:
    """Compare what two stages say of the same candidates.

    Parameters
    ----------
    before, after
        Candidates of the earlier and the later stage; they are matched by id.
    quantities
        Unit of each quantity by which they are compared, by name; ``1`` without one.

    Returns
    -------
    AgreementDoc
        With ``campaign`` and ``stage`` empty. Rank correlations after Spearman (Am. J. Psychol. 15, 72 (1904)) and
        Kendall (Biometrika 30, 81 (1938), tau-b).
    """
    earlier = {candidate.candidate_id: candidate for candidate in before}
    both = [(earlier[c.candidate_id], c) for c in after if c.candidate_id in earlier]
    document = AgreementDoc(
        campaign="", stage=0, before=both[0][0].engine if both else "", after=both[0][1].engine if both else ""
    )
    for name, unit in quantities.items():
        parity = _parity(name, unit, both)
        if parity.pairs:
            document.quantities.append(parity)
    if len(both) < _FEWEST:
        document.warnings.append(f"{len(both)} candidates were computed twice: too few for a rank correlation")
    return document


def _parity(name: str, unit: str, both: Sequence[tuple[CandidateDoc, CandidateDoc]]) -> Parity:
    found = [(c.candidate_id, b.mean(name), c.mean(name)) for b, c in both]
    pairs = [(i, x, y) for i, x, y in found if x is not None and y is not None]
    parity = Parity(quantity=name, unit=unit, pairs=sorted(pairs))
    if not pairs:
        return parity
    differences = [y - x for _, x, y in pairs]
    parity.mean_difference = statistics.fmean(differences)
    parity.mean_absolute_difference = statistics.fmean(map(abs, differences))
    first, second = [x for _, x, _ in parity.pairs], [y for _, _, y in parity.pairs]
    if len(pairs) >= _FEWEST and len(set(first)) > 1 and len(set(second)) > 1:
        from scipy import stats

        parity.spearman = float(stats.spearmanr(first, second).statistic)
        parity.kendall = float(stats.kendalltau(first, second).statistic)
    return parity
