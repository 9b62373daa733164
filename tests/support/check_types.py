"""Run mypy over src and tests and assert that it looked at every file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Exit status of mypy, or 1 when it checked fewer files than there are."""
    root = Path(__file__).resolve().parents[2]
    files = [p for folder in ("src", "tests", "benchmarks") for p in (root / folder).rglob("*.py")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, files)], cwd=root, capture_output=True, text=True, check=False
    )
    sys.stdout.write(done.stdout + done.stderr)
    counted = re.search(r"(?:in|checked) (\d+) source files?\)?\s*$", done.stdout)
    if counted is None or int(counted[1]) < len(files):
        sys.stdout.write(f"mypy looked at {counted and counted[1]} of {len(files)} files\n")
        return 1
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
