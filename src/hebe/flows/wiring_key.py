"""Key of everything that decides which jobs a campaign consists of, so that it need not be wired to know them."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import hebe
from hebe.analyses.registry import get_analysis
from hebe.config.plugins import plugins
from hebe.engines.registry import energy_scale_of
from hebe.flows.campaign import campaign_members, selection_key
from hebe.science.keys import content_hash

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign
    from hebe.config.plugins import Group

_GROUPS: Final[tuple[Group, ...]] = ("hebe.analyses", "hebe.engines", "hebe.families")


def wiring_key(campaign: Campaign) -> str:
    """Key of a campaign, the files that it brings, its candidates, and the code that makes jobs of them."""
    plain = campaign.model_dump(mode="json")
    members = [spec.model_dump(mode="json", exclude={"host"}) for spec in campaign_members(campaign)]
    scales = [energy_scale_of(block) for stage in campaign.stages for block in stage.engines]
    names = sorted({name for stage in campaign.stages for name in stage.analyses})
    versions = [(name, get_analysis(name).version) for name in names]
    order = list(campaign.filters.order)
    return content_hash([plain, order, selection_key(campaign), members, scales, versions, _code()])


@cache
def _code() -> list[str]:
    """Hash of the files of this package, and the packages that add to it with their versions and files."""
    found, folder = hashlib.blake2b(digest_size=16), Path(hebe.__file__).parent
    for path in sorted(path for path in folder.rglob("*") if path.suffix != ".pyc"):
        if path.is_file():
            found.update(f"{path.relative_to(folder)}\n".encode() + hashlib.blake2b(path.read_bytes()).digest())
    points = [point for group in _GROUPS for point in plugins(group).values()]
    modules = sorted({point.module.partition(".")[0] for point in points} - {hebe.__name__})
    for path in (path for name in modules for path in _sources(name)):
        found.update(f"{path.name}\n".encode() + hashlib.blake2b(path.read_bytes()).digest())
    return [found.hexdigest(), *(f"{point} {point.dist.version if point.dist else ''}" for point in points)]


def _sources(name: str) -> list[Path]:
    """Source files of a module, or of all of a package, which is not imported for it; none of what is no file."""
    try:
        spec = find_spec(name)
    except ValueError:  # a module that was made while the process ran
        return []
    if spec is None:
        return []
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    found = [path for folder in folders for path in sorted(folder.rglob("*.py"))] or [Path(spec.origin or "")]
    return [path for path in found if path.is_file()]
