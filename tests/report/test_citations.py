"""What a methods paragraph cites: every number leads to an entry, every entry is BibTeX that others read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.config.engines import BUILT_IN
from hebe.report.citations import all_citations, cited_by
from hebe.report.data import Funnel, Page
from hebe.report.sections.methods import bibtex, methods_text
from support.report_results import ranked

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", ["na-o3-quick", "li-funnel", "drx-series", "na-nfm-cif"])
def test_every_reference_is_cited_and_every_number_has_one(name: str) -> None:
    campaign = load_campaign(EXAMPLES / f"{name}.yaml")
    shown = [c.model_copy(update={"energy_scale": "chgnet-0.3.0/MP2020"}) for c in ranked()]
    page = Page(campaign, shown, funnel=Funnel(606, {"entropy": 291}, 6))
    numbers = {int(found) for found in re.findall(r"\[(\d+)\]", methods_text(page))}
    assert numbers == set(range(1, len(cited_by(campaign, ["chgnet-0.3.0/MP2020"])) + 1))


LATER = {
    "calibrated": "  - calibrate: {engine: {name: gpaw, preset: screen}, n: 4}\n",
    "vasp": "  - {engine: vasp, keep: 2, analyses: [voltage]}\n",
    "abinit": "  - {engine: abinit, keep: 2, analyses: [voltage]}\n",
    "sevennet": "  - {engine: sevennet, keep: 2, analyses: [voltage]}\n",
}


@pytest.mark.parametrize("later", LATER)
def test_engines_of_later_stages_are_cited_too(later: str, tmp_path: Path) -> None:
    text = (EXAMPLES / "na-o3-quick.yaml").read_text(encoding="utf-8")
    file = tmp_path / "campaign.yaml"
    file.write_text(text.replace("rank:", f"{LATER[later]}rank:"), encoding="utf-8")
    campaign = load_campaign(file)
    cited = cited_by(campaign, {candidate.energy_scale for candidate in ranked()})
    words = methods_text(Page(campaign, ranked()))
    numbers = {int(part) for found in re.findall(r"\[([\d, ]+)\]", words) for part in found.split(",")}
    assert numbers == set(range(1, len(cited) + 1))
    assert ("gpaw" if later == "calibrated" else later) in cited
    assert ("calibrated with small cells" in words) == (later == "calibrated")


def test_the_paragraph_says_what_was_done() -> None:
    page = Page(load_campaign(EXAMPLES / "na-o3-quick.yaml"), ranked(), funnel=Funnel(606, {"entropy": 291}, 6))
    text = methods_text(page)
    for words in (
        "There are 606 charge-neutral compositions, of which 291 passed the filters (entropy); 6 were taken",
        "2 special quasirandom structures",
        "largest force was below 0.01 eV/Å",
        "against Na metal",
        "Delmas, Fouassier, Hagenmuller",
    ):
        assert words in text


def test_bibtex_is_read_by_another_program() -> None:
    """The parser that pymatgen brings reads every entry, with its key, authors and DOI."""
    parser = pytest.importorskip("bibtexparser")
    text = bibtex(all_citations())
    read = parser.loads(text) if hasattr(parser, "loads") else parser.parse_string(text)
    entries = read.entries_dict
    assert set(entries) == set(all_citations())
    for key, one in all_citations().items():
        fields = entries[key] if isinstance(entries[key], dict) else {f.key: f.value for f in entries[key].fields}
        assert fields["author"] == one.authors
        assert fields.get("doi") == one.doi


def test_engines_have_an_entry_and_entries_are_whole() -> None:
    without = {"ase"}  # any calculator at all, cited as the package
    assert set(BUILT_IN) - without <= set(all_citations())
    for key, one in all_citations().items():
        assert one.doi or one.url, key
        assert one.kind == "software" or (one.journal and one.volume and one.pages and one.year), key
        assert "{" not in one.short
        assert one.short.count("doi") <= 1


def test_names_are_turned() -> None:
    assert all_citations()["spglib"].short.startswith("A. Togo, K. Shinohara, I. Tanaka, Science")
    assert all_citations()["ase"].short.startswith("A. H. Larsen et al., Journal")
    assert all_citations()["vasp"].short.startswith("G. Kresse, J. Furthmüller, Physical Review B 54, 11169 (1996)")
