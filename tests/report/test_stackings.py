"""Figure and table of stackings: what is drawn is what was computed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hebe.report.sections.local_structure import card as local_card
from hebe.report.sections.phases_along_x import card, energies_over_content
from hebe.schemas.local_structure import LocalState, LocalStructureDoc, SpeciesShape
from hebe.schemas.phases_along_x import PhasesDoc, PhaseState, Transition
from support.report_results import ranked

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate


def state(stacking: str, x: float, relative: float | None, *, on_hull: bool = False) -> PhaseState:
    return PhaseState(
        x=x,
        stacking=stacking,
        started_as=stacking,
        energy_eV_per_fu=-24.0,
        volume_A3_per_fu=42.0,
        relative_eV_per_fu=relative,
        on_hull=on_hull,
    )


def candidate() -> RankedCandidate:
    document = PhasesDoc(
        own="O3",
        states=[
            state("O3", 1.0, None),
            state("P3", 1.0, 0.09),
            state("P3", 0.5, -0.03, on_hull=True),
            state("O1", 0.5, 0.02),
        ],
        onsets={"P3": 0.625, "O1": None},
        transitions=[Transition(x_high=1.0, x_low=0.5, from_stacking="O3", to_stacking="P3", voltage_V=2.736)],
    )
    (first, *_) = ranked()
    return first.model_copy(update={"results": {**first.results, "phases_along_x": [document.model_dump(mode="json")]}})


def test_every_state_is_a_mark_with_its_energy() -> None:
    svg = energies_over_content([candidate()])
    assert svg is not None
    words = re.findall(r"<title>([^<]*meV per f\.u\. at x = [^<]*)</title>", svg)
    assert sorted(word.split(": ", 1)[1] for word in words) == [
        "O1 +20 meV per f.u. at x = 0.5",
        "P3 +90 meV per f.u. at x = 1",
        "P3 -30 meV per f.u. at x = 0.5",
    ]
    heights = {word.split(": ", 1)[1]: float(y) for word, y in zip(words, _heights(svg), strict=True)}
    assert (
        heights["P3 -30 meV per f.u. at x = 0.5"] > heights["O1 +20 meV per f.u. at x = 0.5"]
    )  # pixels grow downwards


def _heights(svg: str) -> list[str]:
    return [
        found or other
        for found, other in re.findall(r'class="mark" (?:cx="[\d.]+" cy="([\d.]+)"|d="M[\d.]+ ([\d.]+))', svg)
    ]


def test_without_another_stacking_there_is_no_figure() -> None:
    assert energies_over_content(ranked()) is None
    assert card(ranked()[0]) == ""


def test_the_card_tells_onsets_and_coexistence() -> None:
    text = card(candidate())
    assert "P3: from x = 0.62" in text or "P3: from x = 0.63" in text
    assert "O1: no onset" in text
    assert "O3 and P3 coexist from x = 1 to 0.5, at 2.74 V" in text


@pytest.mark.parametrize("ratio", [1.234, None])
def test_the_card_of_the_local_structure_shows_its_elements(ratio: float | None) -> None:
    shape = SpeciesShape(
        element="Mn", sublattice="TM", n=2, length_A=2.12, length_sd_A=0.214, distortion=0.05, axis_ratio=ratio
    )
    document = LocalStructureDoc(states=[LocalState(x=1.0, species=[shape], bond_spread_A=0.2, slab_A=2.1, gap_A=3.2)])
    (first, *_) = ranked()
    held = first.model_copy(update={"results": {"local_structure": [document.model_dump(mode="json")] * 2}})
    text = local_card(held)
    assert ("1.234" in text) == (ratio is not None)
    assert "2.120" in text
