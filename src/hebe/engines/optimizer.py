"""Quasi-Newton relaxation of ions and cell: BFGS from a spring-model Hessian within a trust radius.

Works with any function that gives energy, forces and stress; the steps are those of `hebe.engines.descent`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np
from pymatgen.core import Structure

from hebe.engines.descent import Limits, Progress, descend, first_model, write
from hebe.engines.minimum import settle
from hebe.engines.protocol import Evaluation, Relaxation
from hebe.engines.surface import ExplosionError, Surface
from hebe.exceptions import CalculationCutError, EngineError

if TYPE_CHECKING:
    from hebe.engines.checkpoint import Checkpoint

Evaluate = Callable[[Structure], Evaluation]
EvaluateMany = Callable[[Sequence[Structure]], Sequence[Evaluation]]
_Search = Generator[Structure, Evaluation, Relaxation]

OPTIMIZER: Final = "spring-bfgs-2"
"""Name and version of this optimizer: enters content keys."""


def relax(
    start: Structure,
    evaluate: Evaluate,
    *,
    fmax: float = 0.05,
    steps: int = 200,
    cell: bool = True,
    minimum: bool = False,
    checkpoint: Checkpoint | None = None,
) -> Relaxation:
    """Relax a structure until the largest force and the largest virial per atom are below `fmax`.

    Parameters
    ----------
    start
        Where to start; coordinates of the result continue its own.
    evaluate
        Energy, forces (eV/A) and stress (eV/A^3) of a structure.
    fmax
        eV/A for forces, eV per atom for the virial.
    steps
        Limit on evaluations; the deadline of the process is another one.
    cell
        Whether the cell relaxes as well.
    minimum
        Whether the end is looked at along its softest direction, and pushed on until it is a minimum.
    checkpoint
        Where the search is written after each evaluation, and from where one that was broken off goes on, if it was of
        this start or had come to it.

    Returns
    -------
    Relaxation
        The last point reached; ``converged`` tells whether it meets `fmax`, ``problem`` that the volume was
        about to change by more than 50 %. A search that is cut off ends like one at the limit of steps.

    Raises
    ------
    EngineError
        If energies or forces are not finite.
    CalculationCutError
        If it is cut off before the first point.
    """
    search = _search(start, fmax=fmax, steps=steps, cell=cell, minimum=minimum, checkpoint=checkpoint)
    try:
        structure = next(search)
        while True:
            try:
                evaluation = evaluate(structure)
            except CalculationCutError as err:
                structure = search.throw(err)
            else:
                structure = search.send(evaluation)
    except StopIteration as end:
        result: Relaxation = end.value
        return result


def relax_many(
    starts: Sequence[Structure],
    evaluate_many: EvaluateMany,
    *,
    fmax: float = 0.05,
    steps: int = 200,
    cell: bool = True,
    minimum: bool = False,
    batch: int = 64,
) -> list[Relaxation | EngineError]:
    """Relax structures side by side: the next steps of up to `batch` of them are evaluated in one call.

    Each goes the way that `relax` takes it. A relaxation that ends makes room for the next one.

    Returns
    -------
    list of Relaxation or EngineError
        One per start; the error stands for a structure that has no energy and stops no other.
    """
    results: dict[int, Relaxation | EngineError] = {}
    active: dict[int, tuple[_Search, Structure]] = {}
    waiting = iter(enumerate(starts))
    while True:
        for n, start in islice(waiting, batch - len(active)):
            search = _search(start, fmax=fmax, steps=steps, cell=cell, minimum=minimum)
            active[n] = (search, next(search))
        if not active:
            return [results[n] for n in range(len(starts))]
        evaluations = _evaluate_each([structure for _, structure in active.values()], evaluate_many)
        for (n, (search, _)), evaluation in zip(list(active.items()), evaluations, strict=True):
            ended, structure = _advance(search, evaluation)
            if structure is not None:
                active[n] = (search, structure)
            elif ended is not None:
                results[n] = ended
                del active[n]


def _evaluate_each(structures: Sequence[Structure], evaluate_many: EvaluateMany) -> list[Evaluation | EngineError]:
    """All in one call; one by one when one of them has no energy, so that it alone ends."""
    try:
        return list(evaluate_many(structures))
    except EngineError as err:
        if len(structures) == 1:
            return [err]
    return [one for structure in structures for one in _evaluate_each([structure], evaluate_many)]


def _advance(
    search: _Search, evaluation: Evaluation | EngineError
) -> tuple[Relaxation | EngineError | None, Structure | None]:
    """How the relaxation ended, or the next structure that it asks for."""
    if isinstance(evaluation, EngineError):
        return evaluation, None
    try:
        return None, search.send(evaluation)
    except StopIteration as end:
        return end.value, None
    except EngineError as err:
        return err, None


def _search(
    start: Structure,
    *,
    fmax: float,
    steps: int,
    cell: bool,
    minimum: bool = False,
    checkpoint: Checkpoint | None = None,
) -> _Search:
    """One relaxation as a dialogue: asks for the evaluation of a structure, is sent it, returns the end."""
    state = None if checkpoint is None else checkpoint.load(start)
    surface = Surface(start if state is None else state.start, cell=cell)
    if state is None:
        origin = np.zeros(3 * len(start) + 6)
        first = surface.structure(origin)
        point = surface.point(origin, first, (yield first))
        progress = Progress(point, first_model(start, cell=cell), [point.evaluation.energy_eV])
        write(checkpoint, surface, progress)
    else:
        point = surface.point(state.q, surface.structure(state.q), state.evaluation)
        progress = Progress(point, state.hessian, list(state.energies), state.trust)
    before = 0 if state is None else len(progress.energies)
    limits = Limits(fmax, before + steps, cell)
    problem: str | None = None
    try:
        yield from descend(surface, progress, limits, checkpoint)
        if minimum:
            yield from settle(surface, progress, limits, checkpoint)
    except ExplosionError as err:
        problem = str(err)
    except CalculationCutError:
        pass
    done = limits.met(progress.point) and (not minimum or progress.settled)
    return _result(progress, before, problem, done=done)


def _result(progress: Progress, before: int, problem: str | None, *, done: bool) -> Relaxation:
    point = progress.point
    return Relaxation(
        structure=point.structure,
        energy_eV=point.evaluation.energy_eV,
        forces_max=point.force,
        stress=point.evaluation.stress,
        n_steps=len(progress.energies) - before,
        converged=problem is None and done,
        magmoms=point.evaluation.magmoms,
        energies=progress.energies,
        problem=problem,
        minimum=progress.minimum,
    )
