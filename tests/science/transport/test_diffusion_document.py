"""Documents of diffusion: what is told, what is a limit, what is not used, and the line through the temperatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hebe.schemas.dynamics import DiffusionDoc, DynamicsDoc, FrameworkDoc, MotionDoc, ResidenceDoc
from hebe.science.transport.collective import conductivity
from hebe.science.transport.diffusion_document import DiffusionInput, diffusion_document, tracer_estimate
from hebe.science.transport.slope_errors import block_factor

if TYPE_CHECKING:
    from collections.abc import Sequence

KT = 8.617333262e-5  # eV/K
VOLUME = 1000.0  # A^3
TEMPERATURES = (700.0, 900.0, 1100.0)


def known(temperature: float) -> float:
    return 1e-3 * float(np.exp(-0.4 / (KT * temperature)))


def run(temperature: float, *, ions: dict[str, Any] | None = None, **changes: Any) -> DynamicsDoc:
    d = known(temperature)
    told = {"element": "Na", "jump_A": 3.0, "n_ions": 16, "n_jumps": 500, "msd_A2": 30.0, "d_cm2_per_s": d}
    motion = MotionDoc(
        tracer_block_se_cm2_per_s=0.05 * d,
        collective_cm2_per_s=2 * d,
        collective_se_cm2_per_s=0.2 * d,
        sites=[ResidenceDoc(kind="A: 6 Co", n_sites=18, occupancy=0.85)],
        between=0.05,
    )
    fields: dict[str, Any] = {
        "key": f"run-{temperature:g}",
        "settings": {"temperature": temperature, "thermostat": "bussi", "time_constant_fs": 100.0},
        "time_fs": 50_000.0,
        "degrees": 150,
        "temperature_K": temperature,
        "volume_A3": VOLUME,
        "topology": "host",
        "taken_out": 2,
        "diffusion": DiffusionDoc(**{**told, "se_cm2_per_s": 0.1 * d, **(ions or {})}),
        "motion": motion,
    }
    return DynamicsDoc(**{**fields, **changes})


def document(runs: Sequence[DynamicsDoc | None], charge: int = 1, accept: tuple[str, ...] = ()) -> Any:
    return diffusion_document(DiffusionInput(TEMPERATURES[: len(runs)], runs, charge, accept))


def test_three_temperatures_give_the_activation_energy_and_what_300_k_would_be() -> None:
    found = document([run(t) for t in TEMPERATURES])
    line = found.arrhenius
    assert line.activation_eV.value == pytest.approx(0.4)
    assert line.activation_eV.low < 0.4 < line.activation_eV.high
    assert line.tracer_300K_cm2_per_s.value == pytest.approx(known(300.0))
    room = conductivity(known(300.0), 16, VOLUME, 1, 300.0)
    assert line.conductivity_300K_mS_per_cm.value == pytest.approx(room)
    assert (line.n, line.lowest_K, found.taken_out, found.jump_A) == (3, 700.0, 2, 3.0)
    assert found.warnings == []


def test_one_run_tells_both_conductivities_and_their_ratio() -> None:
    first = document([run(700.0)]).temperatures[0]
    assert first.tracer_cm2_per_s.value == pytest.approx(known(700.0))
    by_hand = conductivity(known(700.0), 16, VOLUME, 1, 700.0)
    assert first.conductivity_mS_per_cm.value == pytest.approx(by_hand)
    assert first.collective_mS_per_cm.value == pytest.approx(2 * by_hand)
    assert first.haven.value == pytest.approx(0.5)
    assert first.haven.low < 0.5 < first.haven.high
    assert first.jumps_per_ion_and_ns == pytest.approx(500 / 16 / 0.04)
    assert document([run(700.0)], charge=2).temperatures[0].conductivity_mS_per_cm.value == pytest.approx(4 * by_hand)


def test_ions_that_move_one_after_another_have_the_error_of_blocks() -> None:
    """The larger interval counts: 2.13 standard errors over 16 ions, 2.26 over ten blocks, which have shorter lags."""
    found = run(700.0)
    assert found.diffusion is not None
    over_ions = tracer_estimate(found.diffusion, found.motion)
    assert over_ions is not None
    assert over_ions.error == pytest.approx(0.1 * known(700.0))
    assert over_ions.degrees == 15
    motion = MotionDoc(tracer_block_se_cm2_per_s=0.3 * known(700.0))
    over_blocks = tracer_estimate(found.diffusion, motion)
    assert over_blocks is not None
    assert over_blocks.error == pytest.approx(0.3 * known(700.0) * block_factor(500 / 16))
    assert over_blocks.degrees == 9


def few() -> dict[str, Any]:
    return {"n_jumps": 5, "d_cm2_per_s": None, "se_cm2_per_s": None, "bound_cm2_per_s": 1e-7}


def test_a_run_with_few_jumps_tells_a_limit_and_what_it_does_not_see() -> None:
    """16 ions in 40 ps at 700 K and 1e13 attempts a second: kT ln(6400 / 100) = 0.25 eV."""
    found = document([run(700.0, ions=few())])
    (first,) = found.temperatures
    assert (first.tracer_cm2_per_s, first.conductivity_mS_per_cm, first.haven) == (None, None, None)
    assert (first.bound_cm2_per_s, first.collective_cm2_per_s) == (1e-7, None)
    assert first.blind_eV == pytest.approx(KT * 700 * np.log(64))
    (said,) = found.warnings
    assert "5 jumps of 16 ions in 40 ps tell no coefficient, only a limit, 1.0e-07 cm2/s" in said
    assert "barriers above 0.25 eV are not seen" in said


def test_two_temperatures_give_no_activation_energy() -> None:
    found = document([run(700.0, ions=few()), run(900.0), run(1100.0)])
    assert found.arrhenius is None
    assert "2 temperatures with a coefficient: no activation energy" in found.warnings


def test_runs_that_did_not_hold_are_said_and_not_used() -> None:
    frame = FrameworkDoc(n_atoms=16, neighbour_A=2.0, lindemann=0.4, growth=3.0, n_away=9, melted=True)
    found = document([run(700.0), run(900.0), run(1100.0, framework=frame)])
    assert found.arrhenius is None
    assert "melted" in found.temperatures[-1].faults[0]
    assert found.hottest.temperature_K == 900.0
    assert any(said.startswith("1100 K: it melted") and "not used" in said for said in found.warnings)


def test_what_the_stage_accepts_is_used() -> None:
    runs = [run(t, topology="glide") for t in TEMPERATURES]
    assert document(runs).arrhenius is None
    assert document(runs, accept=("glide",)).arrhenius is not None


def test_missing_runs_are_said() -> None:
    absent = DynamicsDoc(key="", engine="e", energy_scale="s", status="failed")
    found = document([None, absent, run(1100.0, diffusion=None)])
    assert found.temperatures == []
    said = [
        "700 K: the run is missing",
        "900 K: the run is failed",
        "1100 K: the run is too short to say how ions move",
    ]
    assert found.warnings == said


def test_points_on_no_line_and_lines_above_a_limit_are_said() -> None:
    off = known(900.0) * 20
    found = document([run(700.0), run(900.0, ions={"d_cm2_per_s": off, "se_cm2_per_s": 0.1 * off}), run(1100.0)])
    assert any("on no line of Arrhenius" in said for said in found.warnings)
    runs = [run(500.0, ions={**few(), "bound_cm2_per_s": known(500.0) / 10}), *(run(t) for t in TEMPERATURES)]
    four = diffusion_document(DiffusionInput((500.0, *TEMPERATURES), runs, 1))
    assert any(said.startswith("500 K: the line of Arrhenius lies above the limit") for said in four.warnings)
