"""A launcher as a program: a reproducible flow on the store of a folder; prints its events and its summary."""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from jobflow import Flow

from hebe.exceptions import HebeError
from hebe.launchers import inline, local
from hebe.launchers.executor import launcher as executor
from hebe.launchers.limits import Limits
from hebe.stores import open_store
from support import launcher_jobs as jobs

LAUNCHERS: dict[str, Any] = {"local": local.run, "executor": executor.run, "inline": inline.run}

CAMPAIGN = 10_000
"""A size of so many stands for one candidate of something like a campaign, a negative one for a calculation."""


def flow_of(size: int, marks: str) -> Flow:
    """Jobs with fixed uuids that depend on each other at random; a negative size asks for claimed calculations."""
    if size >= CAMPAIGN:
        return jobs.campaign_like(size // CAMPAIGN, marks)
    if size <= -CAMPAIGN:
        return jobs.calculations(-size // CAMPAIGN, marks)
    generator = random.Random(size)
    made: list[Any] = []
    for number in range(abs(size)):
        if size < 0:
            job = jobs.compute_once(marks, f"key-{number % 10}")
        else:
            parents = generator.sample(made, min(len(made), generator.randint(0, 2)))
            job = jobs.combine(f"job-{number}", marks, [parent.output for parent in parents] or [{"value": number}])
        job.set_uuid(f"{number:08d}" if size > 0 else f"{-size}-{number:08d}")
        made.append(job)
    return Flow(made)


def main() -> None:
    """Run it."""
    root, size, workers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    name = next((word for word in sys.argv[4:] if word in LAUNCHERS), "local")
    options: dict[str, Any] = {} if name == "inline" else {"workers": workers}
    if "patient" in sys.argv:
        options["limits"] = Limits(retries=1000)

    def show(event: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps({**event, "pid": os.getpid()}) + "\n")
        sys.stdout.flush()

    flow = flow_of(size, str(root / "marks"))
    try:
        summary = LAUNCHERS[name](flow, store=open_store(root), progress=False, on_event=show, **options)
    except HebeError as err:
        sys.exit(f"error: {err}")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.stdout.write(json.dumps(summary.as_dict()) + "\n")


if __name__ == "__main__":
    main()
