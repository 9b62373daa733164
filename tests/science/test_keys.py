"""Keys of structures: ties do not hang on the last bit, ordinary structures keep the keys of the first version."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.science.keys import canonical_json, content_hash, rounded, structure_content, structure_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray

TIES = (9.0786875, 1 / 128, 0.3947 / 8, 3 / 128, 2.0000005)
"""A guessed lattice parameter (A) and positions in supercells, all on half a step."""
ULPS = range(-3, 4)


def cell(lattice: Any, coords: Any) -> Structure:
    return Structure(Lattice(lattice), ["Na", "O"], coords)


def moved(value: float, bits: int) -> float:
    """The number that lies `bits` places further among the floating-point numbers."""
    for _ in range(abs(bits)):
        value = float(np.nextafter(value, np.inf if bits > 0 else -np.inf))
    return value


@pytest.mark.parametrize("value", TIES)
@pytest.mark.parametrize("sign", [1, -1])
def test_half_a_step_is_rounded_the_same_way_whatever_the_last_bit_is(value: float, sign: int) -> None:
    near = [moved(sign * value, n) for n in ULPS] + [sign * value + d for d in (-1e-13, 1e-13)]
    positions = {structure_hash(cell(np.eye(3) * 5, [[v, 0, 0], [0.5, 0.5, v]])) for v in near}
    lattices = {structure_hash(cell([[5, v, 0], [0, 5, 0], [0, v, 5]], [[0, 0, 0], [0.5] * 3])) for v in near}
    assert (len(positions), len(lattices)) == (1, 1)


def test_halves_are_rounded_up() -> None:
    content = structure_content(cell(np.diag([9.0786875, 5, 5]), [[1 / 128, -1 / 128, 0], [0.3947 / 8, 0.5, 0.5]]))
    assert content["lattice"][0][0] == 9078688
    assert content["coords"] == [[7813, 1_000_000 - 7812, 0], [49338, 500000, 500000]]


def test_what_is_no_tie_is_rounded_to_the_nearest_step() -> None:
    content = structure_content(cell(np.diag([5.00000049, 5.0000005, 5.00000051]), [[0.2500004] * 3, [0.9999996] * 3]))
    assert [content["lattice"][i][i] for i in range(3)] == [5000000, 5000001, 5000001]
    assert content["coords"] == [[250000] * 3, [0] * 3], "positions are wrapped"


def first_version(structure: Structure) -> str:
    """Key of a structure as the first version computed it, written again from its description."""
    lattice = np.rint(structure.lattice.matrix * 1e6).astype(int)
    coords = np.rint(structure.frac_coords * 1e6).astype(int) % 1_000_000
    symbols = [site.specie.symbol for site in structure]
    content = {"coords": coords.tolist(), "elements": symbols, "lattice": lattice.tolist()}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def away_from_ties(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values moved off half steps: nothing within a hundredth of a step of one."""
    steps = values * 1e6
    rest = steps - np.floor(steps)
    return np.asarray(np.where(np.abs(rest - 0.5) < 0.01, np.floor(steps), steps) / 1e6)


@pytest.mark.parametrize("seed", range(30))
def test_ordinary_structures_keep_their_first_key(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lattice = away_from_ties(np.diag(rng.uniform(3, 12, 3)) + rng.uniform(-1, 1, (3, 3)))
    coords = away_from_ties(rng.uniform(-1.5, 1.5, (12, 3)))
    structure = Structure(Lattice(lattice), ["Na", "Mn", "O", "O"] * 3, coords)
    assert structure_hash(structure) == first_version(structure)


@pytest.mark.parametrize("seed", range(10))
def test_rounding_twice_is_rounding_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    structure = Structure(
        Lattice(np.diag(rng.uniform(3, 12, 3))), ["Na", "O"], rng.uniform(-2, 2, (2, 3)), site_properties={"a": [1, 2]}
    )
    once = rounded(structure)
    twice = rounded(once)
    assert once.lattice.matrix.tobytes() == twice.lattice.matrix.tobytes()
    assert once.frac_coords.tobytes() == twice.frac_coords.tobytes()
    assert structure_hash(once) == structure_hash(structure) == structure_hash(twice)
    assert np.abs(once.frac_coords - structure.frac_coords).max() <= 0.501e-6, "positions are not wrapped"
    assert once.site_properties == {"a": [1, 2]}


@pytest.mark.parametrize("value", TIES)
def test_rounded_structures_have_the_same_bits(value: float) -> None:
    made = [rounded(cell(np.diag([5 + value, 5, 5]), [[moved(value, n)] * 3, [0.5] * 3])) for n in ULPS]
    assert len({one.lattice.matrix.tobytes() + one.frac_coords.tobytes() for one in made}) == 1


def test_content_is_canonical() -> None:
    assert canonical_json({"b": 1, "a": [0.1, None]}) == '{"a":[0.1,null],"b":1}'
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert content_hash([]) == hashlib.sha256(b"[]").hexdigest()
    for wrong in ({"a": float("nan")}, {"a": float("inf")}):
        with pytest.raises(ValueError, match="not JSON compliant"):
            canonical_json(wrong)
    with pytest.raises(TypeError):
        canonical_json({1, 2})
