"""Campaigns of ``examples/literature``: every material of the literature that opens, as ``hebe init --like`` writes it.

python benchmarks/literature_examples.py    # writes them anew and takes away what is no longer there
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hebe.campaigns.literature import campaign_of_system
from hebe.exceptions import BadInputError
from hebe.science.literature.system import load_systems

FOLDER: Final = Path(__file__).resolve().parents[1] / "examples" / "literature"


def campaigns() -> dict[str, str]:
    """Name of a file -> its text."""
    found = {}
    for name in load_systems():
        file = f"{name}.yaml"
        try:
            found[file] = campaign_of_system(name, file)
        except BadInputError:
            continue
    return found


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    wanted = campaigns()
    for path in FOLDER.glob("*.yaml"):
        if path.name not in wanted:
            path.unlink()
    for file, content in wanted.items():
        (FOLDER / file).write_text(content, encoding="utf-8")
