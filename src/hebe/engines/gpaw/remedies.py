"""What is done about an error of GPAW: pure rules, shared by the engine and the handlers for custodian."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hebe.schemas.calculation import Correction

if TYPE_CHECKING:
    from collections.abc import Sequence

_MORE_ITERATIONS: Final = 333
_MOST_ITERATIONS: Final = 600
_WIDE_SMEARING: Final = 0.4  # eV


@dataclass(frozen=True)
class Remedy:
    """One thing to try.

    ``changes`` are GPAW parameters to set. ``temporary`` ones alter converged numbers: they only lead to a density from
    which the calculation is repeated with the parameters asked for.
    """

    problem: str
    action: str
    changes: dict[str, Any] = field(default_factory=dict)
    temporary: bool = False

    @property
    def correction(self) -> Correction:
        """For the record."""
        return Correction(problem=self.problem, action=self.action, settings=self.changes)


def _against_divergence(parameters: dict[str, Any]) -> list[Remedy]:
    problem = "the density did not become self-consistent"
    spin = {"method": "difference"} if parameters.get("spinpol") else {}
    soft = {"backend": "pulay", "beta": 0.02, "nmaxold": 8, "weight": 100, **spin}
    more = max(_MORE_ITERATIONS, 2 * int(parameters.get("maxiter", 0)))
    wide = {"name": "fermi-dirac", "width": max(_WIDE_SMEARING, 2 * parameters["occupations"]["width"])}
    return [
        Remedy(problem, "more iterations", {"maxiter": more}),
        Remedy(problem, "softer mixer", {"mixer": soft, "maxiter": max(more, _MOST_ITERATIONS)}),
        Remedy(
            problem,
            "wider smearing first, then that asked for",
            {"occupations": wide, "mixer": soft, "maxiter": max(more, _MOST_ITERATIONS)},
            temporary=True,
        ),
    ]


def remedy(error: str, parameters: dict[str, Any], tried: Sequence[str]) -> Remedy | None:
    """Find what to try next.

    Parameters
    ----------
    error
        ``scf``, ``memory``, ``died`` or ``stuck``; for anything else there is no remedy.
    parameters
        GPAW's, as they are now.
    tried
        Actions that did not help.

    Returns
    -------
    Remedy or None
        None when nothing is left to try.
    """
    ladders = {
        "scf": _against_divergence(parameters),
        "memory": [
            Remedy("out of memory", "eigensolver with fewer trial vectors", {"eigensolver": {"name": "rmm-diis"}})
        ],
        "died": [Remedy("the worker died", "started again from its last checkpoint")],
        "stuck": [Remedy("the worker was stuck", "ended and started again from its last checkpoint")],
    }
    return next((step for step in ladders.get(error, []) if step.action not in tried), None)
