"""Published outcomes: neutral compositions, sources that can be looked up, each composition once."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from hebe.config.family import family_names
from hebe.science.chemistry.ions import Ion
from hebe.science.literature import check_material
from hebe.science.literature.outcomes import MEMORY, Outcome, load_outcomes
from hebe.science.literature.system import load_systems, read_rows

SOURCE = re.compile(r"10\.\d{4,9}/\S+|arXiv:\d{4}\.\d{4,5}|github\.com/[\w.-]+/[\w.-]+|00[0-4]:\d+|reviews")
ROWS = read_rows("formed.csv")


def by_name() -> dict[str, Outcome]:
    return {one.name: one for one in load_outcomes()}


def test_rows_have_ids_of_their_own_and_sources_that_can_be_looked_up() -> None:
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row["formed"] in ("yes", "no")
        assert row["read"], row["id"]
        assert row["read"] == MEMORY or SOURCE.fullmatch(row["source"]), row["id"]
        assert not row["temperature_K"] or 300 < float(row["temperature_K"]) < 3000
        assert bool(row["mixing_enthalpy_meV_per_site"]) == bool(row["enthalpy_source"]), row["id"]


@pytest.mark.parametrize("row", [row for row in ROWS if row["formula"]], ids=lambda row: str(row["id"]))
def test_compositions_are_neutral_and_sum(row: dict[str, str]) -> None:
    if row["family"] not in family_names():
        assert row["family"] == "rocksalt-carbide"
        return
    found = check_material(row["formula"], row["sublattices"], row["family"], oxidation_states=row["oxidation_states"])
    assert found.status == "ok"
    charge = sum(Ion.parse(ion).charge * x for part in found.oxidation_states.values() for ion, x in part.items())
    assert charge == pytest.approx(0.0, abs=2e-3)


def test_rows_without_a_composition_are_materials_of_the_table() -> None:
    failed = [row["id"] for row in ROWS if not row["formula"]]
    assert failed
    assert set(failed) <= set(load_systems())
    assert not any(by_name()[name].formed for name in failed)


def test_what_formed_in_one_atmosphere_counts_as_formed_once() -> None:
    found = by_name()
    assert found["rs-mgmnfeconizn"].formed
    assert "rs-mgmnfeconizn-air" not in found
    assert found["py-smeutbdylu-zr"].formed
    compositions = Counter(
        (one.family, str(sorted((n, sorted(p.items())) for n, p in one.sites.items()))) for one in found.values()
    )
    assert set(compositions.values()) == {1}


def test_sites_hold_cations_alone_and_several_elements_mix() -> None:
    for one in load_outcomes():
        ions = [ion for part in one.sites.values() for ion in part]
        assert all(ion.charge > 0 or (ion.charge == 0 and one.family not in family_names()) for ion in ions), one.name
        assert any(len({ion.element for ion in part}) > 1 for part in one.sites.values())
    layered = by_name()["na-o3-ncnfmt"]
    assert set(layered.sites) == {"TM"}
    assert by_name()["carbide-hfnbtatizr"].sites["M"] == {Ion(e, 0): 0.2 for e in ("Hf", "Nb", "Ta", "Ti", "Zr")}


def test_both_outcomes_are_there_in_families_that_can_be_told_apart() -> None:
    lost = Counter(one.family for one in load_outcomes() if not one.formed)
    kept = Counter(one.family for one in load_outcomes() if one.formed)
    assert {"rocksalt", "rocksalt-carbide", "fluorite"} <= set(lost) & set(kept)
    assert sum(one.from_memory for one in load_outcomes()) < len(load_outcomes()) / 10
