"""A compatibility map as a campaign: one candidate for every cation in every host, run and resumed like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.config.campaign import Campaign
from hebe.config.engines import DEFAULT_ENGINE
from hebe.science.mixing.compatibility import map_members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.mixing_map import MixingMap
    from hebe.science.chemistry.ions import Ion


def map_campaign(
    definition: MixingMap,
    cations: Sequence[Ion],
    *,
    engine: str = DEFAULT_ENGINE,
    configurations: int = 1,
    seed: int = 7,
) -> Campaign:
    """Campaign that computes a map.

    Parameters
    ----------
    definition
        Hosts of the map.
    cations
        What is put into them, each with the oxidation state that fixes the content of the other ions.
    engine
        Engine of the relaxations.
    configurations
        Supercells per candidate.
    seed
        Seed of the supercells.

    Raises
    ------
    BadInputError
        If a cation finds no neutral place in a host.
    """
    members = map_members(definition, cations)
    species: dict[str, dict[str, set[int]]] = {}
    for member in members:
        for name, held in member.ions.items():
            for ion in held:
                species.setdefault(name, {}).setdefault(ion.element, set()).add(ion.charge)
    formulas = dict.fromkeys(member.composition(definition.family).formula for member in members)
    return Campaign.model_validate(
        {
            "name": f"{definition.name}-map",
            "host": {
                "family": definition.family,
                "sublattices": {
                    name: {
                        "species": {element: sorted(charges) for element, charges in held.items()},
                        "grid": definition.sites,
                    }
                    for name, held in species.items()
                },
            },
            "select": {"method": "explicit", "formulas": list(formulas)},
            "structures": {"cations": definition.sites, "per_candidate": configurations, "seed": seed},
            "mixing": {"solution": False},
            "stages": [{"engine": engine, "analyses": ["mixing"]}],
            "rank": {"minimize": ["mixing_temperature"]},
        }
    )
