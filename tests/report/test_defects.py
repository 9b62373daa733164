"""Figures and tables of migrated cations and of the oxygen: what is drawn is what was computed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hebe.report.sections import cation_migration, oxygen_stability
from hebe.schemas.cation_migration import MigrationDoc
from hebe.schemas.defects import DefectEnergy, DefectStatistics
from hebe.schemas.oxygen_stability import OxygenDoc, OxygenPairs, OxygenRelease, ReleaseProduct, VacancyState
from support.report_results import ranked

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.result import ResultDoc


def held(name: str, document: ResultDoc, empty: ResultDoc) -> RankedCandidate:
    """A candidate whose first configuration has no result and whose second has one."""
    (first, *_) = ranked()
    plain = [one.model_dump(mode="json") for one in (empty, document)]
    return first.model_copy(update={"results": {**first.results, name: plain}})


def migrating() -> RankedCandidate:
    defects = [
        DefectEnergy(
            kind="octahedral", element="Fe", x=0.5, site=4, environment="Fe2Mn4", energy_eV=1.5, ended="there"
        ),
        DefectEnergy(
            kind="octahedral", element="Ni", x=0.5, site=6, environment="Fe4Mn2", energy_eV=0.8, ended="elsewhere"
        ),
        DefectEnergy(kind="antisite", element="Fe", x=0.5, site=4, environment="Fe2Mn4", energy_eV=-0.2, ended="there"),
        DefectEnergy(kind="antisite", element="Ni", x=0.5, site=6, energy_eV=None),
    ]
    statistics = [DefectStatistics(kind="octahedral", element="Fe", x=0.5, n_sites=6, n=1, lowest_eV=1.5, mean_eV=1.5)]
    document = MigrationDoc(
        defects=defects, statistics=statistics, x=0.5, octahedral_eV=1.5, antisite_eV=-0.2, lowest_eV=-0.2
    )
    return held("cation_migration", document, MigrationDoc())


def releasing() -> RankedCandidate:
    vacancies = [
        VacancyState(x=x, n=2, n_sites=24, lowest_eV=e, mean_eV=e, free_energy_eV=e - 0.5, release_K=900, share=0.0)
        for x, e in ((1.0, 2.5), (0.5, 0.6))
    ]
    products = [ReleaseProduct(phase="NiO", formula="NiO", amount=0.5)]
    releases = [
        OxygenRelease(x=1.0, potential_eV=-2.2, products=products, heat_kJ_per_mol=5.7, heat_J_per_g=51.0),
        OxygenRelease(
            x=0.5, potential_eV=0.1, release_K=0.0, products=products, oxygen_per_fu=0.25, heat_J_per_g=-82.0
        ),
        OxygenRelease(x=0.25, products=products),
    ]
    pairs = [OxygenPairs(x=0.5, shortest_A=1.45, pairs={"superoxide": 0, "peroxide": 2}, topology="migrated")]
    document = OxygenDoc(temperature_K=523.15, pressure_bar=0.21, vacancies=vacancies, releases=releases, pairs=pairs)
    return held("oxygen_stability", document, OxygenDoc(temperature_K=523.15, pressure_bar=0.21))


def marks(svg: str, words: str) -> dict[str, float]:
    """Heights of the marks by their words."""
    found = re.findall(r'class="mark"[^>]*?(?:cy="([\d.]+)"|d="M[\d.]+ ([\d.]+))[^>]*>\s*<title>([^<]*)</title>', svg)
    return {text.split(": ", 1)[1]: float(first or second) for first, second, text in found if words in text}


def test_every_defect_with_an_energy_is_a_mark() -> None:
    svg = cation_migration.energies_by_element([migrating()])
    assert svg is not None
    heights = marks(svg, " eV, ")
    assert set(heights) == {
        "Fe (Fe2Mn4), x = 0.5: +1.50 eV, there",
        "Ni (Fe4Mn2), x = 0.5: +0.80 eV, elsewhere",
        "Fe (Fe2Mn4), x = 0.5: -0.20 eV, there",
    }
    assert heights["Fe (Fe2Mn4), x = 0.5: -0.20 eV, there"] > heights["Ni (Fe4Mn2), x = 0.5: +0.80 eV, elsewhere"]
    for word in ("empty octahedron", "swapped with an ion", ">Fe<", ">Ni<"):
        assert word in svg
    assert ">tetrahedron<" not in svg


def test_the_card_has_a_row_for_each_distribution() -> None:
    text = cation_migration.card(migrating())
    assert "empty octahedron" in text
    assert "1.50" in text


def test_the_potentials_of_both_ways_are_drawn() -> None:
    svg = oxygen_stability.potentials_over_content([releasing()])
    assert svg is not None
    heights = marks(svg, " below ")
    assert set(heights) == {
        "decomposition below -2.20 eV at x = 1",
        "decomposition below +0.10 eV at x = 0.5",
        "vacancy below -2.50 eV at x = 1",
        "vacancy below -0.60 eV at x = 0.5",
    }
    assert heights["vacancy below -2.50 eV at x = 1"] > heights["decomposition below -2.20 eV at x = 1"]
    assert "900 K" in svg


def test_vacancies_of_one_configuration_stand_beside_the_release_of_a_lower_one() -> None:
    """By default they are computed in the first configuration alone."""
    candidate = releasing()
    _, full = candidate.results["oxygen_stability"]
    assert full is not None
    lowest, other = {**full, "vacancies": []}, {**full, "releases": []}
    results = {**candidate.results, "oxygen_stability": [other, lowest]}
    candidate = candidate.model_copy(update={"results": results, "lowest": 1})
    assert "2 of 24" in oxygen_stability.card(candidate)
    assert "0.5 NiO" in oxygen_stability.card(candidate)
    svg = oxygen_stability.potentials_over_content([candidate])
    assert svg is not None
    assert {"decomposition below +0.10 eV at x = 0.5", "vacancy below -0.60 eV at x = 0.5"} <= set(
        marks(svg, " below ")
    )


def test_the_card_of_the_oxygen_names_products_and_pairs() -> None:
    text = oxygen_stability.card(releasing())
    for words in ("0.5 NiO", "0.25", "-82", "2 peroxide", "1.45", "2 of 24", "migrated", "523 K"):
        assert words in text


def test_without_results_there_is_nothing() -> None:
    assert cation_migration.energies_by_element(ranked()) is None
    assert cation_migration.card(ranked()[0]) == ""
    assert oxygen_stability.potentials_over_content(ranked()) is None
    assert oxygen_stability.card(ranked()[0]) == ""
