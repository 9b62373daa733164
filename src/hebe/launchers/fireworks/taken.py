"""Another name of `ClaimedJob`, by which queue jobs that an earlier version has started still speak of it."""

from hebe.launchers.fireworks.claimed_job import ClaimedJob as Taken

__all__ = ["Taken"]
