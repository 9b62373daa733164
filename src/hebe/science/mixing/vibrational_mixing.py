"""Mixing temperature with harmonic vibrations: where the free energies of a phase and of its competitors cross.

``G(T) = H + F_vib(T) - T S`` on both sides is not linear in the temperature; every point is a proven linear program.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hebe.schemas.mixing import VibrationalMixing
from hebe.schemas.vibrations import VibrationDoc
from hebe.science.hulls.hull import Decomposition, InfeasibleError, PhaseEntry, PhaseEquilibrium
from hebe.science.mixing.crossings import stable_intervals
from hebe.science.mixing.mixing import listed
from hebe.science.vibrations.harmonic import Spectrum

if TYPE_CHECKING:
    from hebe.science.mixing.mixing import DisorderedPhase


@dataclass(frozen=True)
class HullVibrations:
    """Vibrations of a candidate's configurations and of the competing phases by id; `highest` in K."""

    own: Sequence[VibrationDoc | None]
    phases: Mapping[str, VibrationDoc | None]
    highest: float

    def mixing(
        self, phase: DisorderedPhase, entries: Sequence[PhaseEntry], members: Mapping[str, VibrationDoc | None]
    ) -> VibrationalMixing:
        """Mixing with them; `members` are those of the host among `entries`, by name."""
        own = [spectrum for document in self.own if (spectrum := spectrum_of(document)) is not None]
        spectra = {name: spectrum_of(document) for name, document in {**self.phases, **members}.items()}
        return vibrational_mixing(phase, own, entries, spectra, self.highest)


def spectrum_of(document: VibrationDoc | None) -> Spectrum | None:
    """Spectrum of a document, None where there is no harmonic free energy."""
    if document is None or not document.stable:
        return None
    optical = None if document.optical_THz is None else np.array(document.optical_THz, dtype=float)
    return Spectrum(np.array(document.frequencies_THz), np.array(document.weights, dtype=float), optical)


def vibrational_mixing(
    phase: DisorderedPhase,
    own: Sequence[Spectrum],
    entries: Sequence[PhaseEntry],
    spectra: Mapping[str, Spectrum | None],
    highest: float,
) -> VibrationalMixing:
    """Mixing of `phase` against competing phases with vibrations.

    Parameters
    ----------
    phase
        The phase in question; its amounts are elements.
    own
        Spectra of its configurations; their mean free energy counts.
    entries
        Competing phases, amounts in elements.
    spectra
        Name of an entry -> its spectrum; None where it has none.
    highest
        K; the range from 0 to it is searched.

    Returns
    -------
    VibrationalMixing
        ``T_mix_K`` the lowest temperature from which on the phase stays on the hull up to `highest`.
    """
    if not own:
        return VibrationalMixing(highest_K=highest, reason="the candidate has no harmonic free energy")
    known = {entry.name: spectrum for entry in entries if (spectrum := spectra.get(entry.name)) is not None}
    left_out = sorted(entry.name for entry in entries if entry.name not in known)
    hull = _Hull(phase, own, [entry for entry in entries if entry.name in known], known)
    document = VibrationalMixing(highest_K=highest, left_out=left_out)
    try:
        hottest = next(stable_intervals(hull.excess, highest), None)
    except InfeasibleError as err:
        document.reason = str(err)
        return document
    crossing = None if hottest is None or hottest[1] < highest else hottest[0]
    if crossing is None:
        document.reason = f"not below {highest:g} K"
    document.T_mix_K = crossing
    mixture = hull.mixture(highest if crossing is None else crossing)
    document.dF_eV_per_site = hull.vibrational_difference(mixture, highest if crossing is None else crossing)
    document.decomposition_at_T_mix = listed(mixture, hull.entries, phase.sites)
    return document


class _Hull:
    """Free energies of both sides at a temperature."""

    def __init__(
        self,
        phase: DisorderedPhase,
        own: Sequence[Spectrum],
        entries: Sequence[PhaseEntry],
        spectra: Mapping[str, Spectrum],
    ) -> None:
        self.phase, self.own, self.spectra = phase, own, spectra
        self.entries = {entry.name: entry for entry in entries}

    def mixture(self, temperature: float) -> Decomposition:
        """Lowest mixture."""
        entries = self.entries.values()
        at = [replace(entry, energy=entry.energy + self._vibrations(entry, temperature)) for entry in entries]
        return PhaseEquilibrium(at).decompose(self.phase.amounts, temperature)

    def excess(self, temperature: float) -> float:
        """Free energy of the phase above the lowest mixture, eV per formula unit."""
        energy = self.phase.energy - temperature * self.phase.entropy + self._own(temperature)
        return energy - self.mixture(temperature).energy

    def vibrational_difference(self, mixture: Decomposition, temperature: float) -> float:
        """Vibrational free energy of the phase less that of a mixture, eV per mixed site."""
        other = sum(n * self._vibrations(self.entries[name], temperature) for name, n in mixture.amounts.items())
        return (self._own(temperature) - other) / self.phase.sites

    def _own(self, temperature: float) -> float:
        size = sum(self.phase.amounts.values())
        return size * statistics.fmean(spectrum.free_energy(temperature) for spectrum in self.own)

    def _vibrations(self, entry: PhaseEntry, temperature: float) -> float:
        return entry.size * self.spectra[entry.name].free_energy(temperature)
