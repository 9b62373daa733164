"""Tests of maggma and jobflow on Hebe's store and launcher: which of those that pass with their own pass with ours.

    python benchmarks/peers.py [--folder .peers] [--maggma FOLDER] [--jobflow FOLDER]

maggma's tests are those of its source distribution, pinned in ``peers.txt``; jobflow's distribution ships two files
alone, so that its tests are taken from the tag of its repository. Each is run twice, with MemoryStore and run_locally
and with ours, and those are counted that use a store or run a flow and pass with their own. Nothing needs a server.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Final

import yaml

HERE: Final = Path(__file__).parent
REPOSITORY: Final = "https://github.com/materialsproject/jobflow"
LONGEST_S: Final = 1200
LONGEST_REASON: Final = 160

TESTS: Final = {
    "maggma": ("tests/stores/test_mongolike.py", "tests/stores/test_advanced_stores.py", "tests/builders"),
    "jobflow": ("tests/core", "tests/managers/test_local.py"),
}
SERVER: Final = {
    "maggma": "not monty and not uri and not ssh and not vault and not mongostore_distinct",
    "jobflow": "not fireworks and not gridfs",
}
"""What is left out: tests that ask for a server, or for a store of another kind."""

KNOWN: Final = HERE / "peers_known.yaml"
"""Peer -> what fails and why: the reason, what it comes from, and the tests that it is known of."""

CHANGING: Final = {
    r"/\S*?hebe-peers-\w+": "FOLDER",
    r"\b\d+\.db\b": "N.db",
    r"\brun-\d+": "run-N",
    r"\b\d{8}T\d+-\d+\b": "TIME",
    r"-[0-9a-f]{8}-": "-ID-",
    r"\b0x[0-9a-f]+": "ADDRESS",
}
"""What differs from run to run in a reason -> what stands for it."""


def lasting(why: str) -> str:
    """A reason without what differs from run to run."""
    for pattern, word in CHANGING.items():
        why = re.sub(pattern, word, why)
    return why[:LONGEST_REASON]


def known(peer: str) -> dict[tuple[str, str], str]:
    """Test and reason -> what the failure comes from."""
    groups = yaml.safe_load(KNOWN.read_text())[peer]
    return {(test, group["reason"]): group["from"] for group in groups for test in group["tests"]}


def pinned() -> dict[str, str]:
    """Distribution -> version."""
    lines = (HERE / "peers.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def maggma_sources(folder: Path) -> Path:
    """Unpacked source distribution of maggma; a hook of its tests that pytest 9 does not know is taken out."""
    version = pinned()["maggma"]
    place = folder / f"maggma-{version}"
    if not place.is_dir():
        named = [f"maggma=={version}", "--no-binary", "maggma", "--dest", str(folder)]
        known = {**os.environ, "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_MAGGMA": version}
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *named], env=known, check=True)
        with tarfile.open(folder / f"maggma-{version}.tar.gz") as packed:
            packed.extractall(folder, filter="data")
        file = place / "tests" / "conftest.py"
        file.write_text(file.read_text().replace("def pytest_itemcollected", "def _itemcollected"))
    return place


def jobflow_sources(folder: Path) -> Path | None:
    """Tests of jobflow's repository at the pinned version, None where it cannot be reached."""
    version = pinned()["jobflow"]
    place = folder / f"jobflow-{version}"
    if not place.is_dir():
        words = ["git", "clone", "--quiet", "--depth", "1", "--branch", f"v{version}", REPOSITORY, str(place)]
        if subprocess.run(words, check=False).returncode:
            return None
    return place


def outcomes(peer: str, sources: Path, use: str, folder: Path) -> dict[str, Any]:
    """Records of the tests of a peer with one of both stores."""
    record = (folder / f"{peer}-{use}.json").absolute()
    record.unlink(missing_ok=True)
    known = {**os.environ, "PEERS_USE": use, "PEERS_RECORD": str(record), "OMP_NUM_THREADS": "1"}
    known["PYTHONPATH"] = os.pathsep.join([str(HERE.absolute()), *(entry for entry in sys.path[1:] if entry)])
    options = ["-q", "-p", "peers_plugin", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", "."]
    words = [sys.executable, "-m", "pytest", *options, "-k", SERVER[peer], *TESTS[peer]]
    subprocess.run(words, cwd=sources, env=known, check=False, timeout=LONGEST_S, stdout=subprocess.DEVNULL)
    found: dict[str, Any] = json.loads(record.read_text())
    return found


def compare(peer: str, sources: Path, folder: Path) -> int:
    """Print what differs; number of tests that fail for a reason that is not known."""
    theirs, ours = (outcomes(peer, sources, use, folder) for use in ("theirs", "ours"))
    asked = [name for name, one in theirs.items() if one["passed"] and (one["used"] or ours[name]["used"])]
    failed = {name: ours[name]["why"] for name in asked if not ours[name]["passed"]}
    print(f"{peer}: {len(asked) - len(failed)} of {len(asked)} tests that pass with its own pass with ours")
    expected = known(peer)
    unknown = 0
    for name, why in failed.items():
        source = expected.pop((name, lasting(why)), None)
        unknown += source is None
        print(f"  {name}: {source or 'UNKNOWN: ' + lasting(why)}")
    for name, why in expected:
        if name in asked:
            print(f"  {name}: no longer fails with {why}")
    return unknown


def main() -> int:
    """Print the counts; 1 if a test fails for a reason that is not known."""
    parser = argparse.ArgumentParser(description="Tests of maggma and jobflow on Hebe's store and launcher.")
    parser.add_argument("--folder", type=Path, default=Path(".peers"))
    parser.add_argument("--maggma", type=Path, help="unpacked sources of maggma")
    parser.add_argument("--jobflow", type=Path, help="a checkout of jobflow")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    unknown = compare("maggma", options.maggma or maggma_sources(options.folder), options.folder)
    sources = options.jobflow or (jobflow_sources(options.folder) if shutil.which("git") else None)
    if sources is None:
        print("jobflow: its repository cannot be reached; --jobflow FOLDER takes a checkout")
    else:
        unknown += compare("jobflow", sources, options.folder)
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
