"""What all plane-wave engines make of a structure: reduced cell, mesh of k points, initial moments, U, stress check."""

from __future__ import annotations

import contextlib
import json
import math
import tempfile
from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import spglib
from pymatgen.core import Element, Structure

from hebe.config.engines.plane_waves import RELAXED_CUTOFF_EV, plane_wave_tables
from hebe.engines.checkpoint import Checkpoint
from hebe.engines.driving import Driven, require_order
from hebe.engines.optimizer import relax
from hebe.engines.protocol import static_result
from hebe.exceptions import CalculationCutError, EngineError
from hebe.schemas.electronic import ElectronicDoc
from hebe.science.keys import content_hash, structure_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from hebe.config.engines.plane_waves import PlaneWavePreset
    from hebe.engines.protocol import Evaluation, Relaxation
    from hebe.schemas.calculation import Correction

CHECK_FACTOR: Final = 1.3
"""Cut-off, in units of its own, with which the stress of a relaxed cell is checked."""
_CHECK_TOLERANCE_EV: Final = 0.4
"""Virial per atom (eV) that the check may find: with 10 A^3 an atom and 150 GPa a volume that is 4 % off."""
_LEAST_MOMENT: Final = 0.05
"""Moments below (Bohr magnetons) on all sites are those of closed shells."""


def reduced_basis(structure: Structure, engine: str) -> NDArray[np.int64]:
    """Niggli-reduced vectors of the lattice as whole multiples of the given ones, shape (3, 3).

    Raises
    ------
    EngineError
        If the cell is too flat to be reduced.
    """
    lattice = structure.lattice.matrix
    reduced = spglib.niggli_reduce(lattice, eps=1e-5)
    if reduced is None:
        raise EngineError(engine, "the cell cannot be reduced: is it flat?", deterministic=True)
    basis = np.rint(reduced @ np.linalg.inv(lattice)).astype(np.int64)
    if abs(round(np.linalg.det(basis))) != 1:
        raise EngineError(engine, "the cell cannot be reduced: is it flat?", deterministic=True)
    return np.asarray(basis if np.linalg.det(basis @ lattice) > 0 else -basis)


def mesh(structure: Structure, basis: NDArray[np.int64], choice: PlaneWavePreset) -> tuple[int, int, int]:
    """Gamma-centred mesh of k points: that of the formula if one is given, else no wider than the spacing.

    Spacings count along the reciprocal vectors of the reduced cell, with the factor 2 pi.
    """
    given = choice.kpts.get(structure.composition.reduced_formula)
    if given is not None:
        return given
    metal = all(element_of(site.specie).is_metal for site in structure)
    spacing = choice.k_spacing_metal if metal else choice.k_spacing
    reciprocal = 2 * np.pi * np.linalg.inv(basis @ structure.lattice.matrix)
    first, second, third = (max(1, math.ceil(length / spacing - 1e-6)) for length in np.linalg.norm(reciprocal, axis=0))
    return first, second, third


def initial_moments(structure: Structure, choice: PlaneWavePreset) -> list[float] | None:
    """Initial moments (Bohr magnetons): the site property ``magmom``, else by element; None without open shells."""
    if choice.spin == "off":
        return None
    if "magmom" in structure.site_properties:
        moments = [float(moment or 0.0) for moment in structure.site_properties["magmom"]]
    else:
        table = plane_wave_tables().initial_moments.moments
        moments = [table.get(element_of(site.specie).symbol, 0.0) for site in structure]
    return moments if max(map(abs, moments)) > _LEAST_MOMENT else None


def hubbard(structure: Structure, choice: PlaneWavePreset) -> dict[str, float]:
    """U (eV) on d states by element, in compounds of the table's anions; empty where there is none."""
    table = plane_wave_tables().hubbard_u
    elements = {element_of(site.specie).symbol for site in structure}
    if choice.hubbard_u == "none" or elements.isdisjoint(table.anions):
        return {}
    return {symbol: table.d[symbol] for symbol in sorted(elements & table.d.keys())}


def element_of(specie: Any) -> Element:
    """Element of an element or an ion."""
    return Element(getattr(specie, "element", specie).symbol)


class Run(Protocol):
    """Evaluations of one crystal in one folder with one set of settings, and what was corrected on the way."""

    corrections: list[Correction]
    cpu_s: float

    def evaluate(self, structure: Structure) -> Evaluation:
        """Energy, forces, stress and moments."""
        ...

    def evaluate_larger(self, structure: Structure) -> Evaluation:
        """The same with `CHECK_FACTOR` times the cut-off."""
        ...

    def electronic(self, structure: Structure) -> ElectronicDoc | None:
        """Electronic results of a structure that was evaluated here."""
        ...

    def finish(self) -> None:
        """Remove what only a continuation needs."""
        ...

    def close(self) -> None:
        """End what runs."""
        ...


def static_in(run: Run, structure: Structure) -> Relaxation:
    """Energy, forces, stress, moments and electronic results of a structure; ends the run."""
    try:
        result = static_result(structure, run.evaluate(structure), run.cpu_s)
        run.finish()
    finally:
        run.close()
    return replace(result, corrections=run.corrections, electronic=run.electronic(structure))


def relax_in(
    open_run: Callable[[Structure], Run],
    structure: Structure,
    checkpoint: Checkpoint,
    *,
    fmax: float,
    steps: int,
    cell: bool,
    minimum: bool = False,
) -> Relaxation:
    """Relax from the last step of a checkpoint, then check the stress of a cell with a larger basis.

    Parameters
    ----------
    open_run
        Opens a run for the structure that a search began at, which decides its basis.
    structure
        Where it starts, or where an earlier attempt has come to.
    checkpoint
        Where steps are written.
    fmax, steps, cell, minimum
        As in `Engine.relax`.
    """
    state = checkpoint.load(structure)
    run = open_run(structure if state is None else state.start)
    try:
        result = relax(
            structure, run.evaluate, fmax=fmax, steps=steps, cell=cell, minimum=minimum, checkpoint=checkpoint
        )
        found = _remembered(run.electronic(result.structure), result.structure, checkpoint)
        if result.converged and cell:
            result = checked(result, fmax, run.evaluate_larger)
        if result.converged:
            run.finish()
    finally:
        run.close()
    return replace(result, corrections=run.corrections, cpu_s=run.cpu_s, electronic=found)


def _remembered(found: ElectronicDoc | None, structure: Structure, checkpoint: Checkpoint) -> ElectronicDoc | None:
    """Electronic results of a structure; where an earlier attempt had evaluated it, those that it wrote down."""
    path = checkpoint.path.with_suffix(".electronic.json")
    key = structure_hash(structure)
    if found is not None:
        path.write_text(json.dumps({key: found.model_dump(mode="json")}))
        return found
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(path.read_text()).get(key)
        return None if known is None else ElectronicDoc.model_validate(known)
    return None


def refuse_low_cutoff(engine: str, choice: PlaneWavePreset) -> None:
    """Refuse to relax cells with a basis whose stresses are not converged.

    Raises
    ------
    EngineError
        Says what would do.
    """
    if not choice.cells_can_relax:
        raise EngineError(
            engine,
            f"a cut-off of {choice.cutoff:g} eV is too low to relax a cell: choose at least "
            f"{RELAXED_CUTOFF_EV:g} eV, relax ions only, or set allow_low_cutoff",
            deterministic=True,
        )


def checked(result: Relaxation, fmax: float, larger: Callable[[Structure], Evaluation]) -> Relaxation:
    """Compare the stress of a relaxed cell with that of a larger basis.

    With too few plane waves a cell relaxes to a wrong volume and its own stress does not show it.

    Parameters
    ----------
    result
        A converged relaxation of a cell.
    fmax
        Virial per atom (eV) that it was relaxed to.
    larger
        Evaluates with `CHECK_FACTOR` times the cut-off.
    """
    try:
        stress = larger(result.structure).stress
    except CalculationCutError:
        return replace(result, converged=False)
    virial = float(np.linalg.norm(stress, axis=1).max() * result.structure.volume / len(result.structure))
    if virial < max(_CHECK_TOLERANCE_EV, 3 * fmax):
        return replace(result, n_steps=result.n_steps + 1)
    problem = (
        f"the stress is not converged with the cut-off: {CHECK_FACTOR:g} times the cut-off leaves a virial of "
        f"{virial:.2f} eV/atom, so the volume is wrong"
    )
    return replace(result, n_steps=result.n_steps + 1, converged=False, problem=problem)


class PlaneWaveEngine(Driven):
    """What engines with plane waves share: every calculation is a `Run` in a folder."""

    name: str
    choice: PlaneWavePreset
    reads: tuple[str, ...] = ("magmoms",)

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """Everything that changes the numbers, as plain JSON."""

    @abstractmethod
    def open_run(self, structure: Structure, folder: Path) -> Run:
        """Evaluations in a folder, of a crystal that starts as `structure`."""

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:  # noqa: ARG002 - they cost nothing
        """Energy (eV, extrapolated to zero smearing), forces (eV/A), stress (eV/A^3), moments (Bohr magnetons)."""
        require_order(self.name, structure)
        with self._own_folder() as folder:
            run = self.open_run(structure, folder)
            try:
                return run.evaluate(structure)
            finally:
                run.close()

    def static(self, structure: Structure, *, folder: Path | None = None) -> Relaxation:
        """Energy, forces, stress, moments and electronic results of the structure as it is."""
        require_order(self.name, structure)
        if folder is None:
            with self._own_folder() as own:
                return self.static(structure, folder=own)
        return static_in(self.open_run(structure, folder), structure)

    def relax(
        self,
        structure: Structure,
        *,
        fmax: float = 0.05,
        steps: int = 200,
        cell: bool = True,
        minimum: bool = False,
        folder: Path | None = None,
    ) -> Relaxation:
        """Relax ions and cell from the last step written in `folder`, then check the stress with a larger basis.

        Raises
        ------
        EngineError
            If the cell shall relax with a cut-off too low for stresses, or there is no energy to be had.
        """
        require_order(self.name, structure)
        if cell:
            refuse_low_cutoff(self.name, self.choice)
        if folder is None:
            with self._own_folder() as own:
                return self.relax(structure, fmax=fmax, steps=steps, cell=cell, minimum=minimum, folder=own)
        checkpoint = Checkpoint(folder / f"relax-{content_hash([dict(self.settings), cell])[:8]}.json")

        def open_run(start: Structure) -> Run:
            return self.open_run(start, folder)

        return relax_in(open_run, structure, checkpoint, fmax=fmax, steps=steps, cell=cell, minimum=minimum)

    @contextlib.contextmanager
    def _own_folder(self) -> Iterator[Path]:
        """Folder for a calculation that has none, gone afterwards."""
        with tempfile.TemporaryDirectory(prefix=f"hebe-{self.name}-") as folder:
            yield Path(folder)
