"""The command ``hebe`` in this process: exit code and what it printed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hebe.cli.main import main

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True)
class Outcome:
    """Exit code, standard output and standard error of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


def hebe(capsys: pytest.CaptureFixture[str], *words: object) -> Outcome:
    """Run a command."""
    capsys.readouterr()
    code = main([str(word) for word in words])
    captured = capsys.readouterr()
    return Outcome(code, captured.out, captured.err)
