"""One thing that ``hebe doctor`` looked at; launchers bring theirs along."""

from hebe.launchers.check import Check

__all__ = ["Check"]
