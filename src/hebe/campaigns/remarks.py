"""What is said about a campaign before it runs: its host file as read, and amounts that its cells cannot hold."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hebe.schemas.spec import MemberSpec
from hebe.science.chemistry.member import composition_of
from hebe.science.structures.configuration import cell_size
from hebe.science.structures.sqs import site_counts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.config.campaign import Campaign
    from hebe.flows.rounds import Prior
    from hebe.science.chemistry.candidate import Candidate

_MOST_CATIONS: Final = 512


def remarks(campaign: Campaign, selected: Iterable[Candidate | MemberSpec]) -> list[str]:
    """In words: the host file of a campaign, what its loop starts from, species that are fewer than one per cell."""
    prior: Prior | None = campaign._prior  # noqa: SLF001 - set by hebe.campaigns.prior alone
    found = [*campaign.remarks, *(() if prior is None else prior.told)]
    if campaign.structures.method == "sqs":
        for candidate in selected:
            found += _dilute(campaign, candidate)
    return list(dict.fromkeys(found))


def _dilute(campaign: Campaign, candidate: Candidate | MemberSpec) -> list[str]:
    """Species of which the cells of a candidate hold another amount because it is less than one site."""
    composition = composition_of(candidate) if isinstance(candidate, MemberSpec) else candidate.composition
    found = []
    subs = composition.host.sublattices
    least = min(
        x * subs[name].multiplicity for name, parts in composition.fractions.items() for x in parts.values() if x
    )
    if least * campaign.structures.cations >= subs[candidate.primary].multiplicity:
        return []
    primary = cell_size(composition, candidate.primary, campaign.structures.cations)
    for name, fractions in composition.fractions.items():
        sites = Fraction(primary * subs[name].multiplicity, subs[candidate.primary].multiplicity)
        counts = site_counts(fractions, max(1, int(sites)))
        for species, x in fractions.items():
            if 0 < x * sites < 1:
                held = f"{float(counts[species] / sites):.4g}" if species in counts else "none of it"
                wanted = primary / (x * sites)
                number = -(-wanted.numerator // wanted.denominator)
                nearest = f"; structures.cations: {number} holds it" if number <= _MOST_CATIONS else ""
                found.append(
                    f"{species} {float(x):.4g} on {name} is less than one of {int(sites)} sites: "
                    f"cells hold {held}{nearest}"
                )
    return found
