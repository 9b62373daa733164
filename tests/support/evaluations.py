"""Program: CHGNet's numbers for the structures of a JSON file, to the last bit, as JSON.

    python evaluations.py FILE [--moments] [--batch] NAME...

One structure after the other in the order of the names; with `--batch` all of them in one pass before that.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pymatgen.core import Structure

from hebe.engines.chgnet import CHGNetEngine


def main() -> None:
    """Print ``{name: [energy, forces, stress]}`` in hexadecimal digits."""
    path, *rest = sys.argv[1:]
    names = [word for word in rest if not word.startswith("--")]
    stored = json.loads(Path(path).read_text())
    structures = {name: Structure.from_dict(stored[name]) for name in names}
    engine, moments = CHGNetEngine(device="cpu"), "--moments" in rest
    if "--batch" in rest:
        engine.evaluate_many(list(structures.values()), magmoms=moments)
    found = {}
    for name, structure in structures.items():
        evaluation = engine.evaluate(structure, magmoms=moments)
        arrays = evaluation.forces, evaluation.stress
        found[name] = [float(evaluation.energy_eV).hex(), *(array.tobytes().hex() for array in arrays)]
    print(json.dumps(found))  # noqa: T201 - the output of the program


if __name__ == "__main__":
    main()
