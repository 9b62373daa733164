"""CPU time that a static calculation of a member of a host will take: a rough figure, said before anything runs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from pydantic import Field
from pymatgen.core import Element

from hebe.config.engines.plane_waves import PlaneWaveBlock
from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.science.chemistry.descriptors import spin_of
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import composition_of
from hebe.science.errors.small_members import cell_sites
from hebe.science.structures.labels import unpaired_electrons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.config.engines import EngineBlock
    from hebe.schemas.spec import MemberSpec

_FILE: Final = "static_costs.yaml"
_CORES: Final = (86, 54, 36, 18, 10, 2, 0)
_D_SHELL: Final = 10


class StaticCosts(ConfigModel):
    """The file ``static_costs.yaml``, which says what its numbers are."""

    seconds: float = Field(gt=0)
    kpoints_times_atoms: float = Field(gt=0)
    k_spacing: float = Field(gt=0)
    cutoff: float = Field(gt=0)
    two_open_shells: float = Field(ge=1)
    potential: float = Field(gt=0)
    source: str


@cache
def static_costs() -> StaticCosts:
    """Figures of the package."""
    return packaged(StaticCosts, "hebe.science.errors", _FILE)


def static_cost(spec: MemberSpec, engine: EngineBlock) -> float:
    """CPU time (s) of a static calculation of the smallest cell of a member.

    Parameters
    ----------
    spec
        The member.
    engine
        What computes it; engines with plane waves say their mesh and cut-off, others are taken to have those of the
        measurement.
    """
    composition = composition_of(spec)
    n_fu = cell_sites(spec) / composition.host.sublattices[spec.primary].multiplicity
    amounts = {element: float(n) * n_fu for element, n in composition.elements.items()}
    return cell_cost(amounts, len(open_shelled(spec)), engine)


def cell_cost(amounts: Mapping[str, float], open_shells: int, engine: EngineBlock) -> float:
    """CPU time (s) of a static calculation of a cell with so many atoms of each element.

    Parameters
    ----------
    amounts
        Element -> atoms.
    open_shells
        Elements with unpaired electrons.
    engine
        As in `static_cost`.
    """
    costs, atoms = static_costs(), sum(amounts.values())
    if not engine.traits.costly:
        return costs.potential * atoms
    electrons = sum(outer_electrons(element) * n for element, n in amounts.items())
    finer, cutoff, polarised = 1.0, 1.0, True
    if isinstance(engine, PlaneWaveBlock):
        chosen = engine.choice
        finer, cutoff = costs.k_spacing / chosen.k_spacing, chosen.cutoff / costs.cutoff
        polarised = chosen.spin != "off"
    open_shells = open_shells if polarised else 0
    mesh = max(1.0, costs.kpoints_times_atoms / atoms * finer**3)
    found: float = costs.seconds * electrons**2 * mesh * cutoff**1.5 * (2 if open_shells else 1)
    return found * (costs.two_open_shells if open_shells > 1 else 1)


def open_shelled(spec: MemberSpec) -> set[str]:
    """Elements of a member with ions that have unpaired electrons."""
    host = composition_of(spec).host
    ions = {(name, Ion.parse(ion)) for name, part in spec.split.items() for ion in part}
    return {ion.element for name, ion in ions if unpaired_electrons(ion, spin_of(ion, host.sublattices[name]))}


def outer_electrons(symbol: str) -> int:
    """Electrons outside the noble-gas core, without a filled d shell."""
    number = int(Element(symbol).Z)
    outer = number - next(core for core in _CORES if number > core)
    return outer - _D_SHELL if outer > _D_SHELL + 1 else outer


def spins_in_doubt(spec: MemberSpec, engine: EngineBlock) -> bool:
    """Whether a calculation can end in two spin states: an ion that the family takes for low-spin may be high-spin."""
    if "magmoms" not in engine.traits.capabilities or (
        isinstance(engine, PlaneWaveBlock) and engine.choice.spin == "off"
    ):
        return False
    host = composition_of(spec).host
    ions = [(name, Ion.parse(ion)) for name, part in spec.split.items() for ion in part]
    low = [ion for name, ion in ions if spin_of(ion, host.sublattices[name]) == "low"]
    return any(unpaired_electrons(ion, "high") != unpaired_electrons(ion, "low") for ion in low)
