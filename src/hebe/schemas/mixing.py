"""Mixing of a candidate against reference phases: enthalpy, temperature, decomposition."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.draws import Draws
from hebe.schemas.oxygen import OxygenFit
from hebe.schemas.result import ResultDoc


class DecompositionPhase(Document):
    """A phase of a decomposition; amount in formula units of it per mixed site of the candidate."""

    phase: str
    formula: str
    amount: float
    source: str | None = None


class MixingAt(Document):
    """The candidate against the lowest mixture of the references at a temperature; free energy per mixed site."""

    temperature_K: float
    dG_eV_per_site: float
    decomposition: list[DecompositionPhase] = Field(default_factory=list)


class MixingResult(Document):
    """Mixing against one reference set; everything per mixed site of the primary sublattice.

    ``dH_eV_per_site`` against the lowest decomposition at 0 K; ``T_mix_K`` the lowest temperature above which
    the candidate is on the free-energy hull, and ``T_stable_up_to_K`` the highest, above which mixtures of higher
    entropy take over (None: no upper end); ``reason`` says why a value is null; ``at`` lists temperatures that were
    asked for.
    """

    dH_eV_per_site: float | None = None
    dS_eV_per_K_per_site: float | None = None
    T_mix_K: float | None = None
    T_stable_up_to_K: float | None = None
    decomposition: list[DecompositionPhase] = Field(default_factory=list)
    decomposition_at_T_mix: list[DecompositionPhase] = Field(default_factory=list)
    at: list[MixingAt] = Field(default_factory=list)
    reason: str | None = None


class VibrationalMixing(Document):
    """Mixing against the competing phases with harmonic vibrations on both sides; per mixed site.

    ``dF_eV_per_site`` is the difference in vibrational free energy (zero-point energy included) at ``T_mix_K``, or at
    ``highest_K`` where there is no such temperature. ``left_out`` are phases without a harmonic free energy: they are
    not on this hull, and ``T_mix_K`` is a lower bound where they matter. ``reason`` says why a value is null.
    """

    T_mix_K: float | None = None
    highest_K: float
    dF_eV_per_site: float | None = None
    decomposition_at_T_mix: list[DecompositionPhase] = Field(default_factory=list)
    left_out: list[str] = Field(default_factory=list)
    reason: str | None = None


class PotentialWindow(Document):
    """Oxygen potentials between two ends (eV per atom, from half an O2 at 0 K), and as pressures; None: no end."""

    low_eV: float | None = None
    high_eV: float | None = None
    low_log10_bar: float | None = None
    high_log10_bar: float | None = None


class OxygenMixing(Document):
    """Mixing against the competing phases in exchange with oxygen gas; per mixed site.

    ``dG_eV_per_site`` is the free energy above the lowest mixture at the firing temperature, ``decomposition``, and
    ``O2_given_off_per_site`` what goes into the gas as that forms (molecules; negative: taken up). ``potential_eV`` is
    the potential of the gas there, per atom, from half an O2 at 0 K. ``stable_K`` are the temperatures between which
    the candidate is on the hull, ``T_mix_K`` and ``T_stable_up_to_K`` the ends of the lowest of them (None: the search
    ended first). ``window`` are the potentials at which it is on the hull at the firing temperature, None: at none.
    ``cation_windows`` are those of each cation's own binary oxide, ``window_overlap_eV`` how far all of them overlap,
    negative where there is a gap; ``overlap_reason`` says why there is no overlap. ``heated`` are the metals of whose
    ions the thermal free energies count; phases of ``unknown_states`` count as if those were 2+.
    """

    temperature_K: float
    pressure_bar: float
    fit: OxygenFit
    potential_eV: float | None = None
    T_mix_K: float | None = None
    T_stable_up_to_K: float | None = None
    stable_K: list[tuple[float, float]] = Field(default_factory=list)
    dG_eV_per_site: float | None = None
    decomposition: list[DecompositionPhase] = Field(default_factory=list)
    O2_given_off_per_site: float | None = None
    window: PotentialWindow | None = None
    cation_windows: dict[str, PotentialWindow] = Field(default_factory=dict)
    window_overlap_eV: float | None = None
    overlap_reason: str | None = None
    heated: list[str] = Field(default_factory=list)
    unknown_states: list[str] = Field(default_factory=list)
    reason: str | None = None


class Formation(Document):
    """Whether a candidate is a single phase in equilibrium at the firing temperature, under the errors of the engine.

    Given the phases on the hull, and the solution of the same host at other compositions where ``solution`` is not
    ``none``. Not covered: kinetics, volatility, melting, phases that nobody listed, entropies other than the ideal one.

    Parameters
    ----------
    temperature_K
        Firing temperature, None where nothing is known of it: then there are only mixing temperatures.
    pressure_O2_bar
        Pressure of oxygen, None where the hull is closed to it.
    margin_eV_per_site, margin_draws
        Free energy above the lowest mixture at the firing temperature, as computed and as a sample. Negative: below
        the lowest mixture of other phases and computed members. Not clamped.
    probability
        Share of the draws with a margin that is not positive; None without a known error of the engine.
    T_mix_K, T_mix_same_host_K
        Mixing temperatures as computed, other compositions of the host on the hull; None where no temperature
        stabilises the candidate.
    T_mix_draws_K, T_mix_same_host_draws_K
        The same as samples: ``dH / dS`` of the mixture that decides, negative where the enthalpy is, infinite where no
        temperature stabilises the candidate.
    decomposition
        Lowest mixture at the firing temperature; compositions of the host are called by their ions.
    sensitivity
        Derivative of the margin (eV per site) by ``w`` of each pair of ions (eV per mixed site).
    phase_sensitivity
        Derivative of the margin (eV per site) by the energy of each competing phase (eV per atom).
    solution
        ``none``, ``fitted`` to members that leave pairs open, or ``complete``.
    error_source
        Where the errors come from; None without any.
    reason
        Why there is nothing.
    """

    temperature_K: float | None = None
    pressure_O2_bar: float | None = None
    margin_eV_per_site: float | None = None
    margin_draws: Draws | None = None
    probability: float | None = None
    T_mix_K: float | None = None
    T_mix_same_host_K: float | None = None
    T_mix_draws_K: Draws | None = None
    T_mix_same_host_draws_K: Draws | None = None
    decomposition: list[DecompositionPhase] = Field(default_factory=list)
    sensitivity: dict[str, float] = Field(default_factory=dict)
    phase_sensitivity: dict[str, float] = Field(default_factory=dict)
    solution: Literal["none", "fitted", "complete"] = "none"
    error_source: Literal["documented", "given", "calibrated"] | None = None
    reason: str | None = None


class MixingDoc(ResultDoc):
    """Mixing of one candidate; scalars from the mean energy over its configurations.

    ``deviation`` is the largest difference between a fraction that a cell holds and the one that it stands for;
    ``left_out`` are cells that are no longer what they stand for, with the verdict on their topology;
    ``doubtful_phases`` are those that decide and are a model or unverified, with the reason; ``*_sd_starts`` are
    standard deviations over the starts of a cell, root mean squares over the configurations.
    ``T_mix_sd_configurations_K`` is the standard deviation over configurations, ``T_mix_se_configurations_K`` the
    standard error of their mean, that divided by the root of their number. ``hull_models`` are known compounds
    that only a model stands for; ``hull_unlisted`` are chemical systems of the candidate of which the list
    behind the grade knows nothing.
    """

    engine: str | None = None
    energy_scale: str | None = None
    sites_per_fu: float | None = None
    atoms_per_fu: float | None = None
    n_configurations: int = 0
    competing: MixingResult = Field(default_factory=MixingResult)
    same_host: MixingResult = Field(default_factory=MixingResult)
    T_mix_sd_configurations_K: float | None = None
    T_mix_se_configurations_K: float | None = None
    T_mix_sd_model_K: float | None = None
    dH_sd_eV_per_site: float | None = None
    dH_sd_starts_eV_per_site: float | None = None
    energy_above_hull_eV_per_atom: float | None = None
    energy_above_hull_sd: float | None = None
    hull_phases: list[str] = Field(default_factory=list)
    hull_grade: Literal["A", "B", "C", "D"] | None = None
    hull_models: list[str] = Field(default_factory=list)
    deviation: float = 0.0
    doubtful_phases: dict[str, str] = Field(default_factory=dict)
    left_out: dict[str, str] = Field(default_factory=dict)
    hull_unlisted: list[str] = Field(default_factory=list)
    vibrations: VibrationalMixing | None = None
    oxygen: OxygenMixing | None = None
    formation: Formation | None = None
