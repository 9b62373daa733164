"""What all plane-wave engines are asked alike: cut-off, k points, smearing, moments, Hubbard U; tables as a file."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from hebe.config.engines.preset_block import PresetBlock
from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.config.reading.units import Energy, InverseLength, Whole
from hebe.config.reading.wording import RefusedValueError

if TYPE_CHECKING:
    from hebe.config.engines.base import Refusal

RELAXED_CUTOFF_EV: Final = 600.0
"""Below this cut-off (eV) stresses are not converged and relaxed cells have wrong volumes."""

Mesh = tuple[Whole, Whole, Whole]
MagneticOrder = Literal["ferromagnetic", "layer-antiferromagnetic", "random-collinear"]


def _positive(value: Mesh) -> Mesh:
    if min(value) < 1:
        raise ValueError(f"expected three whole numbers above zero, got {', '.join(map(str, value))}")
    return value


class PlaneWavePreset(ConfigModel):
    """What every plane-wave engine needs, with a value for all of it.

    ``cutoff`` (eV) of the plane waves; ``k_spacing`` (1/A) largest distance of k points, of metallic elements
    ``k_spacing_metal``; ``smearing`` (eV) width of the Fermi-Dirac distribution; ``hubbard_u`` ``mp`` or ``none``.
    """

    cutoff: Energy = Field(ge=100, le=5000)
    hubbard_u: Literal["mp", "none"]
    k_spacing: InverseLength = Field(gt=0.02, le=10)
    k_spacing_metal: InverseLength = Field(gt=0.02, le=10)
    smearing: Energy = Field(gt=0, le=2)
    max_iterations: Whole = Field(ge=1, le=10_000)
    kpts: dict[str, Annotated[Mesh, AfterValidator(_positive)]] = Field(default_factory=dict)
    spin: Literal["auto", "off"] = "auto"
    allow_low_cutoff: bool = False

    @property
    def cells_can_relax(self) -> bool:
        """Whether stresses are converged with the cut-off, or the user wants them all the same."""
        return self.cutoff >= RELAXED_CUTOFF_EV or self.allow_low_cutoff


class PlaneWaveSettings(ConfigModel):
    """Overrides of a preset.

    ``kpts`` gives meshes by reduced formula; ``allow_low_cutoff`` lets cells relax below 600 eV; ``spin: off``
    leaves the moments out.
    """

    cutoff: Energy | None = Field(default=None, ge=100, le=5000)
    hubbard_u: Literal["mp", "none"] | None = None
    k_spacing: InverseLength | None = Field(default=None, gt=0.02, le=10)
    k_spacing_metal: InverseLength | None = Field(default=None, gt=0.02, le=10)
    smearing: Energy | None = Field(default=None, gt=0, le=2)
    max_iterations: Whole | None = Field(default=None, ge=1, le=10_000)
    kpts: dict[str, Annotated[Mesh, AfterValidator(_positive)]] | None = None
    spin: Literal["auto", "off"] | None = None
    allow_low_cutoff: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _unquoted_off(cls, value: Any) -> Any:
        """YAML reads a plain ``off`` as false."""
        if not isinstance(value, dict):
            return value
        words = {"spin": "off", "hubbard_u": "none"}
        return value | {key: word for key, word in words.items() if value.get(key) is False}

    @model_validator(mode="after")
    def _formulas(self) -> PlaneWaveSettings:
        from pymatgen.core import Composition

        for formula in self.kpts or {}:
            try:
                reduced = Composition(formula).reduced_formula
            except ValueError as err:
                raise RefusedValueError(f"expected a formula, got {formula!r}", key="kpts") from err
            if reduced != formula:
                raise RefusedValueError(
                    f"expected a reduced formula, got {formula}", key="kpts", suggestion=f"write {reduced}"
                )
        return self


class PlaneWaveBlock(PresetBlock):
    """Base of the blocks of engines whose stresses depend on the cut-off that is chosen here."""

    @property
    def choice(self) -> PlaneWavePreset:
        """Preset with the overrides of a user."""
        raise NotImplementedError

    def refuses(self, task: str) -> Refusal | None:
        """Refuse to relax cells with a basis whose stresses are not converged."""
        if task != "relax" or self.choice.cells_can_relax:
            return None
        at_least = f"at least {RELAXED_CUTOFF_EV:g} eV"
        return (
            f"cells do not relax to the right volume with a cut-off of {self.choice.cutoff:g} eV",
            f"{at_least}, task: static or relax-ions, or settings: {{allow_low_cutoff: true}}",
        )


class HubbardTable(ConfigModel):
    """U (eV) on d states by element, in compounds with one of the anions."""

    source: str
    anions: tuple[str, ...]
    d: dict[str, float]


class MomentTable(ConfigModel):
    """Initial moments (Bohr magnetons) by element; elements that are not listed have closed shells."""

    source: str
    moments: dict[str, float]


class PlaneWaveTables(ConfigModel):
    """The file ``presets/plane_waves.yaml``."""

    hubbard_u: HubbardTable
    initial_moments: MomentTable


@cache
def plane_wave_tables() -> PlaneWaveTables:
    """Tables of the package."""
    return packaged(PlaneWaveTables, "hebe.config", "presets/plane_waves.yaml")
