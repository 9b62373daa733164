"""Random CIFs: those that are written right are read right, damaged ones are read or refused in one line, in 2 s."""

from __future__ import annotations

import os
import time
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest
import spglib

from hebe.config.family import load_family
from hebe.exceptions import BadInputError
from hebe.science.crystals.cif_crystal import OVERLAP, shortest_distance
from hebe.science.crystals.crystal import find_sublattices, parse_crystal
from hebe.science.crystals.hall_symbol import parse_hall
from hebe.science.crystals.host_file import host_of_crystal
from support.cif_fuzz import PARTS, damaged, hall_symbol, misstated, written
from support.cif_hosts import O3, P2

if TYPE_CHECKING:
    from collections.abc import Callable

FILES: Final = int(os.environ.get("CIF_FUZZ_FILES", "100"))
"""Of each kind that is read; 10,000 take some minutes."""
MUTATED: Final = max(FILES, 500)
"""Of each kind that is mostly refused, which takes little."""
LONGEST_S: Final = 2.0

MEANT: Final = (
    {"Ni": Fraction(1, 3), "Mn": Fraction(2, 3)},
    {"Ni": Fraction(1, 3), "Fe": Fraction(1, 3), "Mn": Fraction(1, 3)},
    {"Ni": Fraction(1, 2), "Mn": Fraction(1, 2)},
    {"Ni": Fraction(399, 500), "Co": Fraction(51, 500), "Mn": Fraction(1, 10)},
    {"Ni": Fraction(1, 3), "Ti": Fraction(2, 3)},
    {"Ni": Fraction(1, 4), "Mn": Fraction(1, 2), "Va": Fraction(1, 4)},
)


def test_what_is_written_is_read() -> None:
    for seed in range(FILES):
        random = Random(seed)
        which = random.randrange(len(PARTS))
        text = written(random, PARTS[which])
        crystal = parse_crystal(text)
        assert (crystal.space_group, len(crystal.labels)) == (225, 2), text
        assert crystal.fractions["M1"] == MEANT[which], text


def _base(random: Random, base: str) -> str:
    return {"O3": O3, "P2": P2}.get(base) or written(random, PARTS[0])


@pytest.mark.parametrize("mutate", [damaged, misstated])
@pytest.mark.parametrize("base", ["rock salt", "O3", "P2"])
def test_what_is_mutated_is_read_or_refused_in_one_line(base: str, mutate: Callable[[Random, str], str]) -> None:
    """What is read is a crystal: each site is full with its vacancies, and none stands on another."""
    like = load_family("layered-o3")
    parse_crystal(O3)
    slowest, read = 0.0, 0
    for seed in range(MUTATED):
        random = Random(seed)
        text = mutate(random, _base(random, base))
        begin, message = time.process_time(), ""
        try:
            crystal = parse_crystal(text)
            assert all(sum(held.values()) == 1 and min(held.values()) > 0 for held in crystal.fractions.values()), text
            assert shortest_distance(crystal.coords, crystal.lattice)[0] >= OVERLAP, text
            read += 1
            host_of_crystal(crystal, None if base == "rock salt" else "Na", {}, like)
        except BadInputError as err:
            message = str(err)
        slowest = max(slowest, time.process_time() - begin)
        assert "\n" not in message, text
        assert len(message) < 600, text
    assert slowest < LONGEST_S
    assert read > MUTATED / 20


def test_random_hall_symbols_are_space_groups_or_refused_in_one_line() -> None:
    read, refusals = 0, []
    for seed in range(MUTATED):
        symbol = hall_symbol(Random(seed))
        try:
            rotations, translations = parse_hall(symbol)
        except BadInputError as err:
            refusals.append(str(err))
            continue
        read += 1
        assert len(rotations) <= 192
        kind = spglib.get_spacegroup_type_from_symmetry(rotations, translations)
        assert kind is not None, symbol
        steps = np.round(translations * 24).astype(int)
        held = {(r.tobytes(), *t) for r, t in zip(rotations, (steps % 24).tolist(), strict=True)}
        assert len(held) == len(rotations)
        for rotation, step in zip(rotations, steps, strict=True):
            products = zip(rotation @ rotations, ((steps @ rotation.T + step) % 24).tolist(), strict=True)
            assert {(np.ascontiguousarray(r).tobytes(), *t) for r, t in products} == held, symbol
    assert read > MUTATED / 10
    assert not [said for said in refusals if "\n" in said or len(said) > 300]


def test_a_damaged_number_never_becomes_another_crystal_in_silence() -> None:
    """Of files that say their formula and Z, those that are read hold what they said."""
    whole = O3.replace("loop_", "_chemical_formula_sum 'Na Ni0.333 Fe0.333 Mn0.334 O2'\n_cell_formula_units_Z 3\nloop_")
    wanted = dict(parse_crystal(whole).fractions)
    for seed in range(MUTATED):
        random = Random(seed)
        lines = whole.split("\n")
        at = random.choice([i for i, line in enumerate(lines) if line[:3] in ("Na1", "Ni1", "Fe1", "Mn1", "O1 ")])
        words = lines[at].split()
        words[random.randint(1, 5)] = random.choice([".", "?", "0.5", "0.2", "Cu", "0.333", "1"])
        lines[at] = " ".join(words)
        try:
            found = parse_crystal("\n".join(lines))
        except BadInputError:
            continue
        amounts: dict[str, float] = {}
        for name in found.labels:
            for element, x in found.fractions[name].items():
                amounts[element] = amounts.get(element, 0.0) + float(x)
        assert amounts == pytest.approx({"Na": 1, "Ni": 1 / 3, "Fe": 1 / 3, "Mn": 1 / 3, "O": 2}, rel=0.03), lines[at]
    assert wanted


def test_structures_of_other_packages_are_the_same_crystal() -> None:
    """What pymatgen writes and this reader reads: the same sublattices as from the structure itself."""
    from pymatgen.core import Composition, Lattice, Structure
    from pymatgen.io.cif import CifWriter

    for seed in range(max(5, FILES // 10)):
        random = Random(seed)
        x = random.choice([0.25, 0.5, 1 / 3, 0.2])
        mixed = Composition({"Mn": x, "Ni": 1 - x})
        group, lattice, places = random.choice(
            [
                ("Fm-3m", Lattice.cubic(4.2), [[0, 0, 0], [0.5, 0.5, 0.5]]),
                ("Pm-3m", Lattice.cubic(3.4), [[0, 0, 0], [0.5, 0.5, 0.5]]),
                ("P6_3/mmc", Lattice.hexagonal(3.0, 5.1), [[0, 0, 0], [1 / 3, 2 / 3, 0.25]]),
            ]
        )
        species: list[Any] = [mixed, "O"]
        structure = Structure.from_spacegroup(group, lattice, species, np.array(places, dtype=float).tolist())
        text = str(CifWriter(structure, symprec=random.choice([None, 0.01])))
        found, wanted = parse_crystal(text), find_sublattices(structure)
        assert (found.fractions, found.space_group) == (wanted.fractions, wanted.space_group), text
