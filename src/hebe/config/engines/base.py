"""What the engine block of a campaign is, and which of them reads what a user wrote."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from hebe.config.model import ConfigModel
from hebe.config.plugins import load_plugin, plugins
from hebe.config.reading.units import EnergyPerAtom, Force, Voltage, Whole
from hebe.config.reading.wording import RefusedValueError, shown, suggest
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hebe.config.engines.plane_waves import MagneticOrder

BUILT_IN: Final = ("chgnet", "sevennet", "gpaw", "abinit", "atomate2", "vasp", "ase")
"""Modules of this package with an engine block each, called ``Block``, in the order in which they are listed."""

_BY_FILE: Final = "potentials"
"""Module of this package with the engines that need a file of weights: a table, one block for each row."""

DEFAULT_ENGINE: Final = BUILT_IN[0]
"""What makers compute with unless they are told."""

ERRORS: Final = ("mixing", "voltage")
"""What errors of an engine can be given of: ``mixing_error``, ``voltage_error``."""

FMAX: Final = 0.01
FMAX_COSTLY: Final = 0.05
"""Largest force (eV/A) at the end of a relaxation by default: with potentials, and with density-functional theory."""

LargestForce = Annotated[Force, Field(gt=0, le=1)]

Refusal = tuple[str, str]
"""Why something cannot work, and what would."""

_BY_PATH: Final = "ase"
"""Key that stands for the name where an engine is given by an import path."""


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What an engine is like, as far as others ask.

    Parameters
    ----------
    factory
        ``package.module:callable`` that makes the engine of a block.
    called
        What messages call it.
    capabilities
        Names of `hebe.engines.protocol.CAPABILITIES`.
    packages
        Python packages that it needs, as they are imported.
    extra
        Optional dependencies of this distribution that bring them.
    presets, default_preset
        Complete choices of settings that a block can name, and the one taken where it names none.
    costly
        Whether an evaluation takes minutes: by default one start, and no look for a minimum.
    starts_from_ions
        Whether its initial moments are those of the ions that the redox ladder gives.
    own_optimizer
        Whether it relaxes by itself, without a look for minima.
    takes_arguments
        Whether ``arguments`` mean something to it.
    """

    factory: str
    called: str
    capabilities: frozenset[str] = field(default_factory=lambda: frozenset({"forces", "stress"}))
    packages: tuple[str, ...] = ()
    extra: str | None = None
    presets: tuple[str, ...] = ()
    default_preset: str = ""
    costly: bool = False
    starts_from_ions: bool = False
    own_optimizer: bool = False
    takes_arguments: bool = False


class EngineBlock(ConfigModel):
    """An engine and how tightly it relaxes; ``fmax`` in eV/A.

    Read as this class, a name or a mapping becomes the block of the engine that it names. ``check_minimum`` has a
    relaxed cell looked at along its softest direction and pushed on until it is a minimum.

    ``mixing_error`` (eV/atom) and ``voltage_error`` (V) are root mean squares of what the engine computes less what is
    true; they go before those that are documented for its energy scale, and change no calculation.

    A package adds an engine by a subclass of its own, with ``name`` and `traits`, under the entry points
    ``hebe.engines``.
    """

    traits: ClassVar[Traits]
    added_later: ClassVar[Mapping[str, Any]] = dict.fromkeys(f"{name}_error" for name in ERRORS)
    """Keys that are stored only where they differ from this: ids of jobs were made before there were any."""

    name: str | None = None
    fmax: LargestForce = FMAX
    steps: Whole = Field(default=300, ge=1, le=100_000)
    check_minimum: bool = True
    mixing_error: EnergyPerAtom | None = Field(default=None, gt=0, le=1)
    voltage_error: Voltage | None = Field(default=None, gt=0, le=5)

    def __new__(cls, **fields: Any) -> Self:
        """Refuse a block of no engine in particular."""
        if cls is EngineBlock and fields:
            raise TypeError("EngineBlock.model_validate reads a block; to make one, call the class of its engine")
        return super().__new__(cls)

    @classmethod
    def model_for(cls, given: object) -> type[ConfigModel]:
        """Block that reads what stands in a file; this one where that names none."""
        try:
            return cls._chosen(given)
        except RefusedValueError:
            return cls

    @property
    def title(self) -> str:
        """What tells the engine from the others of a campaign."""
        return str(self.name)

    @property
    def magnetic_order(self) -> MagneticOrder:
        """How the moments of the ions are arranged that a calculation starts from."""
        return "ferromagnetic"

    @property
    def errors(self) -> dict[str, float]:
        """Errors that are given, by what they are errors of: ``mixing`` (eV/atom) and ``voltage`` (V)."""
        given = {name: getattr(self, f"{name}_error") for name in ERRORS}
        return {name: error for name, error in given.items() if error is not None}

    def of_calculations(self) -> dict[str, Any]:
        """All that calculations depend on, as plain data."""
        return self.model_dump(mode="json", exclude_none=True, exclude={f"{name}_error" for name in ERRORS})

    def with_files(self, folder: Path) -> Self:  # noqa: ARG002 - a rule of those who have files
        """Block whose files are found from anywhere; their paths are relative to a folder, that of the campaign."""
        return self

    def refuses(self, task: str) -> Refusal | None:  # noqa: ARG002 - a rule of those who have one
        """Why the engine cannot do a task with these settings, and what would do; None if it can."""
        return None

    @model_validator(mode="wrap")
    @classmethod
    def _by_name(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Any:
        if isinstance(value, cls):
            return value
        if cls is EngineBlock and isinstance(value, str | dict):
            return cls._chosen(value).model_validate(value, context=info.context)
        fields = {"name": value} if isinstance(value, str) else value
        if isinstance(fields, dict):
            cls._refuse_keys_of_others(fields)
        return handler(fields)

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        later = self.added_later
        return {key: value for key, value in handler(self).items() if key not in later or value != later[key]}

    @model_validator(mode="after")
    def _has_an_optimizer(self) -> Self:
        if self.check_minimum and self.traits.own_optimizer:
            reason = f"{self.title} has an optimizer of its own, which does not look for minima"
            raise RefusedValueError(reason, key="check_minimum", suggestion="remove the key")
        return self

    @classmethod
    def _chosen(cls, value: Any) -> type[EngineBlock]:
        """Block of the engine that a name or a mapping means."""
        if cls is not EngineBlock:
            return cls
        fields = {"name": value} if isinstance(value, str) else value
        name, path = (fields.get("name"), fields.get(_BY_PATH)) if isinstance(fields, dict) else (None, None)
        if (name is None) == (path is None):
            named = ", ".join(engine_names())
            raise RefusedValueError(f"give the name of an engine ({named}) or ase: package.module:factory")
        if name == _BY_PATH:
            raise _unknown(name)
        return block_of(_BY_PATH if name is None else name)

    @classmethod
    def _refuse_keys_of_others(cls, fields: Mapping[str, Any]) -> None:
        for key in fields:
            if key not in cls.model_fields and (owners := list(_having(key))):
                raise cls._refused_key(key, owners)

    @classmethod
    def _refused_key(cls, key: str, owners: Sequence[str]) -> RefusedValueError:
        listed = " or ".join(filter(None, [", ".join(owners[:-1]), owners[-1]]))
        reason = f"{key} can belong to {listed}, not to {cls.traits.called}"
        return RefusedValueError(reason, key=key, suggestion="remove the key")


EngineSpec = EngineBlock
"""Any engine block: what is read as it becomes that of the engine that is named."""


class BuiltInBlock(EngineBlock):
    """Base of the blocks of this package: all of them know ``arguments``, because ids of jobs were made with it."""

    arguments: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _takes_arguments(self) -> Self:
        if self.arguments and not self.traits.takes_arguments:
            takers = [block.traits.called for block in _built_in() if block.traits.takes_arguments]
            raise self._refused_key("arguments", takers)
        return self


def engine_names() -> tuple[str, ...]:
    """Engines that can be named: those of this package, then those that other packages add."""
    own = (*(name for name in BUILT_IN if name != _BY_PATH), *engines_of_a_file())
    return (*own, *(name for name in plugins("hebe.engines") if name not in own and name != _BY_PATH))


def block_of(name: object) -> type[EngineBlock]:
    """Engine block by the name of the engine.

    Raises
    ------
    RefusedValueError
        If there is no such engine, or what a package adds under its name is none.
    """
    if name in BUILT_IN:
        found: type[EngineBlock] = importlib.import_module(f"{__package__}.{name}").Block
        return found
    if name in engines_of_a_file():
        made: type[EngineBlock] = importlib.import_module(f"{__package__}.{_BY_FILE}").potential_block(name)
        return made
    if not isinstance(name, str) or name not in plugins("hebe.engines"):
        raise _unknown(name)
    try:
        block = load_plugin("hebe.engines", name)
    except BadInputError as err:
        raise RefusedValueError(err.message, key="name", suggestion=err.suggestion) from err
    if not (isinstance(block, type) and issubclass(block, EngineBlock) and hasattr(block, "traits")):
        reason = f"{name!r} of an installed package is no engine block with traits"
        raise RefusedValueError(reason, key="name", suggestion="mend or uninstall that package")
    return block


def _unknown(name: object) -> RefusedValueError:
    hint = suggest(name, engine_names())
    return RefusedValueError(f"unknown name {shown(name)}", key="name", suggestion=hint)


def engines_of_a_file() -> tuple[str, ...]:
    """Engines that need a file of weights."""
    return tuple(importlib.import_module(f"{__package__}.{_BY_FILE}").potentials())


def _built_in() -> Iterator[type[EngineBlock]]:
    """Blocks of this package, that of an import path first."""
    named = sorted(BUILT_IN, key=lambda name: name != _BY_PATH)
    return (block_of(name) for name in (*named, *engines_of_a_file()))


def _having(key: str) -> Iterator[str]:
    """Engines of this package whose block knows a key."""
    return (block.traits.called for block in _built_in() if key in block.model_fields)
