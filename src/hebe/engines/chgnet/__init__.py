"""CHGNet: a graph-network potential with magnetic moments, evaluated on a fast path of our own."""

from hebe.engines.chgnet.engine import CHGNetEngine, from_block

__all__ = ["CHGNetEngine", "from_block"]
