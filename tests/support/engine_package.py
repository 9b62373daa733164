"""A package that adds an engine with settings of its own, as pip would install it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MODULE: Final = '''
"""Springs of a stiffness that a campaign chooses; the engine has nothing but its evaluations."""

from typing import ClassVar, Literal

from pydantic import Field

from hebe.config.engines import EngineBlock, Traits
from hebe.config.model import ConfigModel
from hebe.engines.ase import evaluate_calculator
from hebe.engines.driving import Driven
from support.spring_crystal import SpringCrystal


class Stiffness(ConfigModel):
    depth: float = Field(default=2.0, gt=0)


class SpringBlock(EngineBlock):
    """Springs between ions."""

    traits: ClassVar[Traits] = Traits(factory="other_springs:Springs", called="springs")

    name: Literal["springs"] = "springs"
    stiffness: Stiffness = Stiffness()

    def refuses(self, task):
        return ("springs of no depth have no volume", "depth: 2") if self.stiffness.depth < 0.1 else None


class Springs(Driven):
    name, energy_scale, versions = "springs", "springs", {"springs": "1.0"}

    def __init__(self, block):
        self.settings = block.stiffness.model_dump()
        self.calculator = SpringCrystal(**self.settings)

    def check(self):
        pass

    def evaluate(self, structure, *, magmoms=False):
        return evaluate_calculator(self.name, self.calculator, structure, magmoms=magmoms)
'''


def install(folder: Path, *, points: str = "springs = other_springs:SpringBlock") -> None:
    """Put the package into a folder that is on ``sys.path``."""
    info = folder / "other_springs-1.0.dist-info"
    info.mkdir()
    (folder / "other_springs.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-springs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[hebe.engines]\n{points}\n")
