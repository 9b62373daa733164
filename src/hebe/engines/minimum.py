"""Minima, not ridges: a relaxed cell is looked at along its softest direction and pushed on where the energy falls.

A search that stops by forces also stops on a ridge, where a Jahn-Teller distortion has not chosen its side. The look is
that of `hebe.engines.softest`; what is soft is then tried on both sides.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.engines.descent import Part, Progress, descend
from hebe.engines.softest import Softest, look_along
from hebe.exceptions import CalculationCutError
from hebe.schemas.calculation import MinimumDoc

if TYPE_CHECKING:
    from collections.abc import Generator

    from pymatgen.core import Structure

    from hebe.engines.checkpoint import Checkpoint
    from hebe.engines.descent import Limits
    from hebe.engines.protocol import Evaluation
    from hebe.engines.surface import Point, Surface, Vector

_PUSHES: Final = 6
_CLEAR: Final = 0.1  # eV/A^2, curvature from which no side is tried
_FLAT: Final = 0.03  # eV/A^2, curvature below which a lower well may hide beyond both sides
_REACH: Final = 0.1  # A, length of the vector by which both sides are tried
_FINER: Final = 5.0
"""How many times lower forces have to be where the surface is rippled: curved downwards, and higher on both sides.

Those of a potential can be rippled over some hundredths of an A, by less than 1 meV for the whole cell.
"""
_SMOOTHING: Final = 40  # evaluations
_FALL: Final = 5e-4  # eV of the cell, what a push must gain to count
_SOFT: Final = 0.3  # eV/A^2, the model's curvature along a direction that was pushed


def settle(surface: Surface, progress: Progress, limits: Limits, checkpoint: Checkpoint | None) -> Part:
    """See whether the cell is a minimum; push it off ridges and go down until it is.

    A push that does not lower the energy is taken back.

    Raises
    ------
    CalculationCutError
        If a limit is reached in the middle of a look; what was found until then is kept.
    """
    top = progress.point.evaluation.energy_eV
    first = len(progress.energies)
    for pushes in range(_PUSHES + 1):
        if not (limits.met(progress.point) and limits.left(progress)):
            return
        before, model, inner = progress.point, progress.hessian, len(progress.energies)
        found = yield from _look(surface, progress, limits)
        rippled, lower = found.curvature < 0, None
        if found.curvature < _CLEAR:
            found, lower = yield from _sides(surface, progress, limits, found)
        looked = len(progress.energies) - inner
        known = 0 if progress.minimum is None else progress.minimum.evaluations
        progress.minimum = MinimumDoc(
            curvature_eV_per_A2=found.curvature,
            pushes=pushes,
            gain_eV=max(top - before.evaluation.energy_eV, 0.0),
            evaluations=known + looked,
        )
        if lower is None or pushes == _PUSHES:
            if rippled:
                yield from _smooth(surface, progress, limits, checkpoint)
            progress.settled = True
            return
        progress.push(lower, _bent(progress.hessian, surface.lengths, found))
        yield from descend(surface, progress, limits, checkpoint)
        if progress.point.evaluation.energy_eV > before.evaluation.energy_eV - _FALL and len(progress.energies) > first:
            progress.point, progress.hessian, progress.settled = before, model, True
            return


def _smooth(surface: Surface, progress: Progress, limits: Limits, checkpoint: Checkpoint | None) -> Part:
    """Go on to lower forces where the surface is rippled; where it has a kink, the search stays where it was."""
    before, here = progress.point, len(progress.energies)
    finer = replace(limits, fmax=limits.fmax / _FINER, evaluations=min(limits.evaluations, here + _SMOOTHING))
    yield from descend(surface, progress, finer, checkpoint)
    if not finer.met(progress.point) or progress.point.evaluation.energy_eV > before.evaluation.energy_eV:
        progress.point = before


def _look(surface: Surface, progress: Progress, limits: Limits) -> Generator[Structure, Evaluation, Softest]:
    """Softest direction where the search stands."""
    lengths, point = surface.lengths, progress.point
    model = progress.hessian / np.outer(lengths, lengths)
    dialogue = look_along(point.gradient / lengths, model, len(surface.start), cell=surface.cell)
    try:
        displacement = next(dialogue)
        while True:
            there = yield from _at(surface, progress, limits, displacement)
            displacement = dialogue.send(there.gradient / lengths)
    except StopIteration as end:
        found: Softest = end.value
        return found


def _sides(
    surface: Surface, progress: Progress, limits: Limits, found: Softest
) -> Generator[Structure, Evaluation, tuple[Softest, Point | None]]:
    """Curvature from both sides of the softest direction, and from where to go on; None in a clear minimum."""
    here, direction = progress.point.evaluation.energy_eV, found.direction
    up = yield from _at(surface, progress, limits, _REACH * direction)
    down = yield from _at(surface, progress, limits, -_REACH * direction)
    curvature = float((up.gradient - down.gradient) / surface.lengths @ direction) / (2 * _REACH)
    lower = up if up.evaluation.energy_eV <= down.evaluation.energy_eV + _FALL else down
    falls = lower.evaluation.energy_eV < here - _FALL
    central = Softest(curvature, direction, found.evaluations + 2)
    return central, lower if falls or curvature < _FLAT else None


def _at(
    surface: Surface, progress: Progress, limits: Limits, displacement: Vector
) -> Generator[Structure, Evaluation, Point]:
    """Point at a displacement (A) from where the search stands; it counts as an evaluation and moves nothing."""
    if not limits.left(progress):
        raise CalculationCutError("optimizer", "no evaluation or time is left to look for a minimum")
    q = progress.point.q + displacement / surface.lengths
    structure = surface.structure(q)
    point = surface.point(q, structure, (yield structure))
    progress.energies.append(point.evaluation.energy_eV)
    return point


def _bent(hessian: Vector, lengths: Vector, found: Softest) -> Vector:
    """Model whose curvature along the direction of a push is a small positive one."""
    scales = np.outer(lengths, lengths)
    model, direction = hessian / scales, found.direction
    missing = max(abs(found.curvature), _SOFT) - float(direction @ model @ direction)
    return np.asarray((model + missing * np.outer(direction, direction)) * scales)
