"""Settings of a batch queue: which resources a queue job asks for, and which jobs of a campaign take which."""

from __future__ import annotations

import re
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.units import Megabytes, Seconds, Whole
from hebe.config.reading.wording import RefusedValueError, suggest

DEFAULT: Final = "default"
"""Resources of jobs that ``use`` does not name."""

_STAGE = re.compile(r"(?:[\w-]+ )?stage [0-9]+")


class Resources(ConfigModel):
    """What one queue job asks for, and how many jobs of a campaign it works on at a time.

    ``cores`` are those of the queue job on its one node; its ``slots`` share them evenly, each slot runs one job after
    the other. With a ``batch`` so many jobs share each of its GPUs, or each of its slots where it has none, for engines
    that evaluate many cells at once. ``walltime`` (``4 h``; a bare number is in s) and
    ``memory`` (``16 GB``, of the whole queue job; a bare number is in MB). ``gpus``,
    ``queue`` (Slurm: partition), ``account`` and ``qos`` go into the script as they are; ``options`` are further lines
    of its head without ``#SBATCH`` or ``#PBS``. ``modules`` are loaded, then the commands in ``before`` run.
    """

    queue: str | None = None
    account: str | None = None
    qos: str | None = None
    cores: Whole = Field(default=1, ge=1)
    slots: Whole = Field(default=1, ge=1)
    memory: Megabytes | None = Field(default=None, gt=0)
    walltime: Seconds = Field(default=3600.0, ge=10)
    gpus: Whole = Field(default=0, ge=0)
    batch: Whole = Field(default=1, ge=1, le=1024)
    modules: list[str] = Field(default_factory=list)
    before: list[str] = Field(default_factory=list)
    options: list[str] = Field(default_factory=list)

    @property
    def cores_per_slot(self) -> int:
        """Cores that one job has."""
        return self.cores // self.slots if self.batch == 1 else 1

    @property
    def at_a_time(self) -> int:
        """Jobs that run at the same time."""
        return self.slots if self.batch == 1 else self.batch * (self.gpus or self.slots)

    @model_validator(mode="after")
    def _every_slot_has_cores(self) -> Self:
        if self.cores % self.slots:
            raise RefusedValueError(
                f"{self.cores} cores cannot be shared evenly by {self.slots} slots", key="slots", suggestion="slots: 1"
            )
        return self


class ClusterSettings(ConfigModel):
    """How campaigns get onto a batch queue.

    ``resources`` are named; ``use`` says which engine takes which: ``gpaw: large``, one stage of it ``gpaw stage 1``,
    or everything of a stage ``stage 1``. What it does not name takes ``default``. ``max_jobs`` limits the queue jobs
    that wait or run at the same time. A job is tried ``attempts`` times when its worker dies. ``uri`` and ``database``
    say where the LaunchPad is; without them it is beside the outputs, in the same database of MongoDB.
    ``grace`` is the time before the end of a queue job at which relaxations are cut off so that they can continue
    in the next one. ``relay`` is for compute nodes that do not reach the database: ``hebe launch`` asks it for them,
    through files in the project's folder.
    """

    scheduler: Literal["slurm", "pbs"] = "slurm"
    max_jobs: Whole = Field(default=4, ge=1, le=10_000)
    resources: dict[str, Resources] = Field(default_factory=lambda: {DEFAULT: Resources()}, min_length=1)
    use: dict[str, str] = Field(default_factory=dict)
    attempts: Whole = Field(default=3, ge=1)
    grace: Seconds = Field(default=60.0, ge=1)
    uri: SecretStr | None = None
    database: str | None = Field(default=None, min_length=1)
    python: str | None = Field(default=None, min_length=1)
    relay: bool = False

    @model_validator(mode="after")
    def _names_what_exists(self) -> Self:
        if DEFAULT not in self.resources:
            raise RefusedValueError(
                "there are no resources called 'default'", key="resources", suggestion="default: {}"
            )
        for name in self.resources:
            if not re.fullmatch(r"[\w-]{1,32}", name):
                raise RefusedValueError(
                    f"{name!r} cannot name resources", key="resources", suggestion="letters, digits, - and _"
                )
        for what, name in self.use.items():
            if name not in self.resources:
                hint = suggest(name, self.resources, known="resources")
                raise RefusedValueError(f"no resources are called {name!r}", key=f"use.{what}", suggestion=hint)
            if "stage" in what and not _STAGE.fullmatch(what):
                raise RefusedValueError(f"cannot read {what!r}", key="use", suggestion="gpaw stage 1")
        if self.uri is not None and not self.uri.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
            raise RefusedValueError("expected a URI that starts with mongodb:// or mongodb+srv://", key="uri")
        for name, wanted in self.resources.items():
            if wanted.walltime <= 2 * self.grace:
                raise RefusedValueError(
                    f"a walltime of {wanted.walltime:.0f} s leaves no time before the {self.grace:.0f} s of grace",
                    key=f"resources.{name}.walltime",
                    suggestion="grace: 10 s",
                )
        return self

    def name_for(self, engine: str | None, stage: int | None) -> str:
        """Name of the resources that a job takes.

        Parameters
        ----------
        engine
            Engine that the job runs; None for jobs that run none.
        stage
            Number of its stage, from 0; None for jobs that belong to none.
        """
        number = None if stage is None else f"stage {stage}"
        asked = [f"{engine} {number}" if engine and number else None, engine, number if engine else None]
        return next((self.use[what] for what in asked if what is not None and what in self.use), DEFAULT)
