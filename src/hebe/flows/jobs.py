"""Jobs of makers, by the thousand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobflow import Job, Maker


def job_of(maker: Maker, *arguments: Any, **named: Any) -> Job:
    """Job that ``maker.make(*arguments, **named)`` gives.

    jobflow turns all arguments of a new job into plain data to warn if one of them is a job, where its output was
    meant; ours are outputs and data, and so the arguments come after the job.
    """
    made: Any = maker.make()
    made.function_args, made.function_kwargs = arguments, named
    job: Job = made
    return job
