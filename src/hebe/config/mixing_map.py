"""A compatibility map: hosts of low and high entropy into which single cations are put, as data."""

from __future__ import annotations

from functools import cache
from importlib import resources

from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.config.reading.wording import suggest
from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.exceptions import BadInputError


class MapHost(ConfigModel):
    """A host of a map: whole numbers of ions on each sublattice of the cell, neutral together."""

    name: str
    title: str
    ions: dict[str, dict[str, int]]
    source: str


class MixingMap(ConfigModel):
    """Hosts and cations of a map.

    ``sites`` of the first sublattice per cell, of which the probed cation takes ``probe``; ``groups`` are cations
    whose ranks are compared.
    """

    name: str
    title: str
    family: str
    sites: int = Field(gt=0)
    probe: int = Field(gt=0)
    hosts: tuple[MapHost, ...] = Field(min_length=1)
    probes: tuple[str, ...] = Field(min_length=1)
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    sources: tuple[str, ...]


@cache
def load_map(name: str) -> MixingMap:
    """Map of that name.

    Raises
    ------
    BadInputError
        If there is none; names the nearest.
    """
    known = sorted(
        entry.name.removesuffix(".yaml")
        for entry in resources.files("hebe.config.maps").iterdir()
        if entry.name.endswith(".yaml")
    )
    if name not in known:
        raise BadInputError(f"no map has the host {name!r}", suggestion=suggest(name, known, known="hosts"))
    path = resources.files("hebe.config.maps") / f"{name}.yaml"
    return load_model(MixingMap, parse_yaml(path.read_bytes(), file=f"{name}.yaml"))
