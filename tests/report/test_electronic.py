"""Table of electrons on the card of a candidate."""

from __future__ import annotations

from hebe.report.sections.electronic import card
from hebe.schemas.electrons import ElectronsDoc, ElectronState, IonElectrons
from support.report_results import ranked


def test_the_card_has_a_row_for_each_content() -> None:
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
    text = card(first.model_copy(update={"results": {**first.results, "electronic": [document] * 2}}))
    for expected in ("1.25", "−4.29", "Mn −3.10, Ni −1.70", "31", "2 Mn4+ (3.1), 1 O (0.4)", "62"):
        assert expected in text or expected.replace("−", "-") in text, expected
    assert text.count("<tr>") == 3
    assert card(first) == ""
