"""The same campaign where libraries round differently: ids, cells, orderings, marks, ranks, energies and the table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "settings.py"

CAMPAIGN = """
name: same-numbers
host:
  family: layered-o3
  working_ion: Na
  sublattices:
    TM:
      species: {Ni: [2], Mn: [3, 4], Cu: [2]}
      n_species: 2..3
      grid: 4
select: {method: diverse, n: 2, seed: 7}
structures: {cations: 4, per_candidate: 2, seed: 7, starts: 2}
stages:
  - engine: chgnet
    x: [1, 1/2]
    analyses: [voltage, volume_strain, mixing]
rank: {maximize: [average_voltage], minimize: [max_volume_strain]}
"""


@pytest.mark.slow
def test_two_settings_give_the_same_numbers(tmp_path: Path) -> None:
    file = tmp_path / "campaign.yaml"
    file.write_text(CAMPAIGN)
    command = [
        sys.executable,
        str(BENCHMARK),
        str(file),
        "--folder",
        str(tmp_path / "runs"),
        "--only",
        "plain,together",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert '"problems": []' in done.stdout
