"""Handlers and limits of custodian for each kind of job: what is corrected, what is not, and when a run must stop.

Handlers that would only change what a converged number means (another smearing, another mesh) are left out. Those
that do it on the way (``VaspErrorHandler`` after a failure of the tetrahedron method) are followed by a run with the
settings asked for, see `run`.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from custodian.vasp.handlers import (
    FrozenJobErrorHandler,
    MeshSymmetryErrorHandler,
    NonConvergingErrorHandler,
    PositiveEnergyErrorHandler,
    PotimErrorHandler,
    StdErrHandler,
    UnconvergedErrorHandler,
    VaspErrorHandler,
    WalltimeHandler,
)
from custodian.vasp.interpreter import VaspModder
from custodian.vasp.io import load_vasprun
from pymatgen.io.vasp.inputs import Incar

from hebe.engines.vasp.inputs import STATIC

if TYPE_CHECKING:
    from custodian.custodian import ErrorHandler

_BUFFER_S: Final = 300
_BUFFER_SHARE: Final = 0.1
_START_VARIABLE: Final = "CUSTODIAN_WALLTIME_START"


class EarlyErrorHandler(VaspErrorHandler):
    """Custodian's handler, for programs that also fail before their first density.

    For ``EDDDAV`` it counts electrons, which OUTCAR only tells after a density, and would end with a `TypeError`.
    """

    def correct(self, directory: str = "./") -> dict[str, Any]:
        """Change the input; for an early ``EDDDAV`` to the algorithm that custodian takes as well."""
        try:
            corrected: dict[str, Any] = super().correct(directory)  # type: ignore[no-untyped-call]
        except TypeError:
            incar = Incar.from_file(Path(directory) / "INCAR")
            if self.errors != {"edddav"}:
                raise
            if str(incar.get("ALGO", "Normal")).casefold() == "all":
                return {"errors": ["edddav"], "actions": None}
            actions = [{"dict": "INCAR", "action": {"_set": {"ALGO": "All", "ISEARCH": 1}}}]
            VaspModder(directory=directory).apply_actions(actions)
            return {"errors": ["edddav"], "actions": actions}
        return corrected


class ElectronicErrorHandler(UnconvergedErrorHandler):
    """Corrects a density that is not self-consistent.

    Too few ionic steps are no error: the calculation is cut and goes on later.
    """

    def check(self, directory: str = "./") -> bool:
        """Whether the last density did not converge."""
        try:
            return not load_vasprun(os.path.join(directory, self.output_filename)).converged_electronic  # noqa: PTH118 - custodian's cache is by this name
        except Exception:  # noqa: BLE001 - a file that cannot be read is the business of the validators
            return False


def handlers(task: str, stuck_s: float, left_s: float | None) -> list[ErrorHandler]:
    """Fresh handlers of a kind of job, in the order in which they correct.

    Parameters
    ----------
    task
        ``relax``, ``relax-ions`` or ``static``.
    stuck_s
        Wall time (s) without output after which the program counts as stuck.
    left_s
        Wall time (s) until the program has to stop; None for never.
    """
    found: list[Any] = [
        EarlyErrorHandler(),
        MeshSymmetryErrorHandler(),
        ElectronicErrorHandler(),
        NonConvergingErrorHandler(),
        FrozenJobErrorHandler(timeout=stuck_s),
        StdErrHandler(),
    ]
    if task != STATIC:
        found += [PotimErrorHandler(), PositiveEnergyErrorHandler()]
    if left_s is not None:
        found.append(_walltime(left_s, electronic=task == STATIC))
    return found


def _walltime(left_s: float, *, electronic: bool) -> WalltimeHandler:
    """Handler that counts from now; custodian counts from the first one of the process."""
    before = os.environ.get(_START_VARIABLE)
    buffer = min(_BUFFER_S, _BUFFER_SHARE * left_s)
    handler = WalltimeHandler(wall_time=left_s, buffer_time=buffer, electronic_step_stop=electronic)
    handler.start_time = dt.datetime.now()  # noqa: DTZ005 - as custodian compares it
    if before is None:
        os.environ.pop(_START_VARIABLE, None)
    return handler
