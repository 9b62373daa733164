"""Random campaigns of the families that Hebe brings and of CIFs in which ions have changed their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from hebe.config.family import load_family
from support.cif_hosts import cif

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from hebe.config.family import Family

_O3: Final = (2.97, 16.0, "R -3 m :H", 166)
_SPINEL: Final = (8.2, 8.2, "F d -3 m :2", 227)

EXCHANGED: Final[dict[str, tuple[str, str]]] = {
    "NaNi1/2Mn1/2O2, 5 % of each on the other's sites": (
        "Na",
        cif(*_O3, "Na1 Na 0 0 .5 .95\nNi2 Ni 0 0 .5 .05\nNi1 Ni 0 0 0 .45\nMn1 Mn 0 0 0 .5\nNa2 Na 0 0 0 .05\n"
                  "O1 O 0 0 .266 1\n"),
    ),
    "NMC with refined exchange": (
        "Li",
        cif(*_O3, "Li1 Li 0 0 .5 .965(3)\nNi2 Ni 0 0 .5 .035(3)\nLi2 Li 0 0 0 .035(3)\nNi1 Ni 0 0 0 .765(3)\n"
                  "Mn1 Mn 0 0 0 .1\nCo1 Co 0 0 0 .1\n"
                  "O1 O 0 0 .2585 1\n"),
    ),
    "NMC with nickel in the lithium layer alone": (
        "Li",
        cif(*_O3, "Li1 Li 0 0 .5 .96\nNi2 Ni 0 0 .5 .04\nNi1 Ni 0 0 0 .8\nMn1 Mn 0 0 0 .1\nCo1 Co 0 0 0 .1\n"
                  "O1 O 0 0 .2585 1\n"),
    ),
    "exchange beside empty sites": (
        "Na",
        cif(*_O3, "Na1 Na 0 0 .5 .85\nNi2 Ni 0 0 .5 .05\nNi1 Ni 0 0 0 .45\nMn1 Mn 0 0 0 .5\nNa2 Na 0 0 0 .05\n"
                  "O1 O 0 0 .266 1\n"),
    ),
    "partly inverse spinel": (
        "Li",
        cif(*_SPINEL, "Li1 Li .125 .125 .125 .9\nMn2 Mn .125 .125 .125 .1\nMn1 Mn .5 .5 .5 .7\nNi1 Ni .5 .5 .5 .25\n"
                      "Li2 Li .5 .5 .5 .05\nO1 O .263 .263 .263 1\n", gamma=90),
    ),
    "spinel of magnesium": (
        "Mg",
        cif(*_SPINEL, "Mg1 Mg .125 .125 .125 .8\nMn2 Mn .125 .125 .125 .2\nMn1 Mn .5 .5 .5 .4\nCr1 Cr .5 .5 .5 .5\n"
                      "Mg2 Mg .5 .5 .5 .1\nO1 O .263 .263 .263 1\n", gamma=90),
    ),
    "olivine": (
        "Li",
        cif(10.33, 4.69, "P n m a", 62, "Li1 Li 0 0 0 .95\nFe2 Fe 0 0 0 .05\nFe1 Fe .282 .25 .975 .95\n"
            "Li2 Li .282 .25 .975 .05\nP1 P .095 .25 .418 1\nO1 O .097 .25 .743 1\n"
            "O2 O .457 .25 .206 1\nO3 O .166 .046 .285 1\n", gamma=90, b=6.01),
    ),
}  # fmt: skip
"""What is exchanged -> working ion and CIF."""


def random_campaign(random: Random, name: str) -> dict[str, Any]:
    """A campaign of a family with small cells; not every one has a composition."""
    family = load_family(name)
    ion = random.choice([*family.working_ions, *([None] if family.ion_optional or not family.working_ions else [])])
    host: dict[str, Any] = {"family": name, "sublattices": {}}
    for sublattice in family.mixed:
        host["sublattices"][sublattice] = _mixed(random, family, sublattice, ion)
    stage: dict[str, Any] = {"engine": "chgnet", "analyses": ["mixing"]}
    if ion is not None:
        host["working_ion"] = ion
        stage["x"] = random.choice([["1", "1/2"], ["1", "2/3", "1/3"], ["1", "0"], ["1", "3/4"]])
    structures = {"cations": random.choice([1, 2, 3, 4, 6, 8]), "per_candidate": 1}
    select = {"method": "random", "n": 1}
    return {"name": "random", "host": host, "structures": structures, "select": select, "stages": [stage]}


def _mixed(random: Random, family: Family, sublattice: str, ion: str | None) -> dict[str, Any]:
    pool = family.sublattices[sublattice].species
    elements = random.sample(list(pool), random.randint(1, min(4, len(pool))))
    if ion in pool and ion not in elements and sublattice in family.working_shared:
        elements[0] = str(ion)
    spec: dict[str, Any] = {"species": {element: list(pool[element].valences) for element in elements}}
    spec["grid"] = random.choice([1, 2, 3, 4, 6, 8, 12])
    return spec


def write_campaign(folder: Path, document: dict[str, Any]) -> Path:
    """File of a campaign."""
    path = folder / "campaign.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path
