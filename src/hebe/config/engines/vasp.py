"""What can be chosen for the engine vasp: presets as a data file, and the settings that go with or override them."""

from __future__ import annotations

import difflib
import json
from functools import cache
from importlib import resources
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from hebe.config.engines.base import Traits
from hebe.config.engines.plane_waves import MagneticOrder
from hebe.config.engines.preset_block import PresetBlock
from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.config.reading.units import Energy, InverseLength, Whole
from hebe.config.reading.wording import RefusedValueError, shown, suggest

VASP_PRESETS: Final = ("mp-gga", "mp24", "custom")

_NUMBERS: Final = {"int": "a whole number", "float": "a number"}
_NEAR: Final = 0.8
"""Likeness of a tag to a known one from which on it is taken for a slip of the pen."""
_U: Final = TypeAdapter(Annotated[Energy, Field(ge=0, le=20)])
"""U in eV."""

TagValue = bool | int | float | str | list[float]


class VaspPreset(ConfigModel):
    """A preset of the package: atomate2's makers, the set for metals, the name of the functional.

    ``passes`` is how often a cell is relaxed, each time with the basis of the cell before.
    """

    relax: str
    static: str
    metal: str | None
    functional: str
    passes: Whole = Field(ge=1, le=5)


class VaspSettings(ConfigModel):
    """What goes with a preset, and what ``custom`` changes.

    ``base`` (custom only) is the preset that ``custom`` starts from. ``incar`` sets tags; with ``mp-gga`` and ``mp24``
    only those that alter no converged number. ``k_spacing`` (1/A, with the factor 2 pi) replaces the preset's mesh.
    ``hubbard_u`` is ``mp`` (as the preset has it), ``none``, or U (eV) on d states by element; ``potcars`` names a
    data set by element, ``potcar_functional`` their release. ``lreal``: ``preset``, ``auto`` (real-space projection
    above 16 atoms) or ``off``. ``symmetry``: ``auto`` (off for cells of a host), ``on``, ``off``. ``corrections``
    ``mp2020`` adds the corrections of the Materials Project's scheme of 2020 to every energy. ``keep_files`` names
    large files that are kept; ``bader`` has charges partitioned when the program is there.
    """

    base: Literal["mp-gga", "mp24"] | None = None
    incar: dict[str, TagValue] = Field(default_factory=dict)
    k_spacing: InverseLength | None = Field(default=None, gt=0.02, le=2)
    hubbard_u: Literal["mp", "none"] | dict[str, Energy] | None = None
    potcars: dict[str, str] = Field(default_factory=dict)
    potcar_functional: Literal["PBE", "PBE_52", "PBE_54", "PBE_64", "LDA", "LDA_52", "LDA_54", "LDA_64"] | None = None
    lreal: Literal["preset", "auto", "off"] | None = None
    symmetry: Literal["auto", "on", "off"] = "auto"
    magnetic_order: MagneticOrder = "ferromagnetic"
    corrections: Literal["none", "mp2020"] = "none"
    passes: Whole | None = Field(default=None, ge=1, le=5)
    keep_files: tuple[str, ...] = ()
    bader: bool = False

    @model_validator(mode="before")
    @classmethod
    def _unquoted(cls, value: Any) -> Any:
        """YAML reads a plain ``off`` or ``on`` as false or true in some dialects."""
        if not isinstance(value, dict):
            return value
        words = {("lreal", False): "off", ("symmetry", False): "off", ("symmetry", True): "on"}
        return value | {key: word for (key, plain), word in words.items() if value.get(key) is plain}

    @field_validator("hubbard_u", mode="before")
    @classmethod
    def _by_element(cls, value: Any) -> Any:
        """Each U for itself: a mapping that is refused as a whole tells little."""
        if not isinstance(value, dict):
            return value
        found = {}
        for symbol, given in value.items():
            try:
                found[symbol] = _U.validate_python(given)
            except ValidationError as err:
                reason = str(err.errors()[0]["msg"]).removeprefix("Value error, ")
                raise RefusedValueError(f"U of {symbol}: {reason}") from err
        return found

    @model_validator(mode="after")
    def _known(self) -> VaspSettings:
        tables = vasp_tables()
        for tag, value in self.incar.items():
            _check_tag(tag, value)
            if tag in tables.of_the_engine:
                reason = f"{tag} is decided elsewhere"
                raise RefusedValueError(reason, key="incar", suggestion=f"use {tables.of_the_engine[tag]}")
        for name in self.keep_files:
            if name not in tables.large_files:
                raise RefusedValueError(
                    f"{name!r} is no large file", key="keep_files", suggestion=suggest(name, tables.large_files)
                )
        _check_elements(self)
        return self


@cache
def _known_tags() -> dict[str, str]:
    """Tags that pymatgen knows, with the type of their values."""
    text = (resources.files("pymatgen.io.vasp") / "incar_parameters.json").read_text()
    return {tag: str(about["type"]) for tag, about in json.loads(text).items()}


def _check_tag(tag: str, value: TagValue) -> None:
    """Refuse what is a slip of the pen; a tag that no known one resembles may be a new one of VASP."""
    known = _known_tags()
    if tag != tag.upper():
        raise RefusedValueError(f"tags are written in capitals, got {tag}", key="incar", suggestion=tag.upper())
    near = [] if tag in known else difflib.get_close_matches(tag, known, n=1, cutoff=_NEAR)
    if near:
        raise RefusedValueError(f"no tag is called {tag}", key="incar", suggestion=f"did you mean {near[0]}?")
    if known.get(tag) in _NUMBERS and not _is_number(value):
        expected = _NUMBERS[known[tag]]
        raise RefusedValueError(f"{tag} takes {expected}, got {shown(value)}", key="incar")


def _is_number(value: TagValue) -> bool:
    """YAML reads 1e-5 as text."""
    try:
        float(value)  # type: ignore[arg-type]  # a list has no value either
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def _check_elements(settings: VaspSettings) -> None:
    from pymatgen.core import Element

    named = settings.hubbard_u if isinstance(settings.hubbard_u, dict) else {}
    for key, elements in (("hubbard_u", named), ("potcars", settings.potcars)):
        for symbol in elements:
            if not Element.is_valid_symbol(symbol):
                raise RefusedValueError(f"{symbol!r} is no element", key=key)
    for symbol, name in settings.potcars.items():
        if name.partition("_")[0] != symbol:
            raise RefusedValueError(f"{name} is no POTCAR of {symbol}", key="potcars", suggestion=f"{symbol}: {symbol}")


class Limit(ConfigModel):
    """How much is tried in one kind of job."""

    max_errors: Whole = Field(ge=1)
    restarts: Whole = Field(ge=0)


class SourcedNumber(ConfigModel):
    """A number with where it comes from."""

    source: str
    value: float = Field(ge=0)


class MemoryRule(ConfigModel):
    """How memory is estimated."""

    source: str
    factor: float = Field(gt=0)


class VaspTables(ConfigModel):
    """The file ``presets/vasp.yaml``."""

    presets: dict[str, VaspPreset]
    limits: dict[str, Limit]
    free_tags: tuple[str, ...]
    of_the_engine: dict[str, str]
    harmless_changes: tuple[str, ...]
    defaults: dict[str, tuple[bool | float | str, ...]]
    large_cell_sites: Whole
    large_files: tuple[str, ...]
    least_moment: SourcedNumber
    relaxed_ediff: SourcedNumber
    memory: MemoryRule


@cache
def vasp_tables() -> VaspTables:
    """Presets and tables of the package."""
    return packaged(VaspTables, "hebe.config", "presets/vasp.yaml")


class VaspChoice(ConfigModel):
    """A preset with the settings of a user, checked against each other."""

    name: str
    preset: VaspPreset
    settings: VaspSettings

    @property
    def passes(self) -> int:
        """How often a cell is relaxed."""
        return self.settings.passes or self.preset.passes


_ONLY_CUSTOM: Final = ("base", "hubbard_u", "potcars", "potcar_functional")


def vasp_choice(preset: str, settings: VaspSettings | None) -> VaspChoice:
    """Preset with the settings of a user.

    Raises
    ------
    RefusedValueError
        If a setting would make ``mp-gga`` or ``mp24`` something else.
    """
    given, tables = settings or VaspSettings(), vasp_tables()
    base = (given.base or "mp-gga") if preset == "custom" else preset
    if preset != "custom":
        for name in _ONLY_CUSTOM:
            if name in given.model_fields_set and getattr(given, name) not in (None, {}, "mp"):
                raise RefusedValueError(
                    f"{name} would make {preset} something else", key=name, suggestion="preset: custom"
                )
        for tag in given.incar:
            if tag not in tables.free_tags:
                raise RefusedValueError(
                    f"{tag} would make {preset} something else", key="incar", suggestion="preset: custom"
                )
    if given.corrections == "mp2020" and preset != "mp-gga":
        raise RefusedValueError(
            f"the corrections of 2020 are fitted to PBE and PBE+U, not to {preset}",
            key="corrections",
            suggestion="preset: mp-gga",
        )
    return VaspChoice(name=preset, preset=tables.presets[base], settings=given)


class VaspBlock(PresetBlock):
    """VASP with a preset and what goes with it."""

    traits: ClassVar[Traits] = Traits(
        factory="hebe.engines.vasp:from_block",
        called="vasp",
        capabilities=frozenset({"forces", "stress", "magmoms", "electrons", "U", "oxides", "metals", "molecules"}),
        packages=("atomate2", "custodian"),
        extra="vasp",
        presets=VASP_PRESETS,
        default_preset="mp-gga",
        costly=True,
        starts_from_ions=True,
        own_optimizer=True,
    )

    name: Literal["vasp"] = "vasp"
    settings: VaspSettings | None = None

    @property
    def choice(self) -> VaspChoice:
        """Preset with the settings of a user."""
        return vasp_choice(self.chosen_preset, self.settings)

    @property
    def magnetic_order(self) -> MagneticOrder:
        """How the moments of the ions are arranged that a calculation starts from."""
        return (self.settings and self.settings.magnetic_order) or "ferromagnetic"

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        try:
            _ = self.choice
        except RefusedValueError as err:
            raise RefusedValueError(f"{err.key}: {err}", key="settings", suggestion=err.suggestion) from err
        return self


Block = VaspBlock
