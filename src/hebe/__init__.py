"""Hebe, the High-Entropy Battery Engine: one campaign file in, ranked candidate materials out.

Names are imported when they are used, so that ``import hebe`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hebe.campaigns.api import Results as Results
    from hebe.campaigns.api import campaign_flow as campaign_flow
    from hebe.campaigns.api import load_campaign as load_campaign
    from hebe.campaigns.api import results as results
    from hebe.campaigns.api import run as run
    from hebe.report.gallery import plot as plot

__version__ = "0.1.0"

_PUBLIC = dict.fromkeys(("Results", "campaign_flow", "load_campaign", "results", "run"), "hebe.campaigns.api")
_PUBLIC["plot"] = "hebe.report.gallery"
_FOR_LAUNCHPADS = {"ProjectJob": "hebe.launchers.fireworks.rocket"}
"""Names under which FireWorks finds what it runs."""

__all__ = ["Results", "__version__", "campaign_flow", "load_campaign", "plot", "results", "run"]


def __getattr__(name: str) -> Any:
    home = _PUBLIC.get(name) or _FOR_LAUNCHPADS.get(name)
    if home is not None:
        return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module 'hebe' has no attribute {name!r}")


def __dir__() -> list[str]:
    modules = {name for name, value in globals().items() if getattr(value, "__name__", None) == f"{__name__}.{name}"}
    return sorted({*modules, *__all__, *(name for name in globals() if name.startswith("__"))})
