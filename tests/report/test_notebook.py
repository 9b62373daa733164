"""What notebooks show: values as the report prints them, nothing of a store unescaped, frames that lead nowhere."""

from __future__ import annotations

import html
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

import hebe
from hebe.analyses.columns import columns_of
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.results import Results
from hebe.report.notebook import (
    FORMATTERS,
    MOST_ROWS,
    campaign_html,
    candidate_html,
    profile_html,
    register,
    results_html,
    structure_html,
)
from hebe.report.tables import quantity_cell
from hebe.schemas.electrode import VoltageDoc, VoltageStep
from support.report_results import ranked

EVIL = "<script>alert(1)</script>"


def test_results_show_the_digits_of_the_report() -> None:
    candidates = ranked()
    text = results_html(Results("o3", candidates))
    for candidate in candidates:
        for quantity in columns_of(candidates, ()):
            assert str(quantity_cell(quantity, candidate)) in text
    assert "o3: " in text


def test_many_candidates_are_cut_and_said() -> None:
    (first, *_) = ranked()
    text = results_html(Results("o3", [first] * (MOST_ROWS + 7)))
    assert text.count(first.candidate_id[:-4]) == MOST_ROWS
    assert "7 more" in text


def test_texts_of_a_store_are_escaped() -> None:
    (first, *_) = ranked()
    evil = first.model_copy(update={"formula": EVIL, "warnings": [EVIL]})
    for text in (
        candidate_html(evil),
        results_html(Results(EVIL, [evil])),
        profile_html(VoltageDoc(label=EVIL, warnings=[EVIL])),
    ):
        assert EVIL not in text
        assert html.escape(EVIL) in text or "&lt;" in text


def test_a_campaign_shows_what_it_asks_for() -> None:
    campaign = load_campaign(Path(__file__).parents[2] / "examples" / "na-o3-quick.yaml")
    text = html.unescape(campaign_html(campaign))
    assert campaign.host.data.title in text
    assert "5 to 6 elements" in text


def test_a_profile_shows_its_steps() -> None:
    steps = [VoltageStep(x_high=1.0, x_low=0.5, voltage_V=2.7359)]
    text = profile_html(VoltageDoc(label="c0", voltage_profile=steps, average_voltage_V=2.7359))
    assert "1 to 0.5" in text
    assert "2.74" in text
    assert "no profile" in profile_html(VoltageDoc(label="c0"))


def test_a_structure_stands_in_a_frame_that_leads_nowhere() -> None:
    salt = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    text = structure_html(salt)
    assert 'sandbox="allow-scripts"' in text
    assert "allow-same-origin" not in text
    inner = html.unescape(text.split('srcdoc="', 1)[1].split('"></iframe>', 1)[0])
    assert "hebeViewer" in inner
    assert "http" not in inner.replace("http://www.w3.org", "")
    disordered = Structure(Lattice.cubic(3), [{"Mg": 0.5, "Ni": 0.5}], [[0, 0, 0]])
    assert "<pre>" in structure_html(disordered)


class Formatter:
    """What IPython's formatter is told."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Any] = {}

    def for_type_by_name(self, module: str, name: str, show: Any) -> None:
        self.known[module, name] = show


@pytest.mark.parametrize("structures", [False, True])
def test_formatters_are_told_by_name(*, structures: bool) -> None:
    told = Formatter()
    shell = SimpleNamespace(display_formatter=SimpleNamespace(formatters={"text/html": told}))
    register(shell, structures=structures)
    assert set(FORMATTERS) <= set(told.known)
    assert (("pymatgen.core.structure", "Structure") in told.known) == structures
    for module, name in told.known:
        __import__(module)
        assert hasattr(sys.modules[module], name)


def test_outside_of_notebooks_nothing_of_the_report_is_loaded() -> None:
    code = "import sys, hebe; hebe.load_campaign; sys.exit('hebe.report.notebook' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert callable(hebe.load_ipython_extension)
