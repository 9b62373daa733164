"""Paths: exact saddles of surfaces that are known, hops as another implementation finds them, limits, batches."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ase.build import add_adsorbate, fcc100
from ase.calculators.emt import EMT
from ase.mep import NEB
from ase.optimize import BFGS
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from hebe.config.engines.ase import ASEBlock
from hebe.engines import get_engine
from hebe.engines.driving import Driven
from hebe.engines.interpolation import first_images
from hebe.engines.path import Passage, Path
from hebe.engines.protocol import Evaluation
from hebe.exceptions import CalculationCutError, EngineError
from support import mueller_brown
from support.double_well import DoubleWell, start

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Sequence

ENGINE = get_engine(ASEBlock(ase="ase.calculators.emt:EMT", energy_scale="emt"))
WELL: dict[str, Any] = {"barrier": 0.15, "half_width": 0.4, "tilt": 0.1, "stiffness": 3.0}


def stationary() -> list[float]:
    """Where the slope of the tilted well vanishes (A): left minimum, top, right minimum."""
    b, s0, tilt = WELL["barrier"], WELL["half_width"], WELL["tilt"]
    return sorted(np.roots([4 * b / s0**4, 0.0, -4 * b / s0**2, -tilt]).real.tolist())


@pytest.mark.parametrize("back", [False, True])
def test_the_barrier_of_a_tilted_well_is_exact_both_ways(*, back: bool) -> None:
    left, top, right = stationary()
    first, last = (right, left) if back else (left, right)
    well = DoubleWell(**WELL)
    found = Path(end=start(s=last), images=4, fmax=1e-3).drive(well, start(s=first), None)
    assert found.converged
    assert found.n_steps == len(well.asked)
    height = well(start(s=top)).energy_eV
    assert found.barrier_eV == pytest.approx(height - well(start(s=first)).energy_eV, abs=1e-5)
    assert found.backward_eV == pytest.approx(height - well(start(s=last)).energy_eV, abs=1e-5)
    assert found.resting == []
    assert found.saddle is not None
    assert well.along(found.saddle) == pytest.approx(top, abs=1e-3)


@pytest.mark.parametrize("back", [False, True])
def test_a_path_of_two_steps_climbs_the_higher_one_and_is_recognised(*, back: bool) -> None:
    """The surface of Mueller and Brown: strongly curved, two saddles, a minimum between them."""
    first, last = ("product", "reactant") if back else ("reactant", "product")
    path = Path(end=mueller_brown.cell(last), images=9, fmax=0.01)
    found = path.drive(mueller_brown.evaluate, mueller_brown.cell(first), None)
    assert found.converged
    height = mueller_brown.energy("high saddle")
    assert found.barrier_eV == pytest.approx(height - mueller_brown.energy(first), abs=1e-3)
    assert found.backward_eV == pytest.approx(height - mueller_brown.energy(last), abs=1e-3)
    assert found.bound_eV > found.barrier_eV
    (rest,) = found.resting
    place = found.structure(rest).cart_coords[0, :2] - 10
    assert place == pytest.approx(mueller_brown.stationary("intermediate"), abs=1e-3)
    energies = found.band.energies
    parts = energies[:rest].max(), energies[rest], energies[rest:].max()
    names = ("low saddle", "intermediate", "high saddle") if back else ("high saddle", "intermediate", "low saddle")
    assert parts == pytest.approx([mueller_brown.energy(name) for name in names], abs=1e-3)


def test_a_step_down_has_no_saddle() -> None:
    """From the low saddle to the product there is nothing to climb."""
    path = Path(end=mueller_brown.cell("product"), images=3, fmax=0.05)
    found = path.drive(mueller_brown.evaluate, mueller_brown.cell("low saddle"), None)
    assert found.converged
    assert found.saddle is None
    assert found.barrier_eV == 0.0
    assert found.backward_eV == pytest.approx(mueller_brown.energy("low saddle") - mueller_brown.energy("product"))


@cache
def vacancy() -> tuple[Structure, Structure]:
    """A vacancy of copper on two neighbouring sites, relaxed."""
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.61), ["Cu"], [[0, 0, 0]]).make_supercell(
        2, in_place=False
    )
    near = min(range(1, len(cell)), key=lambda n: cell.get_distance(0, n))
    rest = [n for n in range(len(cell)) if n not in (0, near)]
    first, last = (Structure.from_sites([cell[n] for n in (moving, *rest)]) for moving in (near, 0))
    return relaxed(first), relaxed(last)


@cache
def adatom() -> tuple[Structure, Structure]:
    """Gold on aluminium (100) in two neighbouring hollows, relaxed."""
    slab = fcc100("Al", size=(2, 2, 3))
    add_adsorbate(slab, "Au", 1.7, "hollow")
    slab.center(axis=2, vacuum=5.0)
    slab.pbc = True
    other = slab.copy()
    other.positions[-1, 0] += other.cell[0, 0] / 2
    return relaxed(bare(slab)), relaxed(bare(other))


def bare(atoms: Any) -> Structure:
    cell = AseAtomsAdaptor.get_structure(atoms)
    return Structure(cell.lattice, cell.species, cell.frac_coords)


def relaxed(cell: Structure) -> Structure:
    found = ENGINE.relax(cell, fmax=0.005, cell=False)
    assert found.converged
    return found.structure


def by_ase(first: Structure, last: Structure, images: int, fmax: float) -> tuple[float, int]:
    """Barrier (eV) and number of evaluations of ASE's climbing band with its quicker optimizer, and same tangents."""
    number = [0]

    class Counting(EMT):
        def calculate(self, *args: Any, **kwargs: Any) -> None:
            number[0] += 1
            super().calculate(*args, **kwargs)  # type: ignore[no-untyped-call]

    moved = last.frac_coords - np.round(last.frac_coords - first.frac_coords)
    end = Structure(last.lattice, last.species, moved)
    chain = [AseAtomsAdaptor.get_atoms(cell, msonable=False) for cell in (*[first] * (images + 1), end)]
    for image in chain:
        image.calc = Counting()  # type: ignore[no-untyped-call]
    band: Any = NEB(chain, climb=True, method="improvedtangent")
    band.interpolate()
    assert BFGS(band, logfile=None).run(fmax=fmax, steps=300)
    energies = [image.get_potential_energy() for image in chain]
    return max(energies) - energies[0], number[0]


@pytest.mark.parametrize("images", [3, 5])
@pytest.mark.parametrize("made", [vacancy, adatom])
def test_a_hop_is_as_high_as_another_implementation_says_with_fewer_evaluations(
    made: Callable[[], tuple[Structure, Structure]], images: int
) -> None:
    first, last = made()
    found = ENGINE.run(Path(end=last, images=images, fmax=0.02), first)
    assert isinstance(found, Passage)
    assert found.converged
    barrier, evaluations = by_ase(first, last, images, 0.02)
    assert found.barrier_eV == pytest.approx(barrier, abs=2e-3)
    assert found.n_steps <= evaluations
    assert found.ends_residual < 0.01
    back = ENGINE.run(Path(end=first, images=images, fmax=0.02), last)
    assert isinstance(back, Passage)
    assert found.barrier_eV - found.backward_eV == pytest.approx(back.backward_eV - back.barrier_eV, abs=1e-6)
    assert found.barrier_eV == pytest.approx(back.backward_eV, abs=1e-4)


def test_a_saddle_has_one_negative_mode() -> None:
    first, last = vacancy()
    found = ENGINE.run(Path(end=last, images=3, fmax=0.002), first)
    assert isinstance(found, Passage)
    assert found.saddle is not None
    h, n = 0.01, len(first)
    hessian = np.zeros((3 * n, 3 * n))
    for k in range(3 * n):
        pushed = []
        for sign in (1, -1):
            cell = found.saddle.copy()
            cell.translate_sites([k // 3], sign * h * np.eye(3)[k % 3], frac_coords=False, to_unit_cell=False)
            pushed.append(ENGINE.evaluate(cell).forces.ravel())
        hessian[k] = (pushed[1] - pushed[0]) / (2 * h)
    values = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    assert np.sum(values < -0.05) == 1
    assert np.sum(np.abs(values) < 0.05) == 3, "translations"


def test_an_atom_goes_through_the_place_that_is_named() -> None:
    """A ring of springs: straight over the top, or around through the place on either side."""

    def ridge(structure: Structure) -> Evaluation:
        x, y, z = structure.cart_coords[0] - 10.0
        r = np.hypot(x, y)
        force = -20 * (r - 1) * np.array([x, y, 0]) / max(r, 1e-9) - 10 * np.array([0, 0, z])
        return Evaluation(10 * (r - 1) ** 2 + 5 * z**2, force[None], np.zeros((3, 3)))

    ends = [Structure(Lattice.cubic(20.0), ["Li"], [[0.5 + s / 20, 0.5, 0.5]]) for s in (-1, 1)]
    for side in (1, -1):
        path = Path(end=ends[1], images=5, fmax=0.02, via=(0, (0.5, 0.5 + side * 0.05, 0.5)))
        found = path.drive(ridge, ends[0], None)
        assert found.converged
        assert found.barrier_eV == pytest.approx(0.0, abs=1e-3)
        middle = found.structure(3).cart_coords[0] - 10.0
        assert middle[:2] == pytest.approx([0, side], abs=0.05)
    straight = Path(end=ends[1], images=5, fmax=0.02).drive(ridge, ends[0], None)
    assert straight.barrier_eV == pytest.approx(10.0, abs=1e-3)


class Batches(Driven):
    """An engine that has batches, and says how large they were."""

    name = "batches"
    capabilities = frozenset({"forces", "magmoms"})

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:
        return self.evaluate_many([structure], magmoms=magmoms)[0]

    def evaluate_many(self, structures: Sequence[Structure], *, magmoms: bool = False) -> list[Evaluation]:
        self.sizes.append(len(structures))
        assert magmoms
        found = [mueller_brown.evaluate(structure) for structure in structures]
        moments = [np.array([structure.cart_coords[0, 0]]) for structure in structures]
        return [Evaluation(f.energy_eV, f.forces, f.stress, m) for f, m in zip(found, moments, strict=True)]


def test_an_engine_with_batches_gets_all_images_at_once_and_moments_are_compared() -> None:
    engine, path = Batches(), Path(end=mueller_brown.cell("intermediate"), images=4, fmax=0.02)
    found = engine.run(path, mueller_brown.cell("product"))
    assert isinstance(found, Passage)
    assert engine.sizes == [6, *[4] * (len(engine.sizes) - 1)]
    assert found.n_steps == sum(engine.sizes)
    alone = path.drive(mueller_brown.evaluate, mueller_brown.cell("product"), None)
    assert found.band.positions.tolist() == alone.band.positions.tolist()
    assert found.moment_change == pytest.approx(np.ptp(found.band.positions[:, 0, 0]))
    assert alone.moment_change is None


def test_a_limit_of_the_engine_ends_a_path_as_cut(tmp_path: pathlib.Path) -> None:
    path, begin = Path(end=mueller_brown.cell("product"), images=3), mueller_brown.cell("intermediate")

    def limited(structure: Structure) -> Evaluation:
        left.pop()
        if not left:
            raise CalculationCutError("engine", "walltime")
        return mueller_brown.evaluate(structure)

    left = [1] * 4
    cut = path.drive(limited, begin, tmp_path)
    assert (cut.converged, cut.n_steps, cut.known) == (False, 3, None)
    with pytest.raises(ValueError, match="within its first images"):
        _ = cut.barrier_eV
    left[:] = [1]
    with pytest.raises(CalculationCutError):
        path.drive(limited, begin, tmp_path / "other")
    left[:] = [1] * 1000
    end = path.drive(limited, begin, tmp_path)
    assert end.converged
    assert end.n_steps == path.drive(mueller_brown.evaluate, begin, None).n_steps - 3


def test_images_that_are_too_high_are_not_relaxed() -> None:
    begin, end = mueller_brown.cell("reactant"), mueller_brown.cell("product")
    plain = Path(end=end, images=5, fmax=0.02)
    bound = plain.drive(mueller_brown.evaluate, begin, None).bound_eV
    found = Path(end=end, images=5, highest=bound - 0.01).drive(mueller_brown.evaluate, begin, None)
    assert (found.converged, found.too_high, found.n_steps) == (True, True, 7)
    assert found.bound_eV == bound
    lower = Path(end=end, images=5, fmax=0.02, highest=bound + 0.01)
    relaxed = lower.drive(mueller_brown.evaluate, begin, None)
    assert (relaxed.converged, relaxed.too_high) == (True, False)
    assert relaxed.barrier_eV == plain.drive(mueller_brown.evaluate, begin, None).barrier_eV
    assert set(lower.identity()) - set(plain.identity()) == {"highest"}, "paths from before keep their keys"


def test_steps_limit_an_attempt(tmp_path: pathlib.Path) -> None:
    path = Path(end=mueller_brown.cell("product"), images=3, steps=7)
    found = path.drive(mueller_brown.evaluate, mueller_brown.cell("intermediate"), tmp_path)
    assert not found.converged
    assert found.n_steps == 8, "whole rounds of images"


def test_ends_of_other_atoms_or_cells_are_refused() -> None:
    first = mueller_brown.cell("product")
    for end in (
        Structure(first.lattice, ["Na"], first.frac_coords),
        Structure(Lattice.cubic(20.1), ["Li"], first.frac_coords),
    ):
        with pytest.raises(EngineError, match="same atoms in the same order in the same cell"):
            Path(end=end).drive(mueller_brown.evaluate, first, None)


def test_forces_that_are_no_numbers_end_it() -> None:
    def broken(structure: Structure) -> Evaluation:
        return Evaluation(0.0, np.full((len(structure), 3), np.nan), np.zeros((3, 3)))

    with pytest.raises(EngineError, match="not finite"):
        Path(end=mueller_brown.cell("product")).drive(broken, mueller_brown.cell("intermediate"), None)


def test_in_a_skewed_cell_an_atom_ends_opposite_to_where_it_came_from() -> None:
    """A sheet of two by two: the nearest image by coordinates is not the nearest one in space."""
    lattice = Lattice([[3.0, 5.2, 0.0], [-3.0, 5.2, 0.0], [-3.0, -1.73, 5.37]])
    first = Structure(lattice, ["Na"], [[0.5, 0.5, 0.5]])
    last = Structure(lattice, ["Na"], [[0.5, 0.0, 0.5]])
    positions = first_images(first, last, 3, (0, np.array([0.765, 0.6175, 0.6475])))
    assert positions[-1] - positions[0] == pytest.approx(np.array([[0.0, 0.5, 0.0]]) @ lattice.matrix)
    assert positions[2] == pytest.approx(np.array([[0.765, 0.6175, 0.6475]]) @ lattice.matrix, abs=1e-3)
    other = first_images(first, last, 3, (0, np.array([0.235, 0.3825, 0.3525])))
    assert other[-1] - other[0] == pytest.approx(np.array([[0.0, -0.5, 0.0]]) @ lattice.matrix)


def test_a_band_that_comes_apart_is_an_error() -> None:
    """Beside the straight way the energy falls without end, along it nothing holds an image back."""

    def slope(structure: Structure) -> Evaluation:
        x, y, _ = structure.cart_coords[0] - 10.0
        asked.append(y)
        force = np.array([[0.0, 0.0, 0.0]])
        return Evaluation(
            float(len(asked)) if 0 < x < 1.9 else 0.0, force + np.array([0.0, 1.0, 0.0]), np.zeros((3, 3))
        )

    asked: list[float] = []
    ends = [Structure(Lattice.cubic(20.0), ["Li"], [[0.5 + s / 20, 0.5, 0.5]]) for s in (0, 2)]
    with pytest.raises(EngineError, match="the band came apart") as caught:
        Path(end=ends[1], images=3).drive(slope, ends[0], None)
    assert caught.value.deterministic


def test_no_atoms_come_close_in_the_first_images() -> None:
    """Two atoms that change places: straight they would meet."""
    lattice = Lattice.cubic(12.0)
    first = Structure(lattice, ["Li", "Na", "O"], [[0.45, 0.5, 0.5], [0.57, 0.5, 0.5], [0.5, 0.7, 0.5]])
    last = Structure(lattice, ["Li", "Na", "O"], [[0.57, 0.52, 0.5], [0.45, 0.5, 0.5], [0.5, 0.7, 0.5]])
    positions = first_images(first, last, 5)
    apart = np.linalg.norm(positions[:, 0] - positions[:, 1], axis=1)
    assert apart.min() > 1.2
    assert positions[0] == pytest.approx(first.cart_coords)
    assert positions[-1] == pytest.approx(last.cart_coords)


def test_atoms_go_the_short_way_through_the_faces_of_the_cell() -> None:
    lattice = Lattice.cubic(5.0)
    first, last = (Structure(lattice, ["Li"], [[x, 0.5, 0.5]]) for x in (0.95, 0.05))
    positions = first_images(first, last, 3)
    assert positions[:, 0, 0] == pytest.approx([4.75, 4.875, 5.0, 5.125, 5.25])
