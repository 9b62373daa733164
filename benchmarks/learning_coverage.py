"""Do intervals hold what they say? Members of two hosts left out together with all of their elements.

    OMP_NUM_THREADS=1 python benchmarks/learning_coverage.py FOLDER  # CHGNet, an hour or so; goes on when killed

The first host is that of ``benchmarks/learning_space.py``, whose folder is used where it is the same. Intervals of 90 %
are to hold between 85 and 95 % of at least 200 left-out values on each.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Final

from hebe.campaigns.api import run
from hebe.campaigns.learning import learn
from hebe.campaigns.loading import load_campaign

HERE: Final = Path(__file__).parent
CAMPAIGNS: Final = ("learning_space.yaml", "learning_olivine.yaml")
FEWEST: Final = 200
GOAL: Final = (0.85, 0.95)


def main() -> None:
    """Compute what is missing, and print how many values lie inside the intervals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    (folder / ".hebe").mkdir(parents=True, exist_ok=True)
    good = True
    print(f"{'campaign':18} {'quantity':20} {'n':>5} {'rmse':>8} {'spread':>8} {'50 %':>6} {'90 %':>6}")
    for name in CAMPAIGNS:
        campaign = load_campaign(shutil.copy(HERE / name, folder))
        run(campaign)
        for quantity, found in learn(campaign).quantities.items():
            n, half, most = len(found.candidates), found.coverage_50 or 0.0, found.coverage_90 or 0.0
            print(
                f"{campaign.name:18} {quantity:20} {n:5} {found.rmse or 0:8.4f} {found.spread or 0:8.4f}"
                f" {half:6.2f} {most:6.2f} {found.refused or ''}"
            )
            good &= n >= FEWEST and GOAL[0] <= most <= GOAL[1]
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
