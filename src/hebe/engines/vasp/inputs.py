"""From a structure and a choice to an input set of pymatgen: order of sites, moments, what the campaign decides.

What INCAR, KPOINTS and POTCAR hold follows from the sets of pymatgen that atomate2's makers carry (Ong et al., Comput.
Mater. Sci. 68, 314 (2013)); this module only says what they do not know: the task, fmax, initial moments of the ions,
and which symmetry a disordered cell has.
"""

from __future__ import annotations

import copy
import json
import math
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element, Lattice, Structure

from hebe.config.engines.vasp import vasp_tables
from hebe.exceptions import EngineError, MissingDependencyError

if TYPE_CHECKING:
    from pymatgen.io.vasp.sets import VaspInputSet

    from hebe.config.engines.vasp import VaspChoice

RELAX: Final = "relax"
IONS: Final = "relax-ions"
STATIC: Final = "static"
_INDEX: Final = "site_of_the_structure"
_D: Final = 2
_F: Final = 3
_TETRAHEDRA: Final = -5
_LEAST_POINTS: Final = 4
_WITHOUT_TETRAHEDRA: Final = {"ISMEAR": 0, "SIGMA": 0.05}
"""As custodian, and pymatgen's sets for very few points, have it."""


@dataclass(frozen=True)
class Job:
    """What is asked about a structure: task (``relax``, ``relax-ions``, ``static``), fmax (eV/A), ionic steps."""

    task: str
    fmax: float = 0.05
    steps: int = 200


@dataclass(frozen=True)
class Ordered:
    """A structure with equal elements side by side, as POSCAR wants it; ``order`` are sites of the original.

    ``disordered`` says that several elements share a sublattice, or that sites of one element differ in their moments;
    ``inverted`` that it is the image of the original at its origin: VASP takes no left-handed lattices.
    """

    structure: Structure
    order: NDArray[np.int64]
    disordered: bool
    inverted: bool = False

    def back(self, values: Any) -> Any:
        """Values per site in the order of the original structure."""
        result = np.empty_like(np.asarray(values))
        result[self.order] = np.asarray(values)
        return result

    def vectors(self, values: Any) -> NDArray[np.float64]:
        """Vectors per site, shape (n, 3), in the order and orientation of the original structure."""
        found: NDArray[np.float64] = self.back(np.asarray(values, dtype=float))
        return -found if self.inverted else found


def ordered(structure: Structure) -> Ordered:
    """Bare elements in the order of pymatgen's input sets; of the site properties only ``magmom`` stays.

    Moments smaller than the Materials Project's least one are raised to it, with their sign: a spin that starts at zero
    stays there.
    """
    inverted = _is_left_handed(structure.lattice)
    lattice = Lattice(-structure.lattice.matrix) if inverted else structure.lattice
    bare = Structure(lattice, [_element(site.specie) for site in structure], structure.frac_coords)
    bare.add_site_property(_INDEX, list(range(len(structure))))
    if "magmom" in structure.site_properties:
        least = vasp_tables().least_moment.value
        given = [float(moment or 0.0) for moment in structure.site_properties["magmom"]]
        bare.add_site_property("magmom", [m if abs(m) >= least else -least if m < 0 else least for m in given])
    arranged = bare.get_sorted_structure()
    order = np.array(arranged.site_properties[_INDEX], dtype=np.int64)
    arranged.remove_site_property(_INDEX)
    return Ordered(arranged, order, _is_disordered(structure), inverted)


def restored(original: Structure, found: Structure, order: NDArray[np.int64]) -> Structure:
    """Structure with the cell and coordinates of `found`, sites and properties of `original`.

    Coordinates continue those of `original`: VASP wraps them into the cell.
    """
    coords = np.empty((len(original), 3))
    coords[order] = found.frac_coords
    coords -= np.rint(coords - original.frac_coords)
    inverted = _is_left_handed(original.lattice) != _is_left_handed(found.lattice)
    lattice = Lattice(-found.lattice.matrix) if inverted else found.lattice
    return Structure(lattice, original.species, coords, site_properties=original.site_properties)


def input_set(choice: VaspChoice, job: Job, cell: Ordered) -> VaspInputSet:
    """Input set of a job for its structure; it reads no POTCAR unless asked for its ``potcar``.

    Raises
    ------
    EngineError
        If pymatgen refuses.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = generator(choice, job, cell)
            made.structure = cell.structure.copy()
            _ = made.incar
        except Exception as err:
            raise EngineError("vasp", f"the input cannot be made: {err}") from err
    return made


def generator(choice: VaspChoice, job: Job, cell: Ordered) -> VaspInputSet:
    """Input set of a job, without its structure: what a maker of atomate2 is given."""
    made = copy.deepcopy(_base(_maker_name(choice, job, cell.structure)))
    made.inherit_incar = False
    made.user_incar_settings = {**made.user_incar_settings, **_tags(choice, job, cell)}
    settings = choice.settings
    made._config_dict["POTCAR"] |= settings.potcars  # noqa: SLF001 - the public way does this, and warns
    if settings.potcar_functional is not None:
        made.user_potcar_functional = settings.potcar_functional  # type: ignore[assignment]  # it knows LDA_64 too
    if _has_too_few_points(made, cell.structure):
        made.user_incar_settings = {**made.user_incar_settings, **_WITHOUT_TETRAHEDRA}
    return made


def _mesh(made: VaspInputSet, structure: Structure) -> tuple[int, ...]:
    """Divisions of the mesh of k points of an input set: those of KPOINTS, or by VASP's rule for KSPACING."""
    if made.kpoints is not None:
        return tuple(int(n) for n in made.kpoints.kpts[0])
    spacing = float(made.incar.get("KSPACING", 0.5))
    return tuple(max(1, math.ceil(length / spacing)) for length in structure.lattice.reciprocal_lattice.abc)


def _has_too_few_points(made: VaspInputSet, structure: Structure) -> bool:
    """Whether the mesh is too coarse for tetrahedra, which need four points that time reversal leaves apart."""
    whole = copy.copy(made)
    whole.structure = structure
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if int(whole.incar.get("ISMEAR", 1)) != _TETRAHEDRA:
            return False
        mesh = _mesh(whole, structure)
    alone = math.prod(2 if n % 2 == 0 else 1 for n in mesh)
    return (math.prod(mesh) + alone) / 2 < _LEAST_POINTS


def definition(choice: VaspChoice) -> dict[str, Any]:
    """All that decides numbers, as plain JSON: the configuration of the set, and what the user changed of it."""
    preset, free = choice.preset, vasp_tables().free_tags
    config = _base(preset.relax)._config_dict  # noqa: SLF001 - pymatgen has no public name for it
    extra = {name: _base(name).user_incar_settings for name in (preset.relax, preset.static)}
    found = {
        "makers": [preset.relax, preset.static, preset.metal],
        "incar": {tag: value for tag, value in config["INCAR"].items() if tag not in free},
        "makers_incar": {name: {t: v for t, v in tags.items() if t not in free} for name, tags in extra.items()},
        "kpoints": config.get("KPOINTS", {}),
        "potcars": {**config["POTCAR"], **choice.settings.potcars},
        "potcar_functional": potcar_functional(choice),
    }
    plain: dict[str, Any] = json.loads(
        json.dumps(found)
    )  # the reader of pymatgen's files makes numbers of its own kind
    return plain


def potcar_functional(choice: VaspChoice) -> str:
    """Release of the data sets."""
    given = choice.settings.potcar_functional
    return given or str(_base(choice.preset.relax).user_potcar_functional)


def cutoff_eV(choice: VaspChoice) -> float:  # noqa: N802 - the unit is part of the name
    """Cut-off (eV) of the plane waves."""
    own = choice.settings.incar.get("ENCUT")
    return float(own if own is not None else _base(choice.preset.relax)._config_dict["INCAR"]["ENCUT"])  # type: ignore[arg-type]  # noqa: SLF001


def _maker_name(choice: VaspChoice, job: Job, structure: Structure) -> str:
    metal = all(element.is_metal for element in structure.composition.elements)
    if job.task == STATIC:
        return choice.preset.static
    return choice.preset.metal if metal and choice.preset.metal else choice.preset.relax


@cache
def _base(name: str) -> VaspInputSet:
    """Input set that a maker of atomate2 carries, or a set of pymatgen by its name.

    Raises
    ------
    MissingDependencyError
        Without atomate2 or custodian.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from atomate2.vasp.jobs import mp
        except ImportError as err:
            missing = (err.name or "atomate2").partition(".")[0]
            raise MissingDependencyError(missing, "engine vasp", "vasp") from err
        from pymatgen.io.vasp import sets

        maker = getattr(mp, name, None)
        made: VaspInputSet = getattr(sets, name)(force_gamma=True) if maker is None else maker().input_set_generator
    return made


def _tags(choice: VaspChoice, job: Job, cell: Ordered) -> dict[str, Any]:
    """INCAR tags that the campaign decides."""
    settings = choice.settings
    kept = set(settings.keep_files)
    tags: dict[str, Any] = {
        "LCHARG": settings.bader or bool(kept & {"CHG", "CHGCAR"}),
        "LWAVE": bool(kept & {"WAVECAR", "vaspwave.h5"}),
        "LAECHG": settings.bader or any(name.startswith("AECCAR") for name in kept),
        "LVTOT": "LOCPOT" in kept,
        "LELF": "ELFCAR" in kept,
        **settings.incar,
    }
    if job.task != STATIC:
        tags |= {"EDIFFG": -job.fmax, "NSW": job.steps, "ISIF": 3 if job.task == RELAX else 2}
        tags.setdefault("EDIFF", vasp_tables().relaxed_ediff.value)
    if settings.k_spacing is not None:
        tags["KSPACING"] = settings.k_spacing
    if settings.lreal in ("auto", "off"):
        large = len(cell.structure) > vasp_tables().large_cell_sites
        tags["LREAL"] = "Auto" if settings.lreal == "auto" and large else False
    if settings.symmetry == "off" or (settings.symmetry == "auto" and cell.disordered):
        tags["ISYM"] = 0
    return tags | _hubbard(settings.hubbard_u)


def _hubbard(choice: Any) -> dict[str, Any]:
    if choice in (None, "mp"):
        return {}
    if choice == "none":
        return {"LDAU": False}
    zero = dict.fromkeys(choice, 0)
    return {
        "LDAU": True,
        "LDAUTYPE": 2,
        "LDAUU": dict(choice),
        "LDAUL": {symbol: _F if Element(symbol).block == "f" else _D for symbol in choice},
        "LDAUJ": zero,
        "LASPH": True,
    }


def _is_disordered(structure: Structure) -> bool:
    """Whether elements share a sublattice, or sites of one element start with different moments.

    VASP would keep the symmetry of what is only an average, and make moments alike.
    """
    properties = structure.site_properties
    elements = [_element(site.specie).symbol for site in structure]
    shared = {*zip(properties.get("sublattice", elements), elements, strict=True)}
    moments = [round(float(m or 0.0), 3) for m in properties.get("magmom", [0.0] * len(elements))]
    spins = {*zip(elements, moments, strict=True)}
    return len(shared) > len({label for label, _ in shared}) or len(spins) > len(set(elements))


def _is_left_handed(lattice: Lattice) -> bool:
    return float(np.linalg.det(lattice.matrix)) < 0


def _element(specie: Any) -> Element:
    return Element(getattr(specie, "element", specie).symbol)
