"""Versions of Hebe, Python and the packages that numbers depend on."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING, Final

import hebe

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign

PACKAGES: Final = ("pymatgen", "jobflow", "maggma", "ase", "numpy", "scipy", "spglib")
"""Packages whose versions are named, after those of the engines."""


def package_versions(campaign: Campaign) -> dict[str, str]:
    """Versions of Hebe, Python and the packages that numbers depend on, as far as they are installed."""
    versions = {"hebe": hebe.__version__, "python": platform.python_version()}
    engines = [package for stage in campaign.stages for block in stage.engines for package in block.traits.packages]
    for package in dict.fromkeys([*engines, *PACKAGES]):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions
