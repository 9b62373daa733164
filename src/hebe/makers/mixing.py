"""MixingMaker: mixing of one candidate against competing phases and against its own host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from jobflow import JobConfig, Maker, OnMissing, job

from hebe.schemas.spec import MemberSpec
from hebe.science.hulls.hull_entries import PhaseFacts
from hebe.science.mixing.member_result import MemberResult
from hebe.science.mixing.references import mixing_document
from hebe.science.mixing.vibrational_mixing import HullVibrations

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.mixing import MixingDoc
    from hebe.schemas.structures import ConfigurationDoc


@dataclass(kw_only=True)
class MixingMaker(Maker):
    """Mixing enthalpy and temperature with both reference sets.

    Parameters
    ----------
    model_error
        Standard error of the engine on mixing enthalpies, eV/atom; the documented one of its energy scale when None.
    temperatures
        Where the lowest mixture of competing phases is listed beside those at 0 K and at T_mix (K).
    accept
        Verdicts on the topology of a cell that count as the host.
    """

    name: str = "mixing"
    model_error: float | None = None
    temperatures: list[float] = field(default_factory=list)
    accept: tuple[str, ...] = ()
    version: ClassVar[int] = 5

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self,
        spec: MemberSpec,
        configurations: list[ConfigurationDoc | None],
        made: list[CalculationDoc | None],
        vertices: list[dict[str, Any]],
        phases: dict[str, CalculationDoc | None],
        label: str = "",
        given: list[dict[str, Any]] | None = None,
        members: list[dict[str, Any]] | None = None,
        vibrations: dict[str, Any] | None = None,
    ) -> MixingDoc:
        """Analyse what is there; what is missing becomes a reason or a warning.

        Parameters
        ----------
        configurations, made
            Configurations of the candidate and their as-made relaxations, in the same order.
        vertices
            ``{"spec", "configuration", "calculation"}`` of each member of the host with fewest species, with
            ``"vibrations"`` where there are some.
        phases
            Phase id -> relaxation of each competing phase.
        given
            Facts of the phases that are not the package's: ``{"id", "source", "ions"}``.
        members
            More members of the host that compete, as `vertices`.
        vibrations
            ``{"own": [...], "phases": {id: ...}, "highest": K}``; those of members stand in their own entries.
        """
        simplest, more = ([_member(entry, self.accept) for entry in part] for part in (vertices, members or []))
        own = [MemberResult(spec, c, m, accept=self.accept) for c, m in zip(configurations, made, strict=True)]
        known = [PhaseFacts(**facts) for facts in given or []]
        return mixing_document(
            own,
            simplest,
            phases,
            self.model_error,
            label,
            members=more,
            given=known,
            temperatures=self.temperatures,
            vibrations=None if vibrations is None else HullVibrations(**vibrations),
        )


def _member(entry: dict[str, Any], accept: tuple[str, ...]) -> MemberResult:
    spec = MemberSpec.model_validate(entry["spec"])
    return MemberResult(spec, entry["configuration"], entry["calculation"], entry.get("vibrations"), tuple(accept))
