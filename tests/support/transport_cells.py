"""Configurations of literature examples and their cells as made, not relaxed, for tests of hops and sites."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from hebe.campaigns.loading import load_campaign
from hebe.flows.campaign import campaign_members
from hebe.science.chemistry.member import composition_of, family_of
from hebe.science.structures.configuration import build_configuration
from hebe.science.structures.working import apply_ordering, choose_orderings

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc

EXAMPLES = Path(__file__).parents[2] / "examples" / "literature"


def built(name: str, n_sites: int) -> tuple[MemberSpec, ConfigurationDoc, Structure]:
    """Member of a literature example, a configuration, and its cell as made, not relaxed."""
    (spec,) = campaign_members(load_campaign(EXAMPLES / f"{name}.yaml"))
    configuration = build_configuration(composition_of(spec), spec.primary, n_sites=n_sites, seed=1)
    assert configuration.structure is not None
    (occupied,) = choose_orderings(spec, configuration, Fraction(spec.x_made), 1).occupied
    working = family_of(spec).working_of(spec.working_ion)
    return spec, configuration, apply_ordering(configuration.structure, occupied, working)
