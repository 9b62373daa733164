"""What a process loads before its first job of a campaign, which would take longer than that job."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from hebe.analyses.registry import own_analyses
from hebe.config.engines import EngineBlock
from hebe.engines.registry import get_engine
from hebe.makers.build import BuildMaker
from hebe.schemas.spec import MemberSpec

_MAKERS: Final = ("order", "relax", "analysis", "candidate")


def get_ready(engines: list[dict[str, Any]], spec: dict[str, Any] | None, shells: int) -> None:
    """Import what jobs use, make their engines, and load the compiled search for structures.

    Parameters
    ----------
    engines
        Blocks of the engines that its first jobs compute with in this process.
    spec
        One of its candidates, of which the smallest cell is built; None where no cells are built.
    shells
        Neighbour shells of its structures.
    """
    for name in _MAKERS:
        import_module(f"hebe.makers.{name}")
    own_analyses()
    if spec is not None:
        make: Any = BuildMaker.make
        make.original(BuildMaker(n_sites=1, shells=shells), MemberSpec.model_validate(spec))
    for block in engines:
        get_engine(EngineBlock.model_validate(block)).settings  # noqa: B018 - of most engines it holds a hash of the model, which is loaded for it
