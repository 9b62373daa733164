"""The campaign that ``hebe init`` writes is accepted and gives candidates, for every family and working ion."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.campaigns.loading import load_campaign
from hebe.config.family import family_names, load_family
from hebe.config.family_sites import VACANCY
from hebe.science.chemistry.screening import screen
from hebe.science.structures.configuration import build_configuration, exact_size, mean_radius
from hebe.science.structures.host import host_cell
from support.command import hebe
from support.prototypes import CROWDED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pymatgen.core.structure import Structure

    from hebe.science.chemistry.candidate import Candidate
    from hebe.science.chemistry.composition import HostComposition

Captured = pytest.CaptureFixture[str]
CHOICES = [(name, ion) for name in family_names() for ion in (*load_family(name).working_ions, None)]


MOST_SITES = 24
"""Mixed sites of the largest cell that is built here."""


def smallest(candidates: Sequence[Candidate]) -> tuple[Candidate, int]:
    """Candidate that the smallest cell holds exactly, and its sites of the primary sublattice."""
    sizes = []
    for candidate in candidates:
        composition = candidate.composition
        sizes.append(exact_size(composition, candidate.primary, host_cell(composition.host, composition.working_ion)))
    return min(zip(candidates, sizes, strict=True), key=lambda pair: pair[1])


def expected(candidate: Candidate) -> dict[str, Fraction]:
    """Atoms per formula unit of a cell all of whose sites of the working ion are occupied."""
    composition, host = candidate.composition, candidate.composition.host
    found = dict(composition.elements)
    own = sum(host.sublattices[name].multiplicity for name in host.working_own)
    if composition.working_ion is not None:
        found[composition.working_ion] = found.get(composition.working_ion, Fraction(0)) + own - own_made(composition)
    return {element: x for element, x in found.items() if x and element != VACANCY}


def own_made(composition: HostComposition) -> Fraction:
    return composition.x_made - composition.x_shared


def shortest(structure: Structure, composition: HostComposition) -> float:
    """Shortest distance (A); sites of the working ion, which are never all occupied, are left out."""
    own = composition.host.working_own
    kept = [i for i, name in enumerate(structure.site_properties["sublattice"]) if name not in own]
    distances = structure.distance_matrix[np.ix_(kept, kept)]
    return float(distances[distances > 0].min(initial=np.inf))


@pytest.mark.parametrize(("family", "ion"), CHOICES)
def test_what_is_written_gives_candidates(family: str, ion: str | None, capsys: Captured, tmp_path: Path) -> None:
    words = ["init", tmp_path / "new project", "--family", family]
    outcome = hebe(capsys, *words, *(["--ion", ion] if ion else []))
    assert outcome.code == 0
    campaign = load_campaign(tmp_path / "new project" / "campaign.yaml")
    assert campaign.name == "new-project"
    assert campaign.host.family == family
    assert campaign.host.working_ion == (ion or next(iter(load_family(family).working_ions), None))
    found = screen(campaign)
    assert len(found.selected) == 6
    assert all(candidate.charge == 0 for candidate in found.selected)
    if ion or not load_family(family).working_ions:
        assert_built(*smallest(found.selected))


def assert_built(candidate: Candidate, size: int) -> None:
    """A cell of that size holds the composition, and no two atoms are too close."""
    assert size <= MOST_SITES
    radius = mean_radius(candidate.composition, candidate.split, candidate.primary)
    built = build_configuration(candidate.composition, candidate.primary, n_sites=size, radius=radius, n_steps=50)
    assert built.deviation == 0
    assert built.structure is not None
    amounts = {element: float(x * built.n_fu) for element, x in expected(candidate).items()}
    assert built.structure.composition.get_el_amt_dict() == pytest.approx(amounts)
    assert shortest(built.structure, candidate.composition) > CROWDED


def test_the_default_species_of_the_layered_host_stand_together(capsys: Captured, tmp_path: Path) -> None:
    hebe(capsys, "init", tmp_path, "--family", "layered-o3", "--ion", "Na")
    species = load_campaign(tmp_path / "campaign.yaml").host.sublattices["TM"].species
    assert species == {"Ni": (2,), "Fe": (3,), "Mn": (3, 4), "Ti": (4,), "Cu": (2,), "Mg": (2,)}


def test_a_file_is_kept_unless_forced(capsys: Captured, tmp_path: Path) -> None:
    path = tmp_path / "campaign.yaml"
    path.write_text("mine", encoding="utf-8")
    outcome = hebe(capsys, "init", tmp_path)
    assert outcome.code == 2
    assert outcome.err == f"error: {path}: the file exists (--force overwrites it)\n"
    assert path.read_text(encoding="utf-8") == "mine"
    assert hebe(capsys, "init", tmp_path, "--force").code == 0
    assert load_campaign(path).host.family == "layered-o3"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--family", "layered"], "no host family is called 'layered'"),
        (["--ion", "K"], "'K' is no working ion of layered-o3 (one of Li, Na)"),
        (["--family", "rocksalt", "--ion", "Na"], "'Na' is no working ion of rocksalt (leave --ion away)"),
    ],
)
def test_wrong_choices_write_nothing(words: list[str], said: str, capsys: Captured, tmp_path: Path) -> None:
    outcome = hebe(capsys, "init", tmp_path / "new", *words)
    assert outcome.code == 2
    assert said in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file(capsys: Captured, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("", encoding="utf-8")
    outcome = hebe(capsys, "init", path)
    assert (outcome.code, outcome.err) == (2, f"error: {path}: expected a folder\n")


@pytest.mark.parametrize("family", family_names())
def test_what_is_written_could_run(
    family: str, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft of every family is accepted by `hebe run`, which then knows every job; nothing is computed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".hebe").mkdir()
    assert hebe(capsys, "init", ".", "--family", family).code == 0
    space = hebe(capsys, "space", "campaign.yaml", "--json").json
    assert space["size"] >= space["candidates"] == 6
    planned = hebe(capsys, "run", "campaign.yaml", "--dry-run", "--json")
    assert planned.code == 0
    assert planned.json["jobs"] > 6
