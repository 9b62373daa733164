"""An attempt at a task: found if it was done before, else computed; what becomes of it is a document."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from jobflow import CURRENT_JOB
from pymatgen.core import Structure

from hebe.config.settings import STORE_FOLDER, project_folder
from hebe.engines.protocol import Engine
from hebe.engines.sharing.line import LINE
from hebe.engines.tasks import Task
from hebe.exceptions import CalculationCutError, DeviceDiedError, EngineError, HebeError
from hebe.makers.caching import reuse, unfinished
from hebe.schemas.base import ErrorInfo
from hebe.schemas.task import TaskDoc
from hebe.science.keys import KEY_VERSION, content_hash

if TYPE_CHECKING:
    from jobflow import OutputReference


Doc = TypeVar("Doc", bound=TaskDoc)

_OF_NUMBERS = (ArithmeticError, LookupError, RuntimeError, ValueError, np.linalg.LinAlgError)


@dataclass(frozen=True, kw_only=True)
class Attempt(Generic[Doc]):
    """One job's attempt at a task.

    Parameters
    ----------
    schema
        Class of the document.
    engine, task, start
        What does what with which structure.
    identity
        What identifies the start in the key.
    payload
        Fields of the document that an outcome of the task fills, and those of the head that it knows better:
        ``status``, ``error``, more ``versions``.
    label
        Names it in documents.
    facts
        Fields of the document that it has whatever becomes of it.
    """

    schema: type[Doc]
    engine: Engine
    task: Task
    start: Structure
    identity: Mapping[str, Any]
    payload: Callable[[Any], Mapping[str, Any]]
    label: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Content key."""
        return task_key(self.engine, self.task, self.identity)

    def make(self) -> Doc | OutputReference:
        """Document of the task, or a reference to the job that did it before.

        Raises
        ------
        ClaimedElsewhere
            If somebody else is at it.
        """
        found = self.found()
        return self.compute() if found is None else found

    def found(self, *, otherwise: str | None = None) -> Doc | OutputReference | None:
        """What was done before, also under another key; else None, and the right to do it is taken."""
        return reuse(self.key, self.schema, claim=True, otherwise=otherwise)

    def compute(self) -> Doc:
        """Have the engine do it, from where an earlier attempt was cut off if there was one.

        Raises
        ------
        DeviceDiedError
            If the process of a device died of it, which the next launch may try again.
        """
        before = unfinished(self.key, self.schema)
        start = self.start if before is None else before.reached or self.start
        folder, began, elsewhere_s = run_folder(self.engine.name, self.key), time.process_time() + LINE.cpu_s, 0.0
        try:
            outcome = self.engine.run(self.task, start, folder)
            elsewhere_s = outcome.cpu_s
            document = self.document(outcome)
        except EngineError as err:
            elsewhere_s, document = err.cpu_s, self._failed(err)
        except DeviceDiedError:  # a failure of the job, as the death of its own process is: no document of it
            raise
        except (HebeError, *_OF_NUMBERS) as err:
            document = self._failed(err)
        document.cpu_s = time.process_time() + LINE.cpu_s - began + elsewhere_s
        if before is not None:
            document.n_steps += before.n_steps
            document.cpu_s += before.cpu_s
        document.run_dir = str(folder) if folder.is_dir() else None
        return document

    def document(self, outcome: Any) -> Doc:
        """Document of an outcome."""
        head, results = self._head(), dict(self.payload(outcome))
        versions = {**head.pop("versions"), **outcome.versions, **results.pop("versions", {})}
        own = {
            "status": "converged" if outcome.converged else "cut",
            "n_steps": outcome.n_steps,
            "corrections": list(outcome.corrections),
            "cpu_s": outcome.cpu_s,
        }
        return self.schema(**{**head, **own, **results, "versions": versions})

    def _failed(self, err: Exception) -> Doc:
        """Document of an error; a limit that ended it is none."""
        message, facts = str(err), dict[str, Any]()
        if isinstance(err, EngineError):
            facts = {"corrections": list(err.corrections)}
        elif not isinstance(err, HebeError):
            message += f" ({traceback.extract_tb(err.__traceback__)[-1].name})"
        error = ErrorInfo(
            error_class=type(err).__name__, message=message, deterministic=getattr(err, "deterministic", False)
        )
        status = "cut" if isinstance(err, CalculationCutError) else "failed"
        return self.schema(**{**self._head(), "status": status, "error": error, **facts})

    def _head(self) -> dict[str, Any]:
        """Fields that a document has whatever becomes of it."""
        settings = dict(self.task.identity())
        name = settings.pop("task")
        return {
            "key": self.key,
            "engine": self.engine.name,
            "energy_scale": self.engine.energy_scale,
            "settings": {**self.engine.settings, **settings},
            "task": name,
            "label": self.label,
            "versions": dict(self.engine.versions),
            "job_id": getattr(getattr(CURRENT_JOB, "job", None), "uuid", None),
            **self.facts,
        }


def task_key(engine: Engine, task: Task, start: Mapping[str, Any]) -> str:
    """Content key: engine and its settings, task, and what identifies the start.

    The step limit, threads and the machine stay out of it.
    """
    of_engine = {"version": KEY_VERSION, "engine": engine.name, "settings": dict(engine.settings)}
    return content_hash({**of_engine, **task.identity(), **start})


def run_folder(engine: str, key: str) -> Path:
    """Folder for the files of a task: below ``.hebe`` of the project where there is one, else below here.

    The same task on the same start has the same folder, so that a second attempt finds the checkpoint of the first.
    """
    name = Path(re.sub(r"[^A-Za-z0-9.-]+", "-", engine)) / key[:16]
    hidden = project_folder() / STORE_FOLDER
    return hidden / "runs" / name if hidden.is_dir() else Path.cwd() / name
