"""What the numbers of a report mean: entropy, window, hull, engine, uncertainties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses import mixing
from hebe.config.reading.units import celsius
from hebe.report.values import ENGINE_ERROR
from hebe.science.choosing.sample import MIDDLE
from hebe.science.choosing.standing import CERTAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import RankedCandidate

_ENTROPIES: Final = {
    "mixed-site": "per site of the primary sublattice {primary}",
    "sublattice-sum": "sum over sublattices, each per its own site",
    "formula-unit": "per formula unit",
    "per-atom": "per atom",
    "per-cation": "per cation",
}


def conventions(campaign: Campaign, candidates: Sequence[RankedCandidate]) -> list[tuple[str, str]]:
    """Terms and what they mean in this campaign."""
    pairs = [("Entropy", _entropy(campaign))]
    if campaign.host.working_ion is not None:
        pairs += [("Voltage", _voltage(campaign)), ("Volume strain", _strain(campaign))]
    return [
        *pairs,
        ("Mixing temperature", _MIXING),
        *_firing(campaign),
        ("Hull", _hull(candidates)),
        ("Energies", _energies(candidates)),
        ("Uncertainties", _UNCERTAINTIES),
        ("Ranks", _RANKS),
        ("Nulls", "A dash is a value that could not be had; the warnings of the candidate say why."),
    ]


_MIXING: Final = (
    "The lowest temperature above which the disordered phase is on the free-energy hull with the ideal entropies of "
    "all phases. Competing: against all competing phases at the composition. Same host: against members of the same "
    "host with the fewest species, every oxidation state conserved. 0 K: stable without entropy; never: no "
    "temperature suffices. Enthalpies are per site of the primary sublattice."
)
_UNCERTAINTIES: Final = (
    "Values are means over configurations. ± beside a value is the standard error of its mean, pooled over the "
    "candidates where there are few configurations; of mixing temperatures without draws it holds the error of the "
    "engine on mixing enthalpies too, and there is none where nobody knows that. A value with an interval in brackets "
    f"is the median, and the interval the middle {MIDDLE}, of draws of the engine's errors; errors that candidates "
    f"share are drawn once for all of them. ± in the head of a column is the {ENGINE_ERROR}. "
    "Profiles, states and decompositions are those of one configuration, the lowest in energy as made."
)
_RANKS: Final = (
    "The ranking is made again in every draw of the errors. Candidates share a rank (=) while the probability that the "
    f"first of them is really before each other one is below {100 * CERTAIN:.0f} %; the range holds the ranks of the "
    f"middle {MIDDLE} of the draws."
)


def _firing(campaign: Campaign) -> list[tuple[str, str]]:
    """Firing temperature with where it comes from; none where nobody asks for one."""
    fired_at, usual = campaign.fired_at, campaign.host.data.synthesis
    if fired_at is None:
        return []
    if campaign.firing_temperature is None and usual is not None:
        return [("Firing", f"{celsius(fired_at)}, usual for the family in {usual.atmosphere}: {usual.source}.")]
    return [("Firing", f"{celsius(fired_at)}, as the campaign has it.")]


def window_text(campaign: Campaign) -> str:
    """Where voltage and strain are ranked, as a clause; empty without a working ion."""
    ends = window(campaign)
    return (
        ""
        if ends is None
        else f", window x = {ends[1]:.4g} to {ends[0]:.4g} {campaign.host.working_ion} per formula unit"
    )


def window(campaign: Campaign) -> tuple[float, float] | None:
    """Lowest and highest working-ion content (per formula unit) that are ranked.

    None without a working ion, and where they are fractions of what each candidate was made with.
    """
    family = campaign.host.data
    if campaign.host.working_ion is None or family.working_shared:
        return None
    stage = campaign.stages[-1]
    if stage.window is not None:
        return float(stage.window.low * family.x_full), float(stage.window.high * family.x_full)
    made = family.x_made if campaign.host.x_made is None else campaign.host.x_made
    contents = [*(x * family.x_full for x in stage.x), made]
    return float(min(contents)), float(max(contents))


def _entropy(campaign: Campaign) -> str:
    wanted = campaign.filters.entropy
    primary = campaign.host.primary or ", ".join(campaign.host.sublattices)
    text = f"Ideal configurational entropy in R, {_ENTROPIES['mixed-site'].format(primary=primary)} (mixed-site)."
    if wanted is None:
        return text
    place = wanted.sublattice or primary
    meaning = _ENTROPIES[wanted.convention].format(primary=place)
    bounds = [f"at least {wanted.min:g} R"] if wanted.min is not None else []
    bounds += [f"at most {wanted.max:g} R"] if wanted.max is not None else []
    return f"{text} The filter asked for {' and '.join(bounds)} in the convention {wanted.convention} ({meaning})."


def _voltage(campaign: Campaign) -> str:
    ion = campaign.host.working_ion
    low, high = window(campaign) or (0.0, 0.0)
    return (
        f"Average against the {ion} metal of the same engine between x = {low:.4g} and {high:.4g} {ion} per formula "
        "unit; the profile is the lower hull over the orderings that were relaxed."
    )


def _strain(campaign: Campaign) -> str:
    low, high = window(campaign) or (0.0, 0.0)
    return f"Largest |V/V(as made) - 1| over the ground states between x = {low:.4g} and {high:.4g}."


def _hull(candidates: Sequence[RankedCandidate]) -> str:
    found = [document for c in candidates if (document := mixing.ANALYSIS.best(c)) is not None]
    grades = sorted({document.hull_grade for document in found if document.hull_grade is not None})
    phases = sorted({phase for document in found for phase in document.hull_phases})
    if not phases:
        return "No competing phase was computed."
    grade = f"coverage grade {', '.join(grades)}" if grades else "coverage not graded"
    return (
        f"{len(phases)} competing phases, {grade} (A: all binaries and ternaries of a sourced list, B: all binaries "
        "and all A-M-O and half of M-M'-O, C: all binaries, D: less; below B mixing temperatures are lower bounds): "
        f"{', '.join(phases)}."
    )


def _energies(candidates: Sequence[RankedCandidate]) -> str:
    pairs = sorted({(c.engine, c.energy_scale) for c in candidates if c.engine})
    listed = "; ".join(f"engine {engine}, energy scale {scale}" for engine, scale in pairs)
    return f"{listed or 'None'}. Energies of different scales are never combined."
