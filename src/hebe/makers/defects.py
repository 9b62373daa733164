"""DefectsMaker: cells with one point defect of a kind each, of the lowest cell of a host at one content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, get_args

from jobflow import JobConfig, Maker, OnMissing, job

from hebe.makers.names import check_choice
from hebe.makers.start import usable_cells
from hebe.schemas.defects import DefectKind, DefectsDoc
from hebe.science.chemistry.member import family_of
from hebe.science.keys import content_hash
from hebe.science.structures.defects import DEFECTS_VERSION, DefectSites
from hebe.science.structures.working import mobile_sites

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.spec import MemberSpec


@dataclass(kw_only=True)
class DefectsMaker(Maker):
    """Make defects in the lowest of some cells that are still their host.

    Parameters
    ----------
    kind
        Kind of the defects.
    number
        How many of each element.
    accept
        Verdicts on the topology of a cell that count as the host.
    """

    name: str = "defects"
    kind: DefectKind = "octahedral"
    number: int = 2
    accept: tuple[str, ...] = ()
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse a kind that there is not."""
        check_choice(self.kind, get_args(DefectKind), "kind of defect")

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self, spec: MemberSpec, calculations: list[CalculationDoc | None], n_fu: int | None, label: str = ""
    ) -> DefectsDoc:
        """Cells with one defect each.

        Parameters
        ----------
        calculations
            Calculations of one configuration at one content.
        n_fu
            Formula units of the configuration.
        label
            Names the document.

        Returns
        -------
        DefectsDoc
            ``absent`` where no cell is the host any more, ``failed`` where none was computed, both with the reason.
        """
        usable = usable_cells(calculations, self.accept)
        if not usable or not n_fu or not usable[0].is_host(self.accept):
            absent = bool(usable) or all(c is not None and c.status == "absent" for c in calculations)
            reason = "no cell at this content is the host" if usable else "no cell at this content was computed"
            return DefectsDoc(key="", status="absent" if absent else "failed", label=label, reason=reason)
        perfect = usable[0]
        cell = perfect.cell
        cells, counts = DefectSites(cell, family_of(spec), spec.working_ion).cells(self.kind, self.number)
        return DefectsDoc(
            key=content_hash(["defects", DEFECTS_VERSION, perfect.key, self.kind, self.number]),
            label=label,
            perfect=perfect.key,
            x=len(mobile_sites(spec, cell)) / n_fu,
            n_sites=counts,
            cells=cells,
        )
