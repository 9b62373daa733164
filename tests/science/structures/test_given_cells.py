"""Cells that a campaign brings: recognised by what they hold, refused with file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pymatgen.core import Structure

import hebe
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.science.structures.given_cells import assign_cells
from support.given_cells import coo2, licoo2, write

if TYPE_CHECKING:
    from pathlib import Path


def test_cells_are_told_apart_by_what_they_hold(tmp_path: Path) -> None:
    campaign = hebe.load_campaign(write(tmp_path, ("empty.vasp", coo2()), ("full.cif", licoo2())))
    (spec,) = campaign_members(campaign)
    (cells,) = assign_cells(campaign, [spec]).values()
    assert cells.n_fu in {1, 3}
    assert cells.made.composition.reduced_formula == "LiCoO2"


def test_jobs_follow_the_content_of_the_files(tmp_path: Path) -> None:
    path = write(tmp_path, ("full.vasp", licoo2()), ("empty.vasp", coo2()))
    first = {job.uuid for job in campaign_flow(hebe.load_campaign(path)).jobs}
    assert first == {job.uuid for job in campaign_flow(hebe.load_campaign(path)).jobs}
    write(tmp_path, ("full.vasp", licoo2(z=0.26)), ("empty.vasp", coo2()))
    assert first != {job.uuid for job in campaign_flow(hebe.load_campaign(path)).jobs}


def test_the_campaign_keeps_the_cells_in_its_json(tmp_path: Path) -> None:
    campaign = hebe.load_campaign(write(tmp_path, ("full.vasp", licoo2()), ("empty.vasp", coo2())))
    again = type(campaign).model_validate(campaign.model_dump(mode="json"))
    assert [job.uuid for job in campaign_flow(again).jobs] == [job.uuid for job in campaign_flow(campaign).jobs]


def heavy() -> Structure:
    """The empty host with iron, which no formula has."""
    cell = coo2()
    cell.replace(0, "Fe")
    return cell


def short() -> Structure:
    cell = licoo2()
    cell.remove_sites([3])
    return cell


def disordered() -> Structure:
    return Structure(licoo2().lattice, [{"Li": 0.5}, "Co", "O", "O"], licoo2().frac_coords)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ((("full.vasp", licoo2()), ("iron.vasp", heavy())), ("iron.vasp", "no cell of LiCoO2")),
        ((("full.vasp", licoo2()), ("short.vasp", short())), ("short.vasp", "1 sites of O", "has 2")),
        ((("half.cif", disordered()),), ("half.cif", "share a site")),
        ((("empty.vasp", coo2()),), ("no file holds LiCoO2 as made",)),
        ((("full.vasp", licoo2()), ("again.vasp", licoo2(z=0.26))), ("second cell",)),
        ((("full.vasp", licoo2()), ("large.vasp", coo2() * (2, 1, 1))), ("2 formula units", "as made 1")),
    ],
)
def test_cells_that_do_not_fit_are_refused(
    cells: tuple[tuple[str, Structure], ...], words: tuple[str, ...], tmp_path: Path
) -> None:
    campaign = hebe.load_campaign(write(tmp_path, *cells))
    with pytest.raises(BadInputError) as caught:
        campaign_flow(campaign)
    assert caught.value.line is not None
    assert (caught.value.key or "").startswith("structures.files")
    for word in words:
        assert word in str(caught.value)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, ("full.vasp", licoo2()))
    (tmp_path / "full.vasp").unlink()
    with pytest.raises(BadInputError, match=r"structures.files\[0\].*full.vasp.*no such file"):
        hebe.load_campaign(path)
    (tmp_path / "full.vasp").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInputError, match="no text"):
        hebe.load_campaign(path)
    (tmp_path / "full.vasp").write_text("nothing of use")
    with pytest.raises(BadInputError, match="cannot be read"):
        campaign_flow(hebe.load_campaign(path))
    path.write_text(path.read_text().replace("full.vasp", "full.doc"))
    (tmp_path / "full.doc").write_text("x")
    with pytest.raises(BadInputError, match="format is not known"):
        campaign_flow(hebe.load_campaign(path))
