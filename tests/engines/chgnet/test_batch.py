"""Many cells in one pass beside the same cells one by one, and CUDA beside the CPU where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.chgnet import CHGNetEngine
from hebe.engines.chgnet.device import cuda_available
from hebe.engines.protocol import Relaxation
from hebe.exceptions import BadInputError, EngineError
from hebe.science.structures.configuration import displaced
from support.crystals import frames, sodium

if TYPE_CHECKING:
    from hebe.engines.protocol import Evaluation

SMALL = [structure for structure in frames().values() if len(structure) < 20]
LONELY = Structure(Lattice.cubic(30), ["Mg"], [[0, 0, 0]])


def oxide(length: float, name: str) -> Structure:
    """Two formulas of a displaced rock salt."""
    sites = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0, 0, 0.5]]
    lattice = Lattice.from_parameters(length / 2**0.5, length / 2**0.5, length, 90, 90, 90)
    return displaced(Structure(lattice, ["Ni", "Mg", "O", "O"], np.array(sites)), 0.05, name)


def assert_equal(found: Evaluation, expected: Evaluation, atoms: int, energy: float, force: float) -> None:
    assert found.energy_eV / atoms == pytest.approx(expected.energy_eV / atoms, abs=energy)
    assert found.forces == pytest.approx(expected.forces, abs=force)
    assert found.stress == pytest.approx(expected.stress, abs=force)
    assert found.magmoms == pytest.approx(expected.magmoms, abs=force)


@pytest.mark.parametrize("compiled", [True, False], ids=["kernels", "torch"])
def test_a_batch_equals_its_members_one_by_one(compiled: bool) -> None:  # noqa: FBT001
    engine = CHGNetEngine(compiled=compiled, device="cpu")
    structures = [*SMALL, sodium(4.2), SMALL[0]]
    together = engine.evaluate_many(structures, magmoms=True)
    assert len(together) == len(structures)
    for structure, found in zip(structures, together, strict=True):
        assert_equal(found, engine.evaluate(structure, magmoms=True), len(structure), 1e-6, 1e-5)


def test_no_cells_have_no_evaluations() -> None:
    assert CHGNetEngine(device="cpu").evaluate_many([]) == []


def test_relaxations_in_lock_step_go_the_way_of_single_ones() -> None:
    engine = CHGNetEngine(device="cpu")
    starts = [oxide(4.3, "a"), oxide(4.0, "b"), oxide(4.2, "c")]
    # as many steps as asked for: where a threshold ends them, the last bit may decide which is the last
    together = engine.relax_many(starts, fmax=1e-6, steps=6, batch=2)
    for start, found in zip(starts, together, strict=True):
        alone = engine.relax(start, fmax=1e-6, steps=6)
        assert isinstance(found, Relaxation)
        assert found.n_steps == alone.n_steps == 6
        assert found.energy_eV / len(start) == pytest.approx(alone.energy_eV / len(start), abs=1e-5)
        assert found.structure.cart_coords == pytest.approx(alone.structure.cart_coords, abs=2e-3)
    ended = engine.relax_many(starts, fmax=0.05, batch=2)
    assert [isinstance(found, Relaxation) and found.converged for found in ended] == [True] * 3


def test_a_cell_without_an_energy_ends_alone() -> None:
    found = CHGNetEngine(device="cpu").relax_many([LONELY, oxide(4.2, "d")], steps=3)
    assert isinstance(found[0], EngineError)
    assert isinstance(found[1], Relaxation)
    assert found[1].n_steps == 3


def test_the_key_names_a_device_that_is_not_the_cpu() -> None:
    on_cpu, on_cuda = (CHGNetEngine(device=device).settings for device in ("cpu", "cuda"))
    assert "device" not in on_cpu
    assert dict(on_cuda) == {**on_cpu, "device": "cuda"}


def test_cuda_that_is_not_there_is_said_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    if cuda_available():
        pytest.skip("there is a CUDA device")
    monkeypatch.setenv("HEBE_DEVICE", "cuda")
    with pytest.raises(BadInputError, match="no CUDA device"):
        CHGNetEngine().check()
    monkeypatch.setenv("HEBE_DEVICE", "auto")
    assert CHGNetEngine().device == "cpu"


@pytest.mark.skipif(not cuda_available(), reason="needs a CUDA device")
def test_cuda_equals_the_cpu() -> None:
    structures = list(frames().values())
    found = CHGNetEngine(device="cuda").evaluate_many(structures, magmoms=True)
    expected = CHGNetEngine(device="cpu").evaluate_many(structures, magmoms=True)
    for structure, one, other in zip(structures, found, expected, strict=True):
        assert_equal(one, other, len(structure), 1e-5, 1e-4)
