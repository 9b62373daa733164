"""Documents of what was learned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hebe.schemas.learned import CurvePoint, IonEffect, LearnedQuantity, Predicted
from hebe.science.learning.held_out import LEVELS, learning_curve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.science.learning.gaussian_process import Process
    from hebe.science.learning.held_out import HeldOut
    from hebe.science.learning.linked import Linked, Model
    from hebe.science.learning.study import Composition, Seen, Study

_ZERO: Final = 1e-12


def learned_quantity(
    study: Study, seen: Sequence[Seen], model: Process, held: HeldOut | None, unit: str, *, curve: bool = True
) -> LearnedQuantity:
    """Document of a model.

    Parameters
    ----------
    curve
        Whether it has a learning curve, which takes dozens of fits.
    """
    found = model.parameters
    return LearnedQuantity(
        unit=unit,
        candidates=[one.candidate_id for one in seen],
        values=[one.value for one in seen],
        errors=[one.error for one in seen],
        **({} if held is None else _left_out(held)),
        factor=model.factor,
        spread=model.width,
        scatter=model.scatter,
        mixture=found.mixture,
        departure=found.departure,
        weights=dict(zip(study.descriptors.names, found.weights.tolist(), strict=True)),
        effects=effects_of(study, model),
        learning_curve=[CurvePoint(n=one.n, rmse=one.rmse) for one in learning_curve(model)] if curve else [],
    )


def _left_out(held: HeldOut) -> dict[str, float | None]:
    return {
        "rmse": held.rmse,
        "explained": held.explained,
        "coverage_50": held.coverage("50", held.factor),
        "coverage_90": held.coverage("90", held.factor),
    }


def with_link(document: LearnedQuantity, model: Linked, dear: Sequence[Seen]) -> LearnedQuantity:
    """Document of a model that is linked to measured values."""
    return document.model_copy(update={"slope": model.slope, "measured": [one.candidate_id for one in dear]})


def effects_of(study: Study, model: Model) -> list[IonEffect]:
    """What each ion goes along with in predictions over the space, that which explains most of them first.

    One ion at a time: members are neutral, so that no ion grows without another, and effects with the others fixed
    are none.
    """
    table, shares = study.sampled
    means = model.predict(table)[0]
    off = means - means.mean()
    total, found = float(off @ off), []
    for (name, ion), share in zip(study.descriptors.places, shares.T, strict=True):
        x = share - share.mean()
        square = float(x @ x)
        if square > _ZERO * len(x) and total > 0:
            slope = float(x @ off) / square
            explained = round(slope**2 * square / total, 4)
            found.append(IonEffect(sublattice=name, ion=str(ion), per_tenth=0.1 * slope, explained=explained))
    return sorted(found, key=lambda one: (-one.explained, one.sublattice, one.ion))


def predicted(
    study: Study, model: Model, composition: Composition, explained: float | None = None, *, refuses: bool = True
) -> Predicted:
    """Prediction of one quantity of a composition; none where it would mean little, if that is refused.

    The interval is that of a value without error of its own: with the scatter that no descriptor tells. Nothing is
    predicted where the share of the variance of left-out values that is `explained` is none.
    """
    if refuses and explained is not None and explained <= 0:
        return Predicted(refused="left-out candidates are predicted no better than by the mean of the others")
    reason = study.refusal(model, composition) if refuses else None
    if reason is not None:
        return Predicted(refused=reason)
    means, sds = model.predict(study.of_members([composition]))
    mean, sd = float(means[0]), float(sds[0])
    half = LEVELS["90"] * math.hypot(sd, model.scatter)
    return Predicted(mean=mean, sd=sd, low=mean - half, high=mean + half)
