"""Heat maps over the periodic table: colours at the ends, one cell per ion, well-formed SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hebe.report.periodic import HeatCell, heat_colour, periodic_map
from hebe.science.chemistry.ions import Ion

SVG = "{http://www.w3.org/2000/svg}"


def test_colours_run_from_blue_to_red() -> None:
    assert heat_colour(0, 0, 10) == "#2c7bb6"
    assert heat_colour(10, 0, 10) == heat_colour(99, 0, 10) == "#ca3e34"
    assert heat_colour(5, 0, 10) == heat_colour(3, 3, 3) == "#f7f0cd"


def test_every_ion_has_a_cell_at_the_place_of_its_element() -> None:
    cells = [
        HeatCell(Ion("Mn", 3), 700.0, "Mn3+ & co"),
        HeatCell(Ion("Mn", 2), 500.0, "Mn2+"),
        HeatCell(Ion("Mg", 2), None, "Mg2+: no value"),
        HeatCell(Ion("Nb", 5), 900.0, "Nb5+"),
    ]
    root = ET.fromstring(periodic_map(cells, "A < B", "K"))  # noqa: S314 - made here
    marks = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "mark"]
    assert len(marks) == 4
    titles = [rect.findtext(f"{SVG}title") for rect in marks]
    assert titles == ["Mn2+", "Mn3+ & co", "Mg2+: no value", "Nb5+"]
    two, three, magnesium, niobium = marks
    # one element, two halves; period 3 above 4 above 5, group 2 left of 5 left of 7
    assert two.get("y") == three.get("y")
    assert float(two.get("x", 0)) < float(three.get("x", 0))
    assert float(magnesium.get("y", 0)) < float(two.get("y", 0)) < float(niobium.get("y", 0))
    assert float(magnesium.get("x", 0)) < float(niobium.get("x", 0)) < float(two.get("x", 0))
    assert magnesium.get("fill") == "#9aa0a6"
    assert two.get("fill") == heat_colour(500, 500, 900)
