"""From energies of small cells to the document of a calibration, and from that to errors that are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.calibration import CalibrationDoc, CalibrationRow, CommitteeDoc, ErrorsDoc
from hebe.schemas.spec import MemberSpec
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.chemistry.member import composition_of
from hebe.science.chemistry.valence import moments_off
from hebe.science.errors.calibration import calibrated
from hebe.science.errors.committee import CommitteeCell, committee_prior, committee_score
from hebe.science.errors.entry_errors import EntryErrors
from hebe.science.errors.model_error import entry_errors
from hebe.science.errors.pair_fit import Difference
from hebe.science.errors.small_members import SmallMember, member_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hebe.schemas.calibration import ChosenCell

UNKNOWN: Final = 0.3
"""Spread of ``w`` of an engine of which nothing is known (eV per mixed site): that of energies of pairs in oxides."""
_FEWEST: Final = 2


@dataclass(frozen=True)
class MeasuredMember:
    """A member that was computed twice.

    Parameters
    ----------
    spec
        The member.
    configuration
        As it was built.
    computed
        Relaxation with the engine that is calibrated.
    references
        Calculations of that cell that count as true; the lowest does.
    committee
        Calculations of that cell with further engines.
    accept
        Verdicts on the topology of its cell that count as the host.
    """

    spec: MemberSpec
    configuration: ConfigurationDoc | None
    computed: CalculationDoc | None
    references: Sequence[CalculationDoc | None]
    committee: Sequence[CalculationDoc | None] = ()
    accept: tuple[str, ...] = ()

    @property
    def reference(self) -> CalculationDoc | None:
        """The lowest of those that count as true, None if there is none."""
        usable = [one for one in self.references if one is not None and one.usable]
        return min(usable, key=lambda one: one.energy) if usable else None

    @property
    def problem(self) -> str | None:
        """Why it cannot be used; None if it can."""
        if self.configuration is None or self.computed is None or not self.computed.usable:
            return "has no energy"
        if self.configuration.deviation > 0:
            return "its cell only approximates it"
        if not self.computed.is_host(self.accept):
            return f"is no longer the host ({self.computed.topology})"
        return "has no energy that counts as true" if self.reference is None else None

    @property
    def odd_moments(self) -> list[str]:
        """Sites of the calculation that counts which did not keep the moment of their ion."""
        cells = [one.input_structure for one in self.references if one is not None and one.input_structure is not None]
        named = next((cell for cell in cells if "ion" in cell.site_properties), None)
        if self.reference is None or self.reference.magmoms is None or named is None:
            return []
        return moments_off(named, self.reference.magmoms)

    def energies(self) -> tuple[float, float]:
        """Computed and true energy (eV per formula unit).

        Raises
        ------
        ValueError
            If it has none.
        """
        if self.configuration is None or self.computed is None or self.reference is None:
            raise ValueError(f"{member_name(self.spec)} {self.problem}")
        return self.computed.energy / self.configuration.n_fu, self.reference.energy / self.configuration.n_fu

    def models(self) -> dict[str, float]:
        """Energy (eV per formula unit) by energy scale: of the engine that is calibrated and of the committee."""
        if self.configuration is None:
            return {}
        known = [one for one in (self.computed, *self.committee) if one is not None and one.usable]
        return {one.energy_scale: one.energy / self.configuration.n_fu for one in known}


def prior_errors(energy_scale: str, spec: MemberSpec, mixing_error: float | None = None) -> EntryErrors:
    """Errors of an energy scale before a calibration.

    Those that are given, else documented ones; where there are none, as large as energies of pairs themselves. What is
    uncertain in their mean is counted as spread: a calibration shares it out anew.

    Parameters
    ----------
    energy_scale, spec
        Of the engine; any member of the host.
    mixing_error
        Error on mixing enthalpies that is given (eV/atom).
    """
    composition = composition_of(spec)
    atoms = float(sum(composition.elements.values())) / composition.host.sublattices[spec.primary].multiplicity
    if mixing_error is not None:
        return EntryErrors.given(mixing_error, atoms)
    found = entry_errors(energy_scale, atoms)
    if found is None:
        return EntryErrors.given(UNKNOWN / 4 / atoms, atoms)
    return replace(found, sd=math.hypot(found.sd, found.bias_sd), bias_sd=0.0)


def calibration_document(
    chosen: Sequence[ChosenCell],
    members: Mapping[str, MeasuredMember],
    pairs: Iterable[str] = (),
    mixing_error: float | None = None,
) -> CalibrationDoc:
    """Errors from small cells and their vertices.

    Parameters
    ----------
    chosen
        Cells, in the order in which they were chosen.
    members
        All members by name.
    pairs
        Pairs that matter for the candidates.
    mixing_error
        As in `prior_errors`.

    Returns
    -------
    CalibrationDoc
        With ``campaign`` and ``stage`` empty. Without errors where fewer than two cells to fit have energies.
    """
    document = CalibrationDoc(campaign="", stage=0)
    for name, member in sorted(members.items()):
        if member.problem is not None:
            document.warnings.append(f"{name} {member.problem}")
        elif member.odd_moments:
            document.warnings.append(f"{name} does not keep the moments of its ions: {', '.join(member.odd_moments)}")
    _fill_scales(document, members.values())
    rows = [row for row in (_row(cell, members) for cell in chosen) if row is not None]
    rows.sort(key=lambda row: not row.fitted)
    fitted = sum(row.fitted for row in rows)
    document.rows, document.n = rows, fitted
    if fitted < _FEWEST:
        document.warnings.append(f"{fitted} cells with energies: errors need {_FEWEST}")
        return document
    differences = [Difference(row.cell, row.value, row.terms, row.members) for row in rows]
    prior = prior_errors(document.energy_scale, chosen[0].spec, mixing_error)
    prior = _with_committee(document, prior, [_committee_cell(cell, members) for cell in chosen], differences[:fitted])
    found = calibrated(prior, differences, n_illustration=len(rows) - fitted, pairs=pairs)
    document.errors = errors_document(found.errors)
    document.scale, document.scale_interval, document.note = found.scale, found.scale_interval, found.note
    of = {one.name: one for one in found.residuals}
    document.rows = [
        row.model_copy(update={"predicted": of[row.cell].predicted, "sd": of[row.cell].sd}) for row in rows
    ]
    return document


def small_member(cell: ChosenCell) -> SmallMember:
    """A chosen cell with its vertices."""
    return SmallMember(cell.spec, tuple((Fraction(vertex.amount), vertex.spec) for vertex in cell.vertices))


def errors_document(errors: EntryErrors) -> ErrorsDoc:
    """Document of errors."""
    return ErrorsDoc(
        bias=errors.bias,
        sd=errors.sd,
        remainder=errors.remainder,
        bias_sd=errors.bias_sd,
        phase_bias=errors.phase_bias,
        phase_sd=errors.phase_sd,
        pairs=list(errors.pairs),
        mean=errors.mean.tolist(),
        covariance=errors.covariance.tolist(),
        freedom=errors.freedom,
        source=errors.source,
    )


def errors_of(document: ErrorsDoc) -> EntryErrors:
    """Errors of a document."""
    n = len(document.pairs)
    return EntryErrors(
        bias=document.bias,
        sd=document.sd,
        remainder=document.remainder,
        bias_sd=document.bias_sd,
        phase_bias=document.phase_bias,
        phase_sd=document.phase_sd,
        pairs=tuple(document.pairs),
        mean=np.array(document.mean, dtype=float),
        covariance=np.array(document.covariance, dtype=float).reshape(n, n),
        freedom=document.freedom,
        source=document.source,
    )


def _committee_cell(cell: ChosenCell, members: Mapping[str, MeasuredMember]) -> CommitteeCell | None:
    """Mixing enthalpies of a cell by all engines that computed it with its vertices; None with fewer than two."""
    made = small_member(cell)
    if any(name not in members or members[name].problem is not None for name in made.weights):
        return None
    energies = {name: members[name].models() for name in made.weights}
    scales = set.intersection(*(set(known) for known in energies.values()))
    if len(scales) < _FEWEST:
        return None
    found = {
        scale: sum(n * energies[name][scale] for name, n in made.weights.items()) / made.mixed_sites
        for scale in sorted(scales)
    }
    return CommitteeCell(made.terms, found)


def _with_committee(
    document: CalibrationDoc, prior: EntryErrors, cells: Sequence[CommitteeCell | None], rows: Sequence[Difference]
) -> EntryErrors:
    """Prior whose spread per pair follows a committee, if cells that are left out are then not predicted worse."""
    known = [cell for cell in cells if cell is not None]
    if len(known) < _FEWEST or len(rows) <= _FEWEST:
        return prior
    found = committee_prior(prior, known)
    score = committee_score(prior, found, rows)
    used = score.committee >= score.plain
    document.committee = CommitteeDoc(plain=score.plain, committee=score.committee, used=used)
    return found if used else prior


def _fill_scales(document: CalibrationDoc, members: Iterable[MeasuredMember]) -> None:
    """What is calibrated with what, and the CPU time of the latter."""
    for member in members:
        for one in member.references:
            document.cpu_s += 0.0 if one is None else one.cpu_s
        if member.problem is None and member.computed is not None and member.reference is not None:
            document.engine, document.energy_scale = member.computed.engine, member.computed.energy_scale
            document.reference, document.reference_scale = member.reference.engine, member.reference.energy_scale


def _row(cell: ChosenCell, members: Mapping[str, MeasuredMember]) -> CalibrationRow | None:
    """True less computed mixing enthalpy of a cell, None where an energy is missing."""
    made = small_member(cell)
    if any(name not in members or members[name].problem is not None for name in made.weights):
        return None
    weighed = [(n / made.mixed_sites, *members[name].energies()) for name, n in made.weights.items()]
    computed, true = (sum(row[0] * row[column] for row in weighed) for column in (1, 2))
    return CalibrationRow(
        cell=made.name,
        formula=cell.spec.formula,
        value=true - computed,
        computed=computed,
        terms=made.terms,
        members=made.weights,
        fitted=cell.fitted,
    )
