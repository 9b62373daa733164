"""SevenNet: equivariant graph networks of the package sevenn, evaluated one cell or many at a time."""

from hebe.engines.sevennet.engine import SevenNetEngine, from_block

__all__ = ["SevenNetEngine", "from_block"]
