"""Base of engines that evaluate many cells in one pass, here or in the process of a device that workers share."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING

from hebe.engines.driving import Driven, require_order
from hebe.engines.optimizer import relax_many
from hebe.engines.sharing.line import LINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

    from hebe.engines.protocol import Evaluation, Relaxation
    from hebe.exceptions import EngineError


class Batched(Driven):
    """Base of engines that evaluate many cells at once; they read nothing but elements, lattice and coordinates.

    ``shared_as`` is the block of a campaign's engine as JSON, from which another process makes the same engine; an
    engine without one computes in its own process.
    """

    shared_as: str | None = None

    @abstractmethod
    def evaluate_many(self, structures: Sequence[Structure], *, magmoms: bool = False) -> list[Evaluation]:
        """Evaluate structures in one pass; needs the memory of all of them at once.

        Raises
        ------
        EngineError
            If one of them has no energy.
        """

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:
        """Energy (eV), forces (eV/A), stress (eV/A^3) and, when asked and available, moments (Bohr magnetons).

        Where this process shares a device with others, the cells that they ask for at the same time are evaluated
        with it.
        """
        if LINE.is_open and self.shared_as is not None:
            require_order(self.name, structure)
            found = LINE.evaluate(self.name, self.shared_as, structure, magmoms=magmoms)
            if found is not None:
                return found
        return self.evaluate_many([structure], magmoms=magmoms)[0]

    def relax_many(
        self,
        structures: Sequence[Structure],
        *,
        fmax: float = 0.05,
        steps: int = 200,
        cell: bool = True,
        minimum: bool = False,
        batch: int = 64,
    ) -> list[Relaxation | EngineError]:
        """Relax structures in lock-step, up to `batch` at a time; see `hebe.engines.optimizer.relax_many`."""
        evaluate = partial(self.evaluate_many, magmoms="magmoms" in self.capabilities)
        return relax_many(structures, evaluate, fmax=fmax, steps=steps, cell=cell, minimum=minimum, batch=batch)
