"""The checker of types sees a misspelt quantity or field of a result."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
RIGHT = """
from hebe.analyses.quantity import Quantity
from hebe.analyses.voltage import ANALYSIS
from hebe.schemas.candidate import RankedCandidate
from hebe.schemas.electrode import VoltageDoc

mine: Quantity[VoltageDoc] = Quantity(name="v", title="v", read=lambda result: result.average_voltage_V)


def highest(candidate: RankedCandidate) -> float | None:
    result = ANALYSIS.best(candidate)
    return None if result is None else max((step.voltage_V for step in result.voltage_profile), default=None)


def spread(candidate: RankedCandidate) -> float | None:
    value = mine.of(candidate)
    return None if value is None else value.sd_configurations
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (RIGHT, RIGHT),
        ("result.average_voltage_V)", "result.average_volatge_V)"),
        ("result.voltage_profile)", "result.voltage_profil)"),
        ("step.voltage_V", "step.voltage"),
        ("value.sd_configurations", "value.sd_configuration"),
        ("hebe.analyses.voltage import", "hebe.analyses.volatge import"),
    ],
)
def test_a_misspelt_name_is_found(tmp_path: Path, right: str, wrong: str) -> None:
    assert right in RIGHT
    (tmp_path / "mine.py").write_text(RIGHT.replace(right, wrong))
    environment = {**os.environ, "MYPYPATH": str(SRC)}
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file", os.devnull]
    cache = str(tmp_path.parent / "mypy")
    done = subprocess.run(
        [*command, "--cache-dir", cache, "mine.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("error" in done.stdout) == (right != wrong), done.stdout
