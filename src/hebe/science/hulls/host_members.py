"""Members of a host that others are compared with: those with fewest species, and those halfway between."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.hulls.midpoints import telling_midpoints
from hebe.science.hulls.vertices import polytope_vertices

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.ladder import Split
    from hebe.science.hulls.vertices import Vertex

_KEPT: Final = 4096


def host_vertices(spec: MemberSpec) -> list[tuple[HostComposition, Split]]:
    """Members of the host with fewest species at the candidate's oxidation states."""
    member, kept = composition_of(spec), _kept(spec)
    return [member_at(member, {**kept, **vertex.as_split()}) for vertex in _polytope(spec)]


def edge_members(spec: MemberSpec) -> list[tuple[HostComposition, Split]]:
    """Members halfway between those with fewest species: the fewest that fix all terms in pairs of ions.

    See `telling_midpoints`. The candidate's own composition is never one of them.
    """
    member, vertices, kept = composition_of(spec), _polytope(spec), _kept(spec)

    def allowed(point: Vertex) -> bool:
        return member_at(member, {**kept, **point.as_split()})[0] != member

    found = _midpoints_of(tuple(vertices))
    if not all(map(allowed, found)):
        found = telling_midpoints(vertices, allowed)
    return [member_at(member, {**kept, **point.as_split()}) for point in found]


@lru_cache(_KEPT)
def _midpoints_of(vertices: tuple[Vertex, ...]) -> list[Vertex]:
    """Midpoints of a polytope, whatever the candidate: many have the same ions. One not taken could be forbidden."""
    return telling_midpoints(vertices, lambda _: True)


def _polytope(spec: MemberSpec) -> list[Vertex]:
    """Vertices of all neutral mixtures of a candidate's ions on its mixed sublattices but those of rigid units."""
    held = _kept(spec)
    split = {name: part for name, part in (split_of(spec) or {}).items() if name not in held}
    sites = {name: composition_of(spec).host.sublattices[name].multiplicity for name in split}
    charge = sum((ion.charge * x for part in split.values() for ion, x in part.items()), Fraction(0))
    return polytope_vertices({name: tuple(part) for name, part in split.items()}, sites, charge)


def _kept(spec: MemberSpec) -> Split:
    """What stays as it is in all members: water in cavities, of which no host is full."""
    host = composition_of(spec).host
    split = split_of(spec) or {}
    return {name: part for name, part in split.items() if any(d.unit for d in host.sublattices[name].species.values())}


def member_at(member: HostComposition, amounts: Split) -> tuple[HostComposition, Split]:
    """Member of the host of another one with these ions."""
    fractions: dict[str, dict[str, Fraction]] = {}
    for name, part in amounts.items():
        sites = member.host.sublattices[name].multiplicity
        fractions[name] = {}
        for ion, x in part.items():
            fractions[name][ion.element] = fractions[name].get(ion.element, Fraction(0)) + x / sites
    return member.with_fractions(fractions), amounts
