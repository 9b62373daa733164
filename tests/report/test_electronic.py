"""Figure and table of electrons: what is drawn is what was computed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hebe.report.sections.electronic import card, share_over_content
from hebe.schemas.electrons import ElectronsDoc, ElectronState, IonElectrons
from support.report_results import ranked

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate


def candidate() -> RankedCandidate:
    """A candidate with electrons at two contents."""
    states = [
        ElectronState(
            x=1.0,
            band_gap_eV=1.25,
            anion_p_centre_eV=-4.29,
            d_centres_eV={"Mn": -3.1, "Ni": -1.7},
            anion_share=0.31,
            ions=[IonElectrons(element="Mn", valence=4, n=2, moment=3.12), IonElectrons(element="O", n=1, moment=0.4)],
        ),
        ElectronState(x=0.5, anion_share=0.62, anion_redox=True),
    ]
    (first, *_) = ranked()
    document = ElectronsDoc(states=states).model_dump(mode="json")
    return first.model_copy(update={"results": {**first.results, "electronic": [document] * 2}})


def test_the_figure_has_a_mark_for_each_content() -> None:
    svg = share_over_content([candidate()])
    assert svg is not None
    words = re.findall(r"<title>([^<]*% at x = [^<]*)</title>", svg)
    assert sorted(word.split(": ", 1)[1] for word in words) == ["31 % at x = 1", "62 % at x = 0.5"]
    assert share_over_content(ranked()) is None


def test_the_card_has_a_row_for_each_content() -> None:
    text = card(candidate())
    for expected in ("1.25", "−4.29", "Mn −3.10, Ni −1.70", "31", "2 Mn4+ (3.1), 1 O (0.4)", "62"):
        assert expected in text or expected.replace("−", "-") in text, expected
    assert text.count("<tr>") == 3
    assert card(ranked()[0]) == ""
