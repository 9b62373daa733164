"""From VASP's files to results: atomate2's task document reduced to energy, forces, stress, moments.

The energy is that extrapolated to zero smearing, as the Materials Project takes it. Stress in VASP's files is in kB and
positive under compression; here it is in eV/A^3 and positive under tension.
"""

from __future__ import annotations

import contextlib
import gzip
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.engines.protocol import Relaxation
from hebe.engines.quiet import quiet
from hebe.engines.vasp.corrections import correction
from hebe.engines.vasp.electronic import electronic
from hebe.engines.vasp.history import existing
from hebe.engines.vasp.inputs import Ordered, restored
from hebe.exceptions import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.config.engines.vasp import VaspChoice
    from hebe.science.electrons.projected import Projected

KB_PER_EV_A3: Final = 1602.176634
"""Kilobar in one eV/A^3."""
_RELAXED: Final = "reached required accuracy"


def document_of(maker: Any, structure: Structure, path: Path) -> Any:
    """Run a maker of atomate2 in a folder; its task document."""
    with quiet(), contextlib.chdir(path):
        return type(maker).make.original(maker, structure).output


def read_folder(path: Path) -> Any:
    """Task document of a folder in which VASP has ended.

    Raises
    ------
    EngineError
        If its files cannot be read.
    """
    with quiet():
        from atomate2.vasp.jobs.base import get_vasp_task_document

        try:
            return get_vasp_task_document(path, run_bader=False, store_volumetric_data=None)
        except Exception as err:
            reason = " ".join(f"{type(err).__name__}: {err}".split())[:300]
            raise EngineError("vasp", f"the output cannot be read: {reason}", folder=path) from err


def relaxation(
    document: Any,
    start: Structure,
    cell: Ordered,
    choice: VaspChoice,
    charges: list[float] | None,
    projected: Projected | None,
) -> Relaxation:
    """Result in the site order of `start`.

    Parameters
    ----------
    document
        Task document of atomate2.
    start
        Structure that was asked about.
    cell
        The same in POSCAR's order.
    choice
        Says which corrections the energy gets.
    charges
        Charges (e) in POSCAR's order, where they were partitioned.
    projected
        Occupied states around the atoms, where they are known.

    Raises
    ------
    EngineError
        If energy, forces, stress or coordinates are not numbers (``****`` in VASP's files).
    """
    output, calculation = document.output, document.calcs_reversed[0]
    _check_finite(output, calculation)
    final = restored(start, output.structure, cell.order)
    moments = _moments(calculation, len(start))
    named = correction(document, choice)
    by_site = None if moments is None else cell.back(moments)
    return Relaxation(
        structure=final,
        energy_eV=float(output.energy) + sum(named.values()),
        forces_max=float(np.linalg.norm(np.array(output.forces, dtype=float), axis=1).max()),
        stress=-np.array(output.stress, dtype=float) / KB_PER_EV_A3,
        n_steps=len(calculation.output.ionic_steps or []),
        converged=True,
        magmoms=by_site,
        energies=energies_of(calculation),
        energy_corrections=named,
        electronic=electronic(calculation, final, cell, by_site, charges, projected),
        versions={"vasp": str(calculation.vasp_version), "potcars": ", ".join(titles(calculation))},
    )


def _check_finite(output: Any, calculation: Any) -> None:
    """See that VASP has written numbers; what does not fit its columns is ``****`` and read as NaN."""
    steps = calculation.output.ionic_steps or []
    values = {
        "energy": [output.energy],
        "forces": output.forces,
        "stress": output.stress,
        "structure": [*output.structure.lattice.matrix, *output.structure.frac_coords],
        "last step": [steps[-1].e_fr_energy, steps[-1].e_0_energy] if steps else [],
    }
    wrong = [name for name, value in values.items() if not _is_finite(value)]
    if wrong:
        raise EngineError("vasp", f"not a number in vasprun.xml: {', '.join(wrong)}")


def _is_finite(value: Any) -> bool:
    return value is not None and bool(np.isfinite(np.array(value, dtype=float)).all())


def energies_of(calculation: Any) -> list[float]:
    """Energies (eV, extrapolated to zero smearing) of the ionic steps.

    Those of a whole step in vasprun.xml are not what their names say; the last self-consistency step has the difference
    of the extrapolated from the free energy.
    """
    return [
        float(step.e_fr_energy + step.electronic_steps[-1].e_0_energy - step.electronic_steps[-1].e_fr_energy)
        for step in calculation.output.ionic_steps or []
    ]


def titles(calculation: Any) -> list[str]:
    """Titles of the POTCARs that a calculation used, in their order."""
    return [str(getattr(spec, "titel", spec)) for spec in calculation.input.potcar_spec or []]


def forces_of(document: Any, cell: Ordered) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Forces (eV/A) in the site order of the structure that was asked about, shape (n, 3)."""
    return cell.vectors(document.output.forces)


def is_relaxed(path: Path) -> bool:
    """Whether VASP says that the forces are small enough; pymatgen takes a run that STOPCAR ended for converged."""
    return _RELAXED in read_text(path / "OUTCAR")


def read_text(path: Path) -> str:
    """Text of a file, compressed or not.

    Raises
    ------
    OSError
        If there is neither.
    """
    found = existing(path.parent, path.name)
    data = gzip.decompress(found.read_bytes()) if found.suffix == ".gz" else found.read_bytes()
    return data.decode(errors="replace")


def _moments(calculation: Any, n: int) -> list[float] | None:
    """Moments (Bohr magnetons) inside the spheres of the data sets, in POSCAR's order; None without spin."""
    outcar = calculation.output.outcar or {}
    found = outcar.get("magnetization") if isinstance(outcar, dict) else outcar.magnetization
    return [float(site["tot"]) for site in found] if found and len(found) == n else None
