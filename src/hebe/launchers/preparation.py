"""What a process does before it gets its first job, named so that it is imported where it is done."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Preparation:
    """A function that makes a process ready for jobs: ``module:name``, and the plain data that it is called with."""

    function: str
    arguments: tuple[Any, ...] = ()

    def __call__(self) -> None:
        """Do it. Whatever goes wrong, the jobs that meet it again will say."""
        module, _, name = self.function.partition(":")
        with contextlib.suppress(Exception):
            getattr(import_module(module), name)(*self.arguments)
