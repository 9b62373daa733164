"""Analyses: one file each; what they want computed, what they make of it, and the quantities that come out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hebe.analyses.given import Given as Given
    from hebe.analyses.protocol import Analysis as Analysis
    from hebe.analyses.protocol import Curve as Curve
    from hebe.analyses.protocol import Figure as Figure
    from hebe.analyses.protocol import Mark as Mark
    from hebe.analyses.protocol import NoOptions as NoOptions
    from hebe.analyses.protocol import Requires as Requires
    from hebe.analyses.quantity import Quantity as Quantity
    from hebe.analyses.quantity import Shown as Shown
    from hebe.config.model import ConfigModel as ConfigModel
    from hebe.schemas.draws import Draws as Draws
    from hebe.schemas.result import ResultDoc as ResultDoc

_PUBLIC = {
    "Analysis": "hebe.analyses.protocol",
    "ConfigModel": "hebe.config.model",
    "Curve": "hebe.analyses.protocol",
    "Draws": "hebe.schemas.draws",
    "Figure": "hebe.analyses.protocol",
    "Given": "hebe.analyses.given",
    "Mark": "hebe.analyses.protocol",
    "NoOptions": "hebe.analyses.protocol",
    "Quantity": "hebe.analyses.quantity",
    "Requires": "hebe.analyses.protocol",
    "ResultDoc": "hebe.schemas.result",
    "Shown": "hebe.analyses.quantity",
}

__all__ = [
    "Analysis",
    "ConfigModel",
    "Curve",
    "Draws",
    "Figure",
    "Given",
    "Mark",
    "NoOptions",
    "Quantity",
    "Requires",
    "ResultDoc",
    "Shown",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'hebe.analyses' has no attribute {name!r}")
