"""Content addressing: canonical JSON and rounded structures, so that equal inputs have equal keys."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pymatgen.core import Structure

KEY_VERSION = 1


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces; floats in shortest repr.

    Raises
    ------
    TypeError, ValueError
        If the value is not plain JSON or holds NaN or infinity.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def content_hash(value: Any) -> str:
    """sha256 (hex) of the canonical JSON of a value."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def structure_content(structure: Structure) -> dict[str, Any]:
    """What identifies a structure: lattice (1e-6 A), fractional coordinates (1e-6, wrapped), elements, site order."""
    lattice = np.rint(structure.lattice.matrix * 1e6).astype(int)
    coords = np.rint(structure.frac_coords * 1e6).astype(int) % 1_000_000
    elements = [getattr(site.specie, "element", site.specie).symbol for site in structure]
    return {"lattice": lattice.tolist(), "coords": coords.tolist(), "elements": elements}


def structure_hash(structure: Structure) -> str:
    """Sha256 of what identifies a structure."""
    return content_hash(structure_content(structure))
