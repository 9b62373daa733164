"""jobflow Makers: one unit of work each, usable alone in anybody's flow."""

from hebe.makers.analysis import AnalysisMaker
from hebe.makers.build import BuildMaker
from hebe.makers.candidate import CandidateMaker
from hebe.makers.dynamics import DynamicsMaker
from hebe.makers.mixing import MixingMaker
from hebe.makers.order import OrderMaker
from hebe.makers.path import PathMaker
from hebe.makers.relax import RelaxMaker
from hebe.makers.static import StaticMaker
from hebe.makers.strain import StrainMaker
from hebe.makers.vibrations import VibrationMaker
from hebe.makers.voltage import VoltageMaker

__all__ = [
    "AnalysisMaker",
    "BuildMaker",
    "CandidateMaker",
    "DynamicsMaker",
    "MixingMaker",
    "OrderMaker",
    "PathMaker",
    "RelaxMaker",
    "StaticMaker",
    "StrainMaker",
    "VibrationMaker",
    "VoltageMaker",
]
