"""Members of a host that a campaign compares with: those that it names, those with fewest species, those between."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from hebe.config.reading.refusal import bad_key
from hebe.exceptions import BadInputError
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.hulls.midpoints import telling_midpoints
from hebe.science.hulls.vertices import polytope_vertices

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign
    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.ladder import Split
    from hebe.science.chemistry.space import CompositionSpace
    from hebe.science.hulls.vertices import Vertex


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
    member = composition_of(spec)
    return [_member_at(member, vertex) for vertex in _polytope(spec)]


def edge_members(spec: MemberSpec) -> list[tuple[HostComposition, Split]]:
    """Members halfway between those with fewest species: the fewest that fix all terms in pairs of ions.

    See `telling_midpoints`. The candidate's own composition is never one of them.
    """
    member = composition_of(spec)

    def allowed(point: Vertex) -> bool:
        return _member_at(member, point)[0] != member

    return [_member_at(member, point) for point in telling_midpoints(_polytope(spec), allowed)]


def _polytope(spec: MemberSpec) -> list[Vertex]:
    """Vertices of all neutral mixtures of a candidate's ions on its mixed sublattices."""
    split = split_of(spec) or {}
    sites = {name: composition_of(spec).host.sublattices[name].multiplicity for name in split}
    charge = sum((ion.charge * x for part in split.values() for ion, x in part.items()), Fraction(0))
    return polytope_vertices({name: tuple(part) for name, part in split.items()}, sites, charge)


def _member_at(member: HostComposition, point: Vertex) -> tuple[HostComposition, Split]:
    """Member of the host of another one with these ions."""
    amounts, fractions = point.as_split(), dict[str, dict[str, Fraction]]()
    for name, part in amounts.items():
        sites = member.host.sublattices[name].multiplicity
        fractions[name] = {}
        for ion, x in part.items():
            fractions[name][ion.element] = fractions[name].get(ion.element, Fraction(0)) + x / sites
    return member.with_fractions(fractions), amounts
