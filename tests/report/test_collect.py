"""What a project knows for its report: counts of the selection, failed jobs, structures; damage is looked past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pymatgen.core import Lattice, Structure

from hebe.campaigns.edited import remember
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.selection import with_selection
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.launchers.outcome import Failure
from hebe.launchers.records import Records
from hebe.report.collect import page_of
from hebe.report.page import report_page
from hebe.stores import open_store
from support.campaigns import rocksalt
from support.report_results import HOSTILE, ranked

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.report.data import Page


def rock_salt() -> Structure:
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def calculation(key: str, structure: Any) -> dict[str, Any]:
    """What the cache needs of a finished calculation."""
    return {"key": key, "status": "converged", "energy_eV": -1.0, "energy_scale": "s", "structure": structure}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    root = tmp_path_factory.mktemp("project")
    path: Path = rocksalt(root)
    campaign = with_selection(load_campaign(path), root, writes=True)
    store = open_store(root)
    names = sorted({spec.candidate_id for spec in campaign_members(campaign)})
    outputs: list[dict[str, Any]] = []
    for number, (name, one) in enumerate(zip(names, ranked(), strict=False)):
        plain = one.model_dump(mode="json", exclude={"rank", "rank_low", "rank_high", "tied"})
        plain |= {"candidate_id": name, "campaign": "rs", "status": "complete"}
        plain |= {"configuration": "c0", "calculations": {"c0": f"{number:064d}"}}
        structure = rock_salt().as_dict() if number == 0 else {"@class": "Structure", "lattice": HOSTILE}
        outputs += [plain, calculation(f"{number:064d}", structure)]
    documents = [
        {"uuid": f"{i:08d}", "index": 1, "name": "c", "metadata": {"campaign": "rs"}, "output": output}
        for i, output in enumerate(outputs)
    ]
    store.docs_store.update(documents, key=["uuid", "index"])
    records = Records.beside(store.docs_store, root)
    flow = campaign_flow(campaign)
    remember(records, campaign, flow)
    for job in flow.jobs[:3]:
        records.fail({"uuid": job.uuid, "index": 1, "name": "job", "hosts": []}, Failure("EngineError", HOSTILE))
    records.close()
    store.close()
    return page_of(load_campaign(path))


def test_the_funnel_is_that_of_the_selection(page: Page) -> None:
    assert page.funnel is not None
    assert page.funnel.size == page.funnel.selected == 10, "pairs of five metals, half and half"
    assert page.funnel.by_filter == {"size_mismatch": 10}
    assert len(page.candidates) == 6, "so many have ended"


def test_failed_jobs_are_counted_by_reason(page: Page) -> None:
    (one,) = page.failures
    assert (one["error_class"], one["message"], one["count"]) == ("EngineError", HOSTILE, 3)


def test_structures_are_read_and_damaged_ones_are_looked_past(page: Page) -> None:
    ((name, states),) = page.crystals.items()
    assert name in {candidate.candidate_id for candidate in page.candidates}
    assert list(states) == ["as made"]
    assert states["as made"]["lattice"][0] == [4.2, 0, 0]
    shown = report_page(page)
    assert 'id="structures"' in shown
    assert HOSTILE not in shown
    assert shown.count("<script") == 3, "two of the page, one with data"


def test_a_campaign_that_never_ran_has_an_empty_page(tmp_path: Path) -> None:
    page = page_of(load_campaign(rocksalt(tmp_path)))
    assert (list(page.candidates), page.funnel, page.crystals) == ([], None, {})
    assert "rs" in report_page(page)
