"""Materials of the literature: what articles print of them, and whether their compositions can be accepted."""

from hebe.science.literature.check import Verdict, check_material, check_system
from hebe.science.literature.system import System, find_systems, get_system, load_systems, load_targets, targets_of

__all__ = [
    "System",
    "Verdict",
    "check_material",
    "check_system",
    "find_systems",
    "get_system",
    "load_systems",
    "load_targets",
    "targets_of",
]
