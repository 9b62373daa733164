"""Members of a host as plain data and back: what jobs carry instead of Python objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from hebe.config.family import Family, load_family
from hebe.schemas.spec import MemberSpec
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.ladder import RedoxLadder, Split
from hebe.science.chemistry.space import working_charge

if TYPE_CHECKING:
    from hebe.science.chemistry.candidate import Candidate

Valences = Mapping[str, Mapping[str, tuple[int, ...]]]


def candidate_spec(candidate: Candidate, valences: Valences) -> MemberSpec:
    """Plain data of a candidate."""
    spec = member_spec(candidate.composition, candidate.split, candidate.primary, valences)
    return spec.model_copy(update={"entropy_R": candidate.entropy_R, "descriptors": candidate.all_descriptors})


def member_spec(composition: HostComposition, split: Split, primary: str, valences: Valences) -> MemberSpec:
    """Plain data of any member of a host."""
    return MemberSpec(
        candidate_id=composition.candidate_id,
        formula=composition.formula,
        family=composition.family,
        working_ion=composition.working_ion,
        x_made=str(composition.x_made),
        primary=primary,
        fractions=_texts({s: {e: x for e, x in v.items() if x} for s, v in composition.fractions.items()}),
        split=_texts({s: {str(ion): x for ion, x in v.items()} for s, v in split.items()}),
        valences={s: {e: list(valences[s][e]) for e in sorted(v) if v[e]} for s, v in composition.fractions.items()},
        host=composition.brought,
    )


def _texts(values: Mapping[str, Mapping[str, Fraction]]) -> dict[str, dict[str, str]]:
    return {sub: {name: str(x) for name, x in sorted(inner.items())} for sub, inner in sorted(values.items())}


def family_of(spec: MemberSpec) -> Family:
    """Family of a member: the one that it brings, else that of its name."""
    return spec.host or load_family(spec.family)


def composition_of(
    spec: MemberSpec, fractions: Mapping[str, Mapping[str, str]] | None = None, x: Fraction | None = None
) -> HostComposition:
    """Composition of a member.

    Parameters
    ----------
    spec
        The member.
    fractions, x
        What a cell really holds, where that differs: fractions on the mixed sublattices, working ions per
        formula unit.
    """
    made = HostComposition(spec.family, spec.working_ion, Fraction(spec.x_made), _exact(spec.fractions), spec.host)
    held = made.with_fractions(_exact(fractions)) if fractions else made
    return held if x is None else replace(held, x_made=x)


def _exact(fractions: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Fraction]]:
    return {s: {e: Fraction(n) for e, n in v.items()} for s, v in fractions.items()}


def split_of(
    spec: MemberSpec, fractions: Mapping[str, Mapping[str, str]] | None = None, x: Fraction | None = None
) -> Split | None:
    """Canonical split; made anew for what a cell really holds (None if that cannot be neutral).

    Parameters are those of `composition_of`.
    """
    split: Split = {s: {Ion.parse(i): Fraction(n) for i, n in v.items()} for s, v in spec.split.items()}
    if (fractions is None or _same(fractions, spec.fractions)) and x in (None, Fraction(spec.x_made)):
        return split
    composition = composition_of(spec, fractions, x)
    charge = sum((ion.charge * n for v in split.values() for ion, n in v.items()), Fraction(0))
    held = composition_of(spec, fractions)
    charge += (held.x_made - composition.x_made) * working_charge(spec.working_ion)
    valences = {s: {e: tuple(z) for e, z in v.items()} for s, v in spec.valences.items()}
    host = composition.host
    amounts = {
        s: {e: n * host.sublattices[s].multiplicity for e, n in v.items()} for s, v in composition.fractions.items()
    }
    return RedoxLadder.of(host).canonical_split(amounts, valences, charge)


def _same(first: Mapping[str, Mapping[str, str]], second: Mapping[str, Mapping[str, str]]) -> bool:
    return {s: dict(v) for s, v in first.items()} == {s: dict(v) for s, v in second.items()}
