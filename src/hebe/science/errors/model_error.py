"""Documented errors of engines: on mixing enthalpies, and on voltages, volumes and strains by working ion."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final, Literal

import numpy as np
from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.science.chemistry.ions import Ion
from hebe.science.errors.entry_errors import EntryErrors

_FILE: Final = "model_errors.yaml"
_LEAST_FREEDOM: Final = 3
"""Degrees of freedom of Student's t with very few cells: with fewer it has no variance."""


class Deviations(ConfigModel):
    """Computed less measured over `n` values: root mean square about zero, and mean.

    Volts for voltages; for volumes relative to the measured one; for strains the difference of two changes of volume,
    each relative to the volume as made.
    """

    rms: float = Field(gt=0)
    mean: float
    n: int = Field(ge=1)
    source: str

    @model_validator(mode="after")
    def _holds_the_mean(self) -> Deviations:
        if abs(self.mean) > self.rms:
            raise ValueError("a root mean square about zero cannot be smaller than the mean")
        return self


class HostErrors(ConfigModel):
    """Errors on hosts of one working ion; None where nothing was measured."""

    voltage: Deviations | None = None
    volume: Deviations | None = None
    strain: Deviations | None = None


class DocumentedPairs(ConfigModel):
    """Errors of an energy scale per pair of ions on one sublattice, true less computed, eV per mixed site.

    Parameters
    ----------
    bias, sd
        Mean and standard deviation of ``w`` over pairs: of a pair of which nothing is known.
    bias_sd
        How well that mean is known; an error that all such pairs share.
    remainder
        Standard deviation of what pairs do not explain, of every member of a host.
    n
        Cells that they are fitted to; Student's t has one degree of freedom less.
    values
        Pair (``Fe3+ Mn3+``, sorted) -> mean and standard deviation of its ``w``; only pairs of ions of one charge,
        whose ``w`` has a meaning of its own.
    geometry
        Root mean square of the part that is due to the geometry, which the others contain.
    source
        How they were measured.
    """

    bias: float
    bias_sd: float | None = Field(default=None, gt=0)
    sd: float = Field(gt=0)
    remainder: float = Field(gt=0)
    n: int = Field(ge=2)
    values: dict[str, tuple[float, float]] = Field(default_factory=dict)
    geometry: float | None = Field(default=None, ge=0)
    source: str

    @model_validator(mode="after")
    def _named(self) -> DocumentedPairs:
        for name, (_, sd) in self.values.items():
            ions = [Ion.parse(ion) for ion in name.split()]
            if name.split() != sorted(name.split()) or len(ions) != 2 or len({ion.charge for ion in ions}) != 1:
                raise ValueError(f"{name} is not a sorted pair of ions of one charge")
            if sd <= 0:
                raise ValueError(f"{name}: a standard deviation of {sd}")
        return self


class DocumentedPhases(ConfigModel):
    """Errors of an energy scale on competing phases relative to members of hosts, true less computed, eV per atom.

    ``n`` is 0 where nothing was measured, and ``source`` then says that it is assumed.
    """

    bias: float
    sd: float = Field(gt=0)
    n: int = Field(ge=0)
    source: str


class ModelError(ConfigModel):
    """Errors of one energy scale, and how they were measured.

    ``mixing_error`` is the root mean square on ``n`` mixing enthalpies (eV/atom), by ``source``; ``pairs`` and
    ``phases`` are the same by what they belong to; ``hosts`` holds errors on voltages, volumes and strains by working
    ion.
    """

    mixing_error: float | None = Field(default=None, gt=0)
    n: int | None = Field(default=None, ge=1)
    source: str | None = None
    pairs: DocumentedPairs | None = None
    phases: DocumentedPhases | None = None
    hosts: dict[str, HostErrors] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sourced(self) -> ModelError:
        if len({value is None for value in (self.mixing_error, self.n, self.source)}) > 1:
            raise ValueError("an error on mixing enthalpies needs its number of cells and its source")
        return self


class ModelErrors(ConfigModel):
    """The file ``model_errors.yaml``: energy scale -> error."""

    scales: dict[str, ModelError]


@cache
def model_errors() -> dict[str, ModelError]:
    """Errors of the package by energy scale."""
    return packaged(ModelErrors, "hebe.science.errors", _FILE).scales


def documented_error(energy_scale: str | None) -> float | None:
    """Error on mixing enthalpies (eV/atom) of an energy scale, None where none was measured."""
    found = model_errors().get(energy_scale or "")
    return None if found is None else found.mixing_error


def entry_errors(energy_scale: str | None, atoms_per_site: float) -> EntryErrors | None:
    """Errors of an energy scale by what they belong to, None where none were measured.

    Parameters
    ----------
    energy_scale
        As engines declare it.
    atoms_per_site
        Atoms per mixed site of the host: where only one error on mixing enthalpies is known, it is shared out.
    """
    found = model_errors().get(energy_scale or "")
    if found is None or (found.pairs is None and found.mixing_error is None):
        return None
    if found.pairs is None or found.phases is None:
        return replace(EntryErrors.given(found.mixing_error or 0.0, atoms_per_site), source="documented")
    pairs, phases = found.pairs, found.phases
    names = tuple(sorted(pairs.values))
    return EntryErrors(
        bias=pairs.bias,
        sd=pairs.sd,
        remainder=pairs.remainder,
        bias_sd=pairs.bias_sd or 0.0,
        phase_bias=phases.bias,
        phase_sd=phases.sd,
        pairs=names,
        mean=np.array([pairs.values[name][0] for name in names]),
        covariance=np.diag([pairs.values[name][1] ** 2 for name in names]),
        freedom=float(max(pairs.n - 1, _LEAST_FREEDOM)),
    )


def voltage_error(energy_scale: str | None, working_ion: str | None) -> float | None:
    """Error (V) of an energy scale on average voltages of hosts of a working ion.

    Parameters
    ----------
    energy_scale
        As engines declare it, for example ``chgnet-0.3.0/MP2020``.
    working_ion
        Symbol of the working ion.

    Returns
    -------
    float or None
        Root mean square of computed less measured about zero, so that it holds the mean; None where no host was
        measured. Source: the table "Errors of voltages and volumes" of the documentation.
    """
    return _rms(energy_scale, working_ion, "voltage")


def volume_error(energy_scale: str | None, working_ion: str | None) -> float | None:
    """Relative error (dimensionless) of an energy scale on volumes of hosts of a working ion.

    Parameters and return value as for `voltage_error`. The error of a change of volume is another one: `strain_error`.
    """
    return _rms(energy_scale, working_ion, "volume")


def strain_error(energy_scale: str | None, working_ion: str | None) -> float | None:
    """Error (dimensionless) of an energy scale on changes of volume of hosts of a working ion.

    That of ``V(x) / V(as made) - 1``, an absolute difference: what is wrong with both volumes alike cancels in it.
    Parameters and return value as for `voltage_error`.
    """
    return _rms(energy_scale, working_ion, "strain")


def _rms(
    energy_scale: str | None, working_ion: str | None, quantity: Literal["voltage", "volume", "strain"]
) -> float | None:
    scale = model_errors().get(energy_scale or "")
    host = None if scale is None else scale.hosts.get(working_ion or "")
    found: Deviations | None = None if host is None else getattr(host, quantity)
    return None if found is None else found.rms
