"""Identities of what was built before families could say more: results that are stored must still be found."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from hebe.config.campaign import SublatticeSpec
from hebe.config.family import Family, load_family
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.member import candidate_spec
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.keys import content_hash, structure_content
from hebe.science.structures.configuration import build_configuration, mean_radius
from hebe.science.structures.working import choose_orderings

HOSTS: dict[str, tuple[str | None, str, dict[str, Any]]] = {
    "layered-o3": (
        "Na",
        "1",
        {"TM": {"species": {"Ni": [2], "Fe": [3], "Mn": [3, 4]}, "amounts": {"Ni": "1/4", "Fe": "1/4", "Mn": "1/2"}}},
    ),
    "layered-p2": ("Na", "2/3", {"TM": {"species": {"Ni": [2], "Mn": [4]}, "amounts": {"Ni": "1/3", "Mn": "2/3"}}}),
    "layered-p3": ("Na", "2/3", {"TM": {"species": {"Ni": [2], "Mn": [4]}, "amounts": {"Ni": "1/3", "Mn": "2/3"}}}),
    "drx": (
        None,
        "0",
        {
            "M": {"species": {"Li": [1], "Mn": [3]}, "amounts": {"Li": "5/8", "Mn": "3/8"}},
            "X": {"species": {"O": [-2], "F": [-1]}, "amounts": {"O": "3/4", "F": "1/4"}},
        },
    ),
    "rocksalt": (None, "0", {"M": {"species": {"Mg": [2], "Ni": [2]}, "amounts": {"Mg": "1/2", "Ni": "1/2"}}}),
}

KNOWN: dict[str, tuple[str, list[list[int]]]] = {
    "layered-o3": (
        "layered-o3-6f270a7866 c52d3d9f3d974c75 665dd9582c6bbfa3 b372042755f8ac71 c53f1da1db280410",
        [[0, 1, 4, 6], [0, 4, 6, 7]],
    ),
    "layered-p2": (
        "layered-p2-d9ad6d3daf 771176f3874bd642 78af7255eeed1067 0a47dc0800ca6ab0 8bcf1b5fc543c242",
        [[0, 6, 15, 21], [0, 11, 12, 21]],
    ),
    "layered-p3": (
        "layered-p3-11b8f264d9 19010020c4c5a23f 5260c6fb6d1ccbbe 471886c2d3b36aa1 18193d03edc05430",
        [[2, 3, 16], [5, 10, 11]],
    ),
    "drx": ("drx-e54a876c08 13c5402c248ae1bf 215767922b110652 738f7bc37f2ba0e6 bebc91835a0520ea", [[]]),
    "rocksalt": ("rocksalt-c8688e89e3 2fc9bc9a893e81c5 b5061a31dc5669ac c45607a60a9649d1 55e42f6fcc1e96c4", [[]]),
}
"""Candidate, member, configuration, its structure, its orderings at half the content, and the sites they occupy."""


@pytest.mark.parametrize("name", HOSTS)
def test_candidates_configurations_and_orderings_keep_their_identity(name: str) -> None:
    ion, made, sublattices = HOSTS[name]
    specs = {sub: SublatticeSpec.model_validate(data) for sub, data in sublattices.items()}
    space = CompositionSpace(name, ion, Fraction(made), specs)
    candidate = make_candidate(space, space.composition(next(iter(space))))
    assert candidate is not None
    spec, composition = candidate_spec(candidate, space.valences), candidate.composition
    radius = mean_radius(composition, candidate.split, candidate.primary)
    built = build_configuration(composition, candidate.primary, n_sites=8, index=0, seed=1, radius=radius)
    assert built.structure is not None
    chosen = choose_orderings(spec, built, Fraction(made) / 2, keep=2, seed=1)
    identity = spec.model_dump(
        mode="json", exclude={"entropy_R", "descriptors"}
    )  # what follows from it identifies nothing
    hashes = [content_hash(identity), built.key, content_hash(structure_content(built.structure))]
    found = " ".join([candidate.candidate_id, *(text[:16] for text in (*hashes, chosen.key))])
    assert (found, chosen.occupied) == KNOWN[name]


def test_what_a_family_leaves_out_identifies_nothing() -> None:
    plain = load_family("layered-o3").model_dump(mode="json")
    assert not {"bonding", "role", "working", "groups", "example"} & set(plain)
    assert not {"site_energy", "group"} & set(plain["sublattices"]["A"])
    assert Family.model_validate(plain) == load_family("layered-o3")
