"""Paths: the way of least energy between two cells, as a nudged elastic band with a climbing image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.engines.band import BAND, Band
from hebe.engines.band_search import REST, NoTimeError, divided, first_band, relaxed_band
from hebe.engines.checkpoint import Log
from hebe.engines.deadline import DEADLINE
from hebe.engines.interpolation import first_images
from hebe.exceptions import CalculationCutError, EngineError
from hebe.schemas.calculation import Correction
from hebe.science.keys import content_hash, structure_content, structure_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path as Folder

    from hebe.engines.protocol import Evaluation

    EvaluateMany = Callable[[Sequence[Structure]], Iterable[Evaluation]]

_LOG: Final = "path.jsonl"


@dataclass(frozen=True)
class Passage:
    """A path as far as it is known.

    ``known`` holds all images with the ends, None as long as not all were looked at; ``magmoms`` (Bohr magnetons) are
    theirs where the engine has moments, shape (m, n); ``residual`` (eV/A) is its largest force across the path,
    ``bound_eV`` the height of the first images above the start; where that is ``too_high`` they were not relaxed.
    ``start`` has lattice and species of all images.
    """

    start: Structure
    known: Band | None
    n_steps: int
    residual: float = np.inf
    bound_eV: float = np.inf
    converged: bool = False
    too_high: bool = False
    magmoms: NDArray[np.float64] | None = None
    cpu_s: float = 0.0
    corrections: tuple[Correction, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def band(self) -> Band:
        """All images with the ends.

        Raises
        ------
        ValueError
            If a limit ended it before all were looked at.
        """
        if self.known is None:
            raise ValueError("a limit ended the path within its first images")
        return self.known

    @property
    def ends_residual(self) -> float:
        """Largest force (eV/A) on the ends, which are no minima where it is large."""
        return float(np.linalg.norm(self.band.forces[[0, -1]], axis=2).max())

    @property
    def barrier_eV(self) -> float:  # noqa: N802 - the unit keeps its case
        """Energy of the highest point above the start."""
        return float(self.band.energies.max() - self.band.energies[0])

    @property
    def backward_eV(self) -> float:  # noqa: N802 - same
        """Energy of the highest point above the end."""
        return float(self.band.energies.max() - self.band.energies[-1])

    @property
    def resting(self) -> list[int]:
        """Images at which the path rests; without any it goes in one step."""
        return self.band.minima(REST)

    @property
    def saddle(self) -> Structure | None:
        """Structure of the climbing image; None where no image lies above both ends."""
        return self.structure(self.band.top) if self.band.climbs else None

    @property
    def moment_change(self) -> float | None:
        """Largest change of the moment of a site between images (Bohr magnetons): above about 0.5 an electron hops."""
        return None if self.magmoms is None else float(np.ptp(self.magmoms, axis=0).max())

    def structure(self, image: int) -> Structure:
        """Structure of an image."""
        return _structure(self.start, self.band.positions[image])


def _structure(start: Structure, positions: NDArray[np.float64]) -> Structure:
    return Structure(
        start.lattice,
        start.species,
        positions,
        coords_are_cartesian=True,
        site_properties=start.site_properties,
    )


@dataclass(frozen=True, kw_only=True)
class Path:
    """The path from a relaxed cell to another one of the same atoms in the same cell and order.

    Parameters
    ----------
    end
        The other cell; each atom goes to its image nearest to where it starts.
    images
        Images between the ends.
    fmax
        Largest force (eV/A) across the path at the end of the search.
    steps
        Limit on evaluations of an attempt.
    via
        Number of an atom, and the place (fractional coordinates) that it first passes half-way.
    origin
        What identifies the end and ``via`` where they come from a calculation, whose coordinates differ in the last
        digits between processors: its key, and the ideal place.
    highest
        Height (eV) of the first images above the start from which on they are not relaxed.
    """

    end: Structure
    images: int = 5
    fmax: float = 0.05
    steps: int = 1000
    via: tuple[int, tuple[float, float, float]] | None = None
    origin: str | None = None
    highest: float | None = None
    kind: ClassVar[str] = "path"
    needs: ClassVar[frozenset[str]] = frozenset({"forces"})

    def identity(self) -> Mapping[str, Any]:
        """The other end, what the band begins and ends with, and its scheme."""
        return {
            "task": self.kind,
            "end": structure_content(self.end) if self.origin is None else self.origin,
            "images": self.images,
            "fmax": self.fmax,
            "band": BAND,
            **({} if self.via is None or self.origin is not None else {"via": [self.via[0], _digits(self.via[1])]}),
            **({} if self.highest is None else {"highest": self.highest}),
        }

    def drive(self, evaluate: Callable[[Structure], Evaluation], start: Structure, folder: Folder | None) -> Passage:
        """Relax the band, image after image; see `drive_many`."""
        return self.drive_many(lambda structures: map(evaluate, structures), start, folder)

    def drive_many(self, evaluate_many: EvaluateMany, start: Structure, folder: Folder | None) -> Passage:
        """Relax the band from the last evaluation that was written down.

        Parameters
        ----------
        evaluate_many
            Evaluations of structures in their order: a list, or one by one, between which the time can be over.
        start
            The cell at which the path begins.
        folder
            Where evaluations are written down; nowhere if None.

        Raises
        ------
        CalculationCutError
            If a limit of the engine ended it before its first evaluation.
        EngineError
            If the ends do not hold the same atoms in the same cell, energies or forces are not finite, or the band
            comes apart.
        """
        _check_ends(start, self.end)
        via = None if self.via is None else (self.via[0], np.array(self.via[1]))
        positions = first_images(start, self.end, self.images, via)
        log = (
            None if folder is None else Log(folder / _LOG, content_hash([structure_hash(start), dict(self.identity())]))
        )
        look = _Look(evaluate_many, start, log, self.steps)
        return _relaxed(look, positions, self.fmax, np.inf if self.highest is None else self.highest)


def _digits(place: Sequence[float]) -> list[float]:
    return [round(x, 6) for x in place]


def _check_ends(start: Structure, end: Structure) -> None:
    if start.species != end.species or not np.allclose(start.lattice.matrix, end.lattice.matrix, atol=1e-4):
        reason = "a path leads between the same atoms in the same order in the same cell"
        raise EngineError("path", reason, deterministic=True)


class _Look:
    """Evaluations of images: first those that were written down, then new ones, each of which is written down."""

    def __init__(self, evaluate_many: EvaluateMany, start: Structure, log: Log | None, steps: int) -> None:
        self.evaluate_many, self.start, self.log, self.steps = evaluate_many, start, log, steps
        self.known: list[Any] = [] if log is None else log.resume()
        self.new = 0

    def __call__(self, positions: NDArray[np.float64]) -> list[Any]:
        """Energy, forces and moments of each; raises `NoTimeError` at a limit."""
        found, self.known = self.known[: len(positions)], self.known[len(positions) :]
        missing = positions[len(found) :]
        if len(missing) and self.new and (DEADLINE.passed or self.new >= self.steps):
            raise NoTimeError
        try:
            given = self.evaluate_many([_structure(self.start, image) for image in missing])
            for one in given:
                found.append(_plain(one))
                self.new += 1
                if self.log is not None:
                    self.log.append(found[-1])
                if DEADLINE.passed and len(found) < len(positions) and not isinstance(given, list):
                    raise NoTimeError
        except CalculationCutError as err:
            if not (found or self.new):
                raise
            raise NoTimeError from err
        return found


def _plain(found: Evaluation) -> list[Any]:
    """Evaluation as it is written down."""
    if not (np.isfinite(found.energy_eV) and np.isfinite(found.forces).all()):
        raise EngineError("path", "energy or forces are not finite", deterministic=True)
    return [found.energy_eV, found.forces.tolist(), None if found.magmoms is None else found.magmoms.tolist()]


def _relaxed(look: _Look, positions: NDArray[np.float64], fmax: float, highest: float) -> Passage:
    """Band of least energy, or how far it came; the first images where they are too high."""
    try:
        found = first_band(positions, look(positions))
    except NoTimeError:
        return Passage(look.start, None, look.new)
    too_high = found.bound_eV > highest
    if not too_high:
        found = divided(look, relaxed_band(look, found, fmax), fmax)
    else:
        found = replace(found, residual=found.band.nudged()[1])
    return Passage(
        start=look.start,
        known=found.band,
        n_steps=look.new,
        residual=found.residual,
        bound_eV=found.bound_eV,
        converged=found.done or too_high,
        too_high=too_high,
        magmoms=found.moments,
    )
