"""Diffusion of the working ion from molecular dynamics at several temperatures, one run each and configuration."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import Field, field_validator

from hebe.analyses.protocol import Analysis, Mark, Requires
from hebe.analyses.quantity import Quantity, Shown
from hebe.analyses.wants import MovingIons
from hebe.config.model import ConfigModel
from hebe.config.reading.units import Length, Picoseconds, Temperature, TimeStep, Whole
from hebe.schemas.diffusion import IonDiffusionDoc
from hebe.science.chemistry.space import working_charge
from hebe.science.structures.working import immobile
from hebe.science.transport.diffusion_document import DiffusionInput, diffusion_document
from hebe.science.transport.moving_cell import repeats_of_cube

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.diffusion import ArrheniusDoc
    from hebe.schemas.spec import MemberSpec

_HOTTEST: Final = 3000.0


class DiffusionSpec(ConfigModel):
    """Options: ``{diffusion: {temperatures: [700, 900, 1100], length: 50 ps, time_step: 2 fs}}``.

    Temperatures (K) of the runs, length of each (ps), its steps (fs), the thermostat, the seed of velocities and of the
    ions that are taken out, how many these are where all sites are occupied as made, up to which width (A) the cell is
    repeated, and whether trajectories are kept.
    """

    temperatures: list[Temperature] = Field(default=[700.0, 900.0, 1100.0], min_length=1, max_length=20)
    length: Picoseconds = Field(default=50.0, gt=0, le=1e6)
    time_step: TimeStep = Field(default=2.0, gt=0, le=10)
    thermostat: Literal["bussi", "langevin"] = "bussi"
    seed: Whole = Field(default=0, ge=0)
    vacancies: Whole = Field(default=1, ge=0, le=100)
    supercell: Length = Field(default=0.0, ge=0, le=100)
    keep_trajectory: bool = False

    @field_validator("temperatures")
    @classmethod
    def _distinct(cls, given: list[float]) -> list[float]:
        """Refuse temperatures that are none, or named twice."""
        wrong = next((one for one in given if not 0 < one <= _HOTTEST), None)
        if wrong is not None:
            raise ValueError(f"temperatures lie above 0 and up to {_HOTTEST:g} K, got {wrong:g} K")
        if len(set(given)) < len(given):
            raise ValueError("a temperature is named twice")
        return given

    @property
    def steps(self) -> int:
        """Steps of a run."""
        return max(1, round(1000 * self.length / self.time_step))


def _line(read: Callable[[ArrheniusDoc], float]) -> Callable[[IonDiffusionDoc], float | None]:
    """What reads a value of the Arrhenius line of a result, None without one."""
    return lambda result: None if result.arrhenius is None else read(result.arrhenius)


def _no_line(result: IonDiffusionDoc) -> str:
    known = [one.tracer_cm2_per_s for one in result.temperatures if not one.faults]
    told = sum(value is not None and value.value > 0 for value in known)
    return f"{told} temperatures have a coefficient, three are needed"


class Diffusion(Analysis[DiffusionSpec, IonDiffusionDoc]):
    """Jumps, activation energy, and coefficient and conductivity at 300 K."""

    name: ClassVar[str] = "diffusion"
    title: ClassVar[str] = "diffusion"
    version: ClassVar[int] = 2  # 2: the error over blocks is that of the slope of the whole run
    requires: ClassVar[Requires] = Requires(disorder=True, capabilities=frozenset({"forces"}))
    Block = DiffusionSpec
    Result = IonDiffusionDoc
    quantities = (
        Quantity(
            name="jump_rate",
            title="jumps at the highest temperature",
            unit="1/ns",
            better="high",
            read=lambda result: None if result.hottest is None else result.hottest.jumps_per_ion_and_ns,
            shown=Shown(unit="per ion and ns", column=True),
            note="Jumps of an ion to a neighbouring site, those that it jumps back included.",
            of_working_ion=True,
        ),
        Quantity(
            name="diffusion_activation_energy",
            title="activation energy of diffusion",
            unit="eV",
            symbol="E_a",
            better="low",
            read=_line(lambda line: line.activation_eV.value),
            why_null=_no_line,
            shown=Shown(unit="eV", column=True),
            note="Slope of ln D against 1/kT; potentials tend to be too soft, and the slope too low.",
            of_working_ion=True,
        ),
        Quantity(
            name="log10_diffusion_300K",
            title="log10 of D at 300 K in cm2/s",
            symbol="lg D",
            better="high",
            read=_line(lambda line: math.log10(line.tracer_300K_cm2_per_s.value)),
            why_null=_no_line,
            shown=Shown(digits=1),
            note="Extrapolated along the line of Arrhenius.",
            of_working_ion=True,
        ),
        Quantity(
            name="conductivity_300K",
            title="conductivity of independent ions at 300 K",
            unit="mS/cm",
            better="high",
            read=_line(lambda line: line.conductivity_300K_mS_per_cm.value),
            why_null=_no_line,
            shown=Shown(unit="mS/cm", digits=3),
            note="Extrapolated along the line of Arrhenius; ions that move together conduct more or less than that.",
            of_working_ion=True,
        ),
        Quantity(
            name="haven_ratio",
            title="Haven ratio at the highest temperature",
            symbol="H_R",
            read=lambda result: None if result.hottest is None or not (h := result.hottest.haven) else h.value,
            why_null=lambda _: "no run whose conductivity of all ions together is known to half of itself",
            shown=Shown(),
            of_working_ion=True,
        ),
    )
    marks = (
        Mark(
            name="crystal-did-not-hold",
            letter="K",
            meaning="a run of molecular dynamics left the host, melted or was not at its temperature, and is not used",
            holds=lambda result, _: any(one.faults for one in result.temperatures),
        ),
    )

    def refuses(self, block: DiffusionSpec, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Hosts in which nothing moves."""
        del block
        return immobile(host, ion)

    def more_runs(self, block: DiffusionSpec, atoms: int) -> Sequence[int]:
        """A run at each temperature."""
        return [(block.steps + 1) * repeats_of_cube(atoms, block.supercell)] * len(block.temperatures)

    def wants(self, block: DiffusionSpec, member: MemberSpec) -> Sequence[Want]:
        """Runs of the as-made cells."""
        del member
        return (
            MovingIons(
                temperatures=tuple(block.temperatures),
                steps=block.steps,
                time_step_fs=block.time_step,
                thermostat=block.thermostat,
                seed=block.seed,
                vacancies=block.vacancies,
                width=block.supercell,
                keep=block.keep_trajectory,
            ),
        )

    def analyse(self, block: DiffusionSpec, member: MemberSpec, given: Given) -> IonDiffusionDoc:
        """Diffusion in one configuration."""
        runs = given.cell.runs
        made = given.cell.made
        lost = made is None or not made.usable or not made.is_host(given.accept)
        if lost or all(run is None or run.status == "absent" for run in runs):
            return IonDiffusionDoc(warnings=["there is no as-made cell of the host in which ions can move"])
        charge = working_charge(member.working_ion)
        return diffusion_document(DiffusionInput(block.temperatures, runs, charge, given.accept))


ANALYSIS: Final = Diffusion()
