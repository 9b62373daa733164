"""Guards of a run: solids, liquids, atoms that leave their places, drifts, temperatures and energies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.schemas.dynamics import DynamicsDoc, FrameworkDoc
from hebe.science.transport.framework import Framework, watch_framework
from hebe.science.transport.run_faults import run_faults

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAMES = 200
CELL = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.0), ["Co", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]) * (2, 2, 2)
COBALT = [i for i, site in enumerate(CELL) if site.specie.symbol == "Co"]
NEIGHBOUR = 2.0  # A


def still(noise: float = 0.0) -> NDArray[np.float64]:
    random = np.random.default_rng(3)
    places: NDArray[np.float64] = np.repeat(np.asarray(CELL.cart_coords)[None], FRAMES, axis=0)
    return places + random.normal(scale=noise, size=places.shape)


def watch(positions: NDArray[np.float64], mobile: list[int] | None = None) -> Framework:
    found = watch_framework(CELL, positions, mobile or [])
    assert found is not None
    return found


def test_a_vibrating_crystal_has_lindemanns_ratio_of_its_vibrations() -> None:
    """Sites about which atoms move by 0.1 A along each axis: sqrt(3) 0.1 A over the distance of neighbours."""
    found = watch(still(0.1))
    assert found.n_atoms == len(COBALT)
    assert found.neighbour == pytest.approx(NEIGHBOUR)
    assert found.lindemann == pytest.approx(np.sqrt(3) * 0.1 / NEIGHBOUR, rel=0.03)
    assert found.growth == pytest.approx(1.0, abs=0.05)
    assert (found.melted, found.n_away) == (False, 0)


def test_large_vibrations_alone_are_no_liquid() -> None:
    found = watch(still(0.4))
    assert found.lindemann > 0.3
    assert not found.melted


def test_a_liquid_moves_on() -> None:
    """Displacements grow with the square root of time: four times the mean square at four times the lag."""
    random = np.random.default_rng(1)
    steps = random.normal(scale=0.1, size=(FRAMES, len(CELL), 3))
    found = watch(still() + np.cumsum(steps, axis=0))
    assert found.melted
    assert found.growth == pytest.approx(4.0, rel=0.25)


def test_a_drift_of_the_whole_cell_is_no_motion() -> None:
    found = watch(still(0.05) + np.linspace(0, 20, FRAMES)[:, None, None])
    assert (found.melted, found.n_away) == (False, 0)
    assert np.allclose(found.late.cart_coords, CELL.cart_coords, atol=0.1)


def test_an_atom_that_left_its_place_is_counted() -> None:
    moved = still(0.05)
    moved[100:, COBALT[0], 0] += 2.0
    found = watch(moved)
    assert (found.n_away, found.melted) == (1, False)


def test_ions_that_diffuse_and_anions_that_turn_are_no_framework() -> None:
    random = np.random.default_rng(2)
    moved = still(0.05)
    others = [i for i in range(len(CELL)) if i not in COBALT[1:]]
    moved[:, others] += np.cumsum(random.normal(scale=0.3, size=(FRAMES, len(others), 3)), axis=0)
    moved[:, others[1:]] -= moved[:, others[1:]].mean(axis=1, keepdims=True) - np.mean(
        CELL.cart_coords[others[1:]], axis=0
    )
    found = watch(moved, [COBALT[0]])
    assert (found.n_atoms, found.n_away, found.melted) == (len(COBALT) - 1, 0, False)


def test_where_an_ion_was_in_the_mean_is_no_place_of_the_mean_crystal() -> None:
    """Ions that change places meet in the mean, halfway between their sites."""
    moved, (first, second) = still(), COBALT[:2]
    moved[FRAMES // 2 :: 2, [first, second]] = moved[FRAMES // 2 :: 2, [second, first]]
    late = watch(moved, [first, second]).late
    assert late.get_distance(first, second) == pytest.approx(CELL.get_distance(first, second))
    assert late.is_valid(tol=1.5)


def test_without_a_framework_there_is_nothing_to_watch() -> None:
    assert watch_framework(CELL, still(), list(range(len(CELL)))) is None


def run(**changes: Any) -> DynamicsDoc:
    settings = {"temperature": 600.0, "thermostat": "bussi", "time_constant_fs": 100.0}
    settings |= {name: changes.pop(name) for name in list(changes) if name in settings}
    fields = {"settings": settings, "degrees": 150, "temperature_K": 600.0, "time_fs": 50_000.0, "topology": "host"}
    return DynamicsDoc(**{**fields, **changes})


def frame(**changes: Any) -> FrameworkDoc:
    fields = {"n_atoms": 16, "neighbour_A": 2.0, "lindemann": 0.1, "growth": 1.0, "n_away": 0, "melted": False}
    return FrameworkDoc(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"topology": "migrated"}, "left its host \\(migrated\\)"),
        ({"framework": frame(melted=True, lindemann=0.4)}, "melted"),
        ({"framework": frame(n_away=2)}, "2 of 16 framework atoms left"),
        ({"temperature_K": 560.0}, "mean temperature is 560 K, 600 K were asked for"),
        ({"temperature_K": 640.0}, "mean temperature is 640 K"),
        ({"thermostat": "none", "drift_meV_per_atom_per_ps": 0.2}, "drifted by 10.0 meV/atom"),
    ],
)
def test_what_is_wrong_with_a_run_is_said(changes: dict[str, Any], said: str) -> None:
    (fault,) = run_faults(run(**changes))
    assert re.search(said, fault)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"framework": frame(n_away=1)},
        {"topology": None},
        {"temperature_K": 615.0},
        {"temperature_K": 520.0, "time_fs": 500.0},
        {"thermostat": "none", "temperature_K": 300.0, "drift_meV_per_atom_per_ps": 0.02},
        {"drift_meV_per_atom_per_ps": 5.0},
    ],
)
def test_what_is_right_is_not_faulted(changes: dict[str, Any]) -> None:
    """A short run may be off by chance; a thermostat exchanges energy; without one a crystal is half as hot."""
    assert run_faults(run(**changes)) == []


def test_a_verdict_that_counts_as_the_host_is_no_fault() -> None:
    glided = run(topology="glide", framework=frame(n_away=8))
    assert run_faults(glided, ("glide",)) == []
    assert len(run_faults(glided)) == 1
