"""Members of a host that a campaign compares with: those that it names, and those with fewest species."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from hebe.config.reading.refusal import bad_key
from hebe.exceptions import BadInputError
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.hulls.vertices import polytope_vertices

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign
    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.ladder import Split
    from hebe.science.chemistry.space import CompositionSpace


def named_member(campaign: Campaign, space: CompositionSpace, number: int) -> tuple[HostComposition, Split]:
    """Member of the host that a campaign names as a competing phase.

    Raises
    ------
    BadInputError
        If its formula does not fit the host or cannot be neutral.
    """
    formula, key = campaign.mixing.members[number], ("mixing", "members", number)
    try:
        composition = parse_host_formula(formula, space)
    except BadInputError as err:
        raise bad_key(campaign, key, err.reason, err.suggestion) from err
    own = space.with_content(composition.x_own)
    split = own.split(composition)
    if split is None:
        raise bad_key(campaign, key, f"{formula} cannot be charge-neutral with the oxidation states listed")
    return composition, split


def host_vertices(spec: MemberSpec) -> list[tuple[HostComposition, Split]]:
    """Members of the host with fewest species at the candidate's oxidation states."""
    split, member = split_of(spec) or {}, composition_of(spec)
    sites = {name: member.host.sublattices[name].multiplicity for name in split}
    charge = sum((ion.charge * x for part in split.values() for ion, x in part.items()), Fraction(0))
    result = []
    for vertex in polytope_vertices({name: tuple(part) for name, part in split.items()}, sites, charge):
        amounts = vertex.as_split()
        fractions: dict[str, dict[str, Fraction]] = {}
        for name, part in amounts.items():
            fractions[name] = {}
            for ion, x in part.items():
                fractions[name][ion.element] = fractions[name].get(ion.element, Fraction(0)) + x / sites[name]
        result.append((member.with_fractions(fractions), amounts))
    return result
