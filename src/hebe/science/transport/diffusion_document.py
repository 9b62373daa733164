"""Diffusion in a configuration from its runs of molecular dynamics: coefficients, Arrhenius line, what is untold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.schemas.diffusion import ArrheniusDoc, DiffusionAtDoc, Interval, IonDiffusionDoc
from hebe.schemas.dynamics import DiffusionDoc, DynamicsDoc, MotionDoc
from hebe.science.transport.arrhenius import FEWEST, fit_arrhenius, highest_barrier
from hebe.science.transport.collective import BLOCKS, Estimate, conductivity, haven_ratio
from hebe.science.transport.diffusion import ENOUGH_JUMPS
from hebe.science.transport.run_faults import run_faults
from hebe.science.transport.slope_errors import block_factor

if TYPE_CHECKING:
    from hebe.science.transport.arrhenius import Line

ROOM: Final = 300.0
_SETTLED: Final = 0.8
"""Share of a run that its document tells of."""
_NO_LINE: Final = 5.0
"""Chi^2 per degree of freedom above which the points are said to be on no line."""


@dataclass(frozen=True)
class DiffusionInput:
    """Runs of a configuration by temperature (K), and the charge of an ion in elementary charges.

    ``accept`` are verdicts on the topology of a cell that count as the host.
    """

    temperatures: Sequence[float]
    runs: Sequence[DynamicsDoc | None]
    charge: int
    accept: tuple[str, ...] = ()


def diffusion_document(inputs: DiffusionInput) -> IonDiffusionDoc:
    """Diffusion in a configuration; what is missing, and what its runs cannot tell, is a warning."""
    document = IonDiffusionDoc()
    tracers: dict[float, Estimate] = {}
    shapes: list[tuple[int, float]] = []
    for temperature, run in sorted(zip(inputs.temperatures, inputs.runs, strict=True), key=lambda one: one[0]):
        if run is None or not run.usable or run.diffusion is None:
            document.warnings.append(f"{temperature:g} K: the run is {_lacking(run)}")
            continue
        document.taken_out, document.repeats, document.jump_A = run.taken_out, run.repeats, run.diffusion.jump_A
        one = _at(temperature, run, run.diffusion, inputs)
        document.temperatures.append(one)
        document.warnings += [f"{temperature:g} K: {fault}; the run is not used" for fault in one.faults]
        tracer = tracer_estimate(run.diffusion, run.motion)
        if not one.faults:
            document.warnings += _untold(one, tracer)
            if tracer is not None and tracer.error > 0 and tracer.value > 0:
                tracers[temperature] = tracer
                shapes.append((run.diffusion.n_ions, float(run.volume_A3 or 0.0)))
    _line(document, tracers, shapes, inputs)
    return document


def _lacking(run: DynamicsDoc | None) -> str:
    """What is wrong with a run of which nothing is known."""
    if run is None:
        return "missing"
    return "too short to say how ions move" if run.status == "converged" else run.status


def tracer_estimate(found: DiffusionDoc, motion: MotionDoc | None) -> Estimate | None:
    """Tracer coefficient with the wider of its intervals over ions and over blocks; None where it is not told.

    Ions that move together, or one after another as round one vacancy, are no independent samples: blocks of time see
    that. Their error is that of slopes with shorter lags, and becomes that of the coefficient by `block_factor`.
    """
    if found.d_cm2_per_s is None:
        return None
    blocks = None if motion is None else motion.tracer_block_se_cm2_per_s
    if blocks is not None and found.n_jumps:
        blocks *= block_factor(found.n_jumps / found.n_ions)
    over = [(found.se_cm2_per_s, found.n_ions - 1), (blocks, BLOCKS - 1)]
    errors = [(error, degrees) for error, degrees in over if error is not None and degrees]
    if not errors:
        return None
    return max(
        (Estimate(found.d_cm2_per_s, error, degrees) for error, degrees in errors), key=lambda one: one.half_width
    )


def _at(temperature: float, run: DynamicsDoc, found: DiffusionDoc, inputs: DiffusionInput) -> DiffusionAtDoc:
    """What one run tells."""
    tracer, collective = tracer_estimate(found, run.motion), _collective(found, run.motion)
    per_d = conductivity(1.0, found.n_ions, float(run.volume_A3 or np.inf), inputs.charge, temperature)
    ratio = None if tracer is None or collective is None else haven_ratio(tracer, collective)
    time_fs = _SETTLED * run.time_fs
    return DiffusionAtDoc(
        temperature_K=temperature,
        mean_K=run.temperature_K,
        time_ps=time_fs / 1000,
        n_ions=found.n_ions,
        n_jumps=found.n_jumps,
        msd_A2=found.msd_A2,
        tracer_cm2_per_s=_interval(tracer),
        bound_cm2_per_s=found.bound_cm2_per_s,
        conductivity_mS_per_cm=_interval(tracer, per_d),
        collective_cm2_per_s=_interval(collective),
        collective_mS_per_cm=_interval(collective, per_d),
        haven=None if ratio is None else Interval(value=ratio[0], low=ratio[1], high=ratio[2]),
        sites=[] if run.motion is None else run.motion.sites,
        between=None if run.motion is None else run.motion.between,
        blind_eV=highest_barrier(temperature, found.n_ions, time_fs, ENOUGH_JUMPS),
        faults=run_faults(run, inputs.accept),
        run=run.key,
    )


def _collective(found: DiffusionDoc, motion: MotionDoc | None) -> Estimate | None:
    """Coefficient of all ions together, told where that of single ones is."""
    if found.d_cm2_per_s is None or motion is None or motion.collective_cm2_per_s is None:
        return None
    return Estimate(motion.collective_cm2_per_s, float(motion.collective_se_cm2_per_s or 0.0), BLOCKS - 1)


def _interval(estimate: Estimate | None, factor: float = 1.0) -> Interval | None:
    if estimate is None:
        return None
    scaled = estimate.times(factor)
    low, high = scaled.interval
    return Interval(value=scaled.value, low=low, high=high)


def _untold(one: DiffusionAtDoc, tracer: Estimate | None) -> list[str]:
    """What a run is too short for."""
    name, barrier = f"{one.temperature_K:g} K", f"{one.blind_eV or 0.0:.2f} eV"
    if one.tracer_cm2_per_s is None:
        limit = (
            "and no limit either" if one.bound_cm2_per_s is None else f"only a limit, {one.bound_cm2_per_s:.1e} cm2/s"
        )
        told = f"{one.n_jumps} jumps of {one.n_ions} ions in {one.time_ps:.3g} ps tell no coefficient, {limit}"
        return [f"{name}: {told}; barriers above {barrier} are not seen"]
    if tracer is not None and tracer.value <= 0:
        return [f"{name}: the coefficient is not positive and on no line"]
    if tracer is not None and tracer.half_width > tracer.value:
        return [f"{name}: the coefficient is not known to its own size"]
    return []


def _line(
    document: IonDiffusionDoc,
    tracers: dict[float, Estimate],
    shapes: Sequence[tuple[int, float]],
    inputs: DiffusionInput,
) -> None:
    """Arrhenius line of a document, with a warning where there is none or where it says little."""
    if len(tracers) < FEWEST:
        if len(document.temperatures) > 1:
            document.warnings.append(f"{len(tracers)} temperatures with a coefficient: no activation energy")
        return
    temperatures = list(tracers)
    values = [one.value for one in tracers.values()]
    line = fit_arrhenius(temperatures, values, [one.normal_error for one in tracers.values()])
    n_ions, volume = shapes[0]
    per_d = conductivity(1.0, n_ions, volume, inputs.charge, ROOM)
    value, low, high = line.at(ROOM)
    below, above = line.activation_interval
    document.arrhenius = ArrheniusDoc(
        n=len(temperatures),
        lowest_K=temperatures[0],
        activation_eV=Interval(value=line.activation_eV, low=below, high=above),
        chi2=line.chi2,
        tracer_300K_cm2_per_s=Interval(value=value, low=low, high=high),
        conductivity_300K_mS_per_cm=Interval(value=per_d * value, low=per_d * low, high=per_d * high),
    )
    document.warnings += _doubts(document, line)


def _doubts(document: IonDiffusionDoc, line: Line) -> list[str]:
    """Where a line contradicts what else is known."""
    found = []
    if line.chi2 > _NO_LINE:
        found.append(f"coefficients are on no line of Arrhenius (chi^2 {line.chi2:.0f} per degree of freedom)")
    for one in document.temperatures:
        known = one.bound_cm2_per_s if not one.faults else None
        if known is not None and line.at(one.temperature_K)[1] > known:
            found.append(f"{one.temperature_K:g} K: the line of Arrhenius lies above the limit of the run")
    return found
