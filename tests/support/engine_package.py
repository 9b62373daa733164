"""A package that adds an engine with settings of its own, as pip would install it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MODULE: Final = '''
"""Springs of a stiffness that a campaign chooses."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from hebe.config.engines import EngineBlock, Traits
from hebe.config.model import ConfigModel
from hebe.engines.ase import ASEEngine


class Stiffness(ConfigModel):
    depth: float = Field(default=2.0, gt=0)


class SpringBlock(EngineBlock):
    """Springs between ions."""

    traits: ClassVar[Traits] = Traits(factory="other_springs:make", called="springs", costly=True)

    name: Literal["springs"] = "springs"
    stiffness: Stiffness = Stiffness()

    def refuses(self, task: str) -> tuple[str, str] | None:
        return ("springs of no depth have no volume", "depth: 2") if self.stiffness.depth < 0.1 else None


def make(block: SpringBlock) -> Any:
    return ASEEngine("support.spring_crystal:make", {"depth": block.stiffness.depth}, "springs")
'''


def install(folder: Path, *, points: str = "springs = other_springs:SpringBlock") -> None:
    """Put the package into a folder that is on ``sys.path``."""
    info = folder / "other_springs-1.0.dist-info"
    info.mkdir()
    (folder / "other_springs.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-springs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[hebe.engines]\n{points}\n")
