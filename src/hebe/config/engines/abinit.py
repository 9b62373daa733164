"""What can be chosen for the engine abinit: presets as a data file, and the settings that override them."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, PlainValidator, StringConstraints, model_validator

from hebe.config.engines.base import Traits
from hebe.config.engines.plane_waves import MagneticOrder, PlaneWaveBlock, PlaneWavePreset, PlaneWaveSettings
from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.config.reading.units import Energy
from hebe.config.reading.wording import RefusedValueError, suggest

ABINIT_PRESETS: Final = ("ci", "screen", "accurate")

Functional = Literal["LDA", "PBE"]


def _numbers(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    if not items or any(isinstance(item, bool) or not isinstance(item, int | float) for item in items):
        raise ValueError(f"expected a number or a list of numbers, got {value!r}")
    return value


VariableValue = Annotated[Any, PlainValidator(_numbers)]
FileName = Annotated[str, StringConstraints(min_length=1)]


class AbinitPreset(PlaneWavePreset):
    """A complete choice: every setting has a value.

    ``xc`` is that of the PAW data sets; ``fine_cutoff``, in units of the cut-off, belongs to the finer of PAW's two
    grids; ``energy_tolerance`` (eV of the cell) is the change of the energy from which a density counts as
    self-consistent. The rest is in `AbinitSettings`.
    """

    xc: Functional
    fine_cutoff: float = Field(ge=1, le=10)
    energy_tolerance: Energy = Field(gt=0, le=1e-2)
    data_sets: dict[str, FileName] = Field(default_factory=dict)
    variables: dict[str, VariableValue] = Field(default_factory=dict)
    magnetic_order: MagneticOrder = "ferromagnetic"


class AbinitSettings(PlaneWaveSettings):
    """Overrides of a preset.

    ``data_sets`` names the file of a PAW data set by element; ``variables`` sets variables of ABINIT that alter no
    converged number (parallelization, mixing); ``magnetic_order`` arranges the moments of the ions of a host.
    """

    xc: Functional | None = None
    fine_cutoff: float | None = Field(default=None, ge=1, le=10)
    energy_tolerance: Energy | None = Field(default=None, gt=0, le=1e-2)
    data_sets: dict[str, FileName] | None = None
    variables: dict[str, VariableValue] | None = None
    magnetic_order: MagneticOrder | None = None

    @model_validator(mode="after")
    def _known(self) -> AbinitSettings:
        tables = abinit_tables()
        for name in self.variables or {}:
            if name in tables.of_the_engine:
                hint = f"use {tables.of_the_engine[name]}"
                raise RefusedValueError(f"{name} is decided elsewhere", key="variables", suggestion=hint)
            if name not in tables.free_variables:
                hint = suggest(name, tables.free_variables)
                reason = f"{name} is not among those that alter no number"
                raise RefusedValueError(reason, key="variables", suggestion=hint)
        _check_elements(self.data_sets or {})
        return self


def _check_elements(data_sets: dict[str, str]) -> None:
    from pymatgen.core import Element

    for symbol in data_sets:
        if not Element.is_valid_symbol(symbol):
            raise RefusedValueError(f"{symbol!r} is no element", key="data_sets")


class Smoothing(ConfigModel):
    """Width (eV) over which plane waves at the cut-off fade."""

    source: str
    value: float = Field(ge=0)


class Attempt(ConfigModel):
    """What is tried against a density that does not become self-consistent."""

    action: str
    variables: dict[str, VariableValue]


class AbinitTables(ConfigModel):
    """The file ``presets/abinit.yaml``."""

    presets: dict[str, AbinitPreset]
    data_sets: dict[str, tuple[str, ...]]
    folders: tuple[str, ...]
    cutoff_smearing: Smoothing
    free_variables: tuple[str, ...]
    of_the_engine: dict[str, str]
    with_moments: dict[str, VariableValue]
    against_divergence: tuple[Attempt, ...]


@cache
def abinit_tables() -> AbinitTables:
    """Presets and tables of the package."""
    return packaged(AbinitTables, "hebe.config", "presets/abinit.yaml")


def abinit_choice(preset: str, settings: AbinitSettings | None) -> AbinitPreset:
    """Preset with the overrides of a user."""
    given = {} if settings is None else settings.model_dump(exclude_none=True)
    chosen = abinit_tables().presets[preset]
    return AbinitPreset.model_validate(chosen.model_dump() | given)


class AbinitBlock(PlaneWaveBlock):
    """ABINIT with a preset and what is changed in it."""

    traits: ClassVar[Traits] = Traits(
        factory="hebe.engines.abinit:from_block",
        called="abinit",
        capabilities=frozenset({"forces", "stress", "magmoms", "electrons", "U", "oxides", "metals", "molecules"}),
        packages=("atomate2", "abipy"),
        extra="abinit",
        presets=ABINIT_PRESETS,
        default_preset="screen",
        costly=True,
        starts_from_ions=True,
    )

    name: Literal["abinit"] = "abinit"
    settings: AbinitSettings | None = None

    @property
    def choice(self) -> AbinitPreset:
        """Preset with the overrides of a user."""
        return abinit_choice(self.chosen_preset, self.settings)

    @property
    def magnetic_order(self) -> MagneticOrder:
        """How the moments of the ions are arranged that a calculation starts from."""
        return (self.settings and self.settings.magnetic_order) or "ferromagnetic"


Block = AbinitBlock
