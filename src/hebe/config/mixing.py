"""The mixing block of a campaign: phases that it brings itself, and temperatures of interest."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from hebe.config.model import ConfigModel
from hebe.config.reading.units import Length, Pressure, Temperature
from hebe.config.structures import CellFile


class VibrationSpec(ConfigModel):
    """Harmonic vibrations of everything on the hull: lengths in A, temperatures in K.

    ``supercell`` is the least width of the cells in which atoms are displaced, ``displacement`` how far, ``highest``
    the temperature up to which a mixing temperature is sought.
    """

    supercell: Annotated[Length, Field(ge=4, le=40)] = 10.0
    displacement: Annotated[Length, Field(gt=0, le=0.1)] = 0.01
    highest: Annotated[Temperature, Field(ge=100, le=5000)] = 2000.0


FIRING_TEMPERATURE: Final = 1173.15
"""K (900 degC); for hosts of no family that has one."""

OXYGEN_IN_AIR: Final = 0.21
"""Partial pressure, bar."""


class OxygenSpec(ConfigModel):
    """Exchange of oxygen with a gas: firing temperature (K; the campaign's if None), partial pressure of O2 (bar)."""

    temperature: Annotated[Temperature, Field(ge=300, le=3000)] | None = None
    pressure: Annotated[Pressure, Field(gt=0, le=1000)] = OXYGEN_IN_AIR

    def fired_at(self, usual: float | None) -> float:
        """Firing temperature (K): the block's, else the `usual` one of the candidate."""
        return next(t for t in (self.temperature, usual, FIRING_TEMPERATURE) if t is not None)


class EntryFile(ConfigModel):
    """A file of computed entries and the energy scale of their energies.

    ``text`` is its content, read when the campaign is read. ``corrections`` says whether corrections that the entries
    carry count; entries that have some are refused without it.
    """

    file: str = Field(min_length=1)
    energy_scale: str = Field(min_length=1)
    corrections: Literal["keep", "drop"] | None = None
    text: str | None = Field(default=None, repr=False)


class MixingSpec(ConfigModel):
    """What the mixing analyses are given beside the phases of the package; temperatures in K.

    ``phases`` are structure files (one phase each) or YAML files of phases as the package has them, relative to the
    campaign's folder. They are calculated with the campaign's engine like every other phase. ``materials_project``
    asks for the structures of that database; reading the campaign puts them among ``phases``. ``entries`` are files of
    energies that the campaign brings itself, which compete in stages of their energy scale. ``members`` are formulas
    of the host that compete as disordered phases with their own entropy. ``vibrations`` asks for the harmonic free
    energy of everything on the hull, ``oxygen`` for the hull in exchange with that gas. ``solution`` lets other
    compositions of the host compete, from energies of pairs of ions; with a potential, members halfway between those
    with fewest species are computed for it.
    """

    phases: tuple[CellFile, ...] = ()
    materials_project: bool = False
    members: tuple[str, ...] = ()
    temperatures: tuple[Annotated[Temperature, Field(ge=0, le=10_000)], ...] = ()
    vibrations: VibrationSpec | None = None
    oxygen: OxygenSpec | None = None
    solution: bool = True
    entries: tuple[EntryFile, ...] = ()

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        later: dict[str, tuple[Any, ...]] = {"oxygen": (None,), "entries": ((), []), "solution": (True,)}
        return {key: value for key, value in handler(self).items() if value not in later.get(key, ())}
