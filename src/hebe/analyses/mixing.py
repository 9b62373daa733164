"""Mixing of a candidate against competing phases and its own host, with vibrations and oxygen where asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Final

from hebe.analyses.formation import NOTE
from hebe.analyses.protocol import Analysis, Mark, Requires
from hebe.analyses.quantity import Derived, Quantity, Shown
from hebe.analyses.wants import Calibrated, Displacements, Edges, Firing, OxygenOxides, Phases, Vertices
from hebe.config.mixing import MixingSpec
from hebe.config.reading.units import celsius
from hebe.schemas.mixing import MixingDoc
from hebe.schemas.spec import MemberSpec
from hebe.science.hulls.hull import PhaseEntry
from hebe.science.hulls.hull_entries import PhaseFacts
from hebe.science.mixing.member_result import MemberResult
from hebe.science.mixing.oxygen_mixing import HullOxygen
from hebe.science.mixing.references import mixing_document
from hebe.science.mixing.vibrational_mixing import HullVibrations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.schemas.draws import Draws
    from hebe.schemas.mixing import MixingResult, OxygenMixing

COMPLETE_GRADES: Final = ("A", "B")
"""Grades of hull coverage at which a mixing temperature is more than a lower bound."""

_MORE: Final = 1e-6


def gained(result: MixingResult) -> float | None:
    """Entropy gained (eV/K per site), None where none is."""
    entropy = result.dS_eV_per_K_per_site
    return entropy if entropy is not None and entropy > 0 else None


def basis(document: MixingDoc) -> float | None:
    """Entropy (eV/K per site) by which the errors of the temperature that is stored were divided."""
    own = gained(document.competing)
    return gained(document.same_host) if own is None or document.competing.T_mix_K is None else own


def _model_error(part: Callable[[MixingDoc], MixingResult]) -> Callable[[MixingDoc, str, str | None], float | None]:
    """Error of the engine (K): stored for the set whose temperature is ranked; for the other by ``sd(dH) / dS``."""

    def error(document: MixingDoc, scale: str, ion: str | None) -> float | None:
        del scale, ion
        stored, own, entropy = document.T_mix_sd_model_K, basis(document), gained(part(document))
        if stored is None or part(document).T_mix_K is None:
            return None
        return stored if own is None or entropy is None else stored * own / entropy

    return error


def _drawn(document: MixingDoc, name: str) -> Draws | None:
    """Sample of a formation, None where there is none."""
    found: Draws | None = None if document.formation is None else getattr(document.formation, name)
    return found


def _most_likely(document: MixingDoc, part: MixingResult, name: str) -> float | None:
    """Median of a mixing temperature, else as computed with other compositions of the host, else without (K)."""
    drawn = _drawn(document, f"{name}_draws_K")
    if drawn is not None:
        median = drawn.quantile(0.5)
        return max(0.0, median) if math.isfinite(median) else None
    if document.formation is not None and document.formation.solution != "none":
        found: float | None = getattr(document.formation, f"{name}_K")
        return found
    return part.T_mix_K


def _temperature(
    name: str, title: str, part: Callable[[MixingDoc], MixingResult], drawn: str, path: str, *, needs_grade: bool
) -> Quantity[MixingDoc]:
    return Quantity(
        name=name,
        title=title,
        unit="K",
        symbol="T_mix",
        better="low",
        read=lambda document: _most_likely(document, part(document), drawn),
        sd=lambda document: document.T_mix_sd_configurations_K,
        n=_configurations,
        why_null=lambda document: part(document).reason or "never",
        error=_model_error(part),
        draws=lambda document: _drawn(document, f"{drawn}_draws_K"),
        derived=Derived(of="mixing_enthalpy", divisor=lambda document: gained(part(document)) or basis(document)),
        shown=Shown(unit="K", digits=0, total=True, column=True, least=0.0),
        lower_bound=lambda document: (needs_grade and _bound(document)) or _open_solution(document),
        path=path,
    )


def _enthalpy(name: str, title: str, part: Callable[[MixingDoc], MixingResult], path: str) -> Quantity[MixingDoc]:
    return Quantity(
        name=name,
        title=title,
        unit="eV/site",
        symbol="ΔH",
        better="low",
        read=lambda document: part(document).dH_eV_per_site,
        sd=lambda document: document.dH_sd_eV_per_site,
        n=_configurations,
        sd_starts=lambda document: document.dH_sd_starts_eV_per_site,
        why_null=lambda document: part(document).reason,
        shown=Shown(unit="meV per site", scale=1000, digits=1),
        path=path,
    )


def _configurations(document: MixingDoc) -> int:
    return document.n_configurations if document.competing.dH_eV_per_site is not None else 0


def _bound(document: MixingDoc) -> bool:
    return document.hull_grade not in COMPLETE_GRADES


def _open_solution(document: MixingDoc) -> bool:
    """Whether some composition of the host may compete that nobody tried."""
    return document.formation is not None and document.formation.solution != "complete"


def _margin(document: MixingDoc) -> float | None:
    """Margin at the firing temperature (eV per mixed site): the median where there is a sample, else as computed."""
    drawn = _drawn(document, "margin_draws")
    if drawn is not None:
        return drawn.quantile(0.5)
    return None if document.formation is None else document.formation.margin_eV_per_site


def _why_unjudged(document: MixingDoc) -> str | None:
    found = document.formation
    if found is None or found.reason is not None:
        return "not asked for" if found is None else found.reason
    return "no error of the engine on mixing enthalpies is known"


def _fired(document: MixingDoc) -> str | None:
    """Where the candidate is fired."""
    temperature = None if document.formation is None else document.formation.temperature_K
    return None if temperature is None else f"at {celsius(temperature)}"


def _competing(document: MixingDoc) -> MixingResult:
    return document.competing


def _same_host(document: MixingDoc) -> MixingResult:
    return document.same_host


def _in_oxygen(name: str, title: str, unit: str, read: Callable[[OxygenMixing], float | None], **more: Any) -> Any:
    """Quantity of mixing in exchange with oxygen: null where that was not asked for."""

    def reason(document: MixingDoc) -> str | None:
        if document.oxygen is None:
            return "mixing with oxygen was not asked for"
        return document.oxygen.reason or document.oxygen.overlap_reason

    return Quantity[MixingDoc](
        name=name,
        title=title,
        unit=unit,
        read=lambda document: None if document.oxygen is None else read(document.oxygen),
        n=_configurations,
        why_null=reason,
        compared=False,
        **more,
    )


_IN_OXYGEN: Final[tuple[Quantity[MixingDoc], ...]] = (
    _in_oxygen(
        "mixing_temperature_in_oxygen",
        "T_mix in oxygen",
        "K",
        lambda oxygen: oxygen.T_mix_K,
        symbol="T_mix",
        better="low",
        shown=Shown(unit="K", digits=0),
        lower_bound=_bound,
    ),
    _in_oxygen(
        "mixing_free_energy_in_oxygen",
        "free energy of mixing in oxygen",
        "eV/site",
        lambda oxygen: oxygen.dG_eV_per_site,
        symbol="ΔG",
        better="low",
        shown=Shown(unit="meV per site", scale=1000, digits=1, sign=True),
    ),
    _in_oxygen(
        "oxygen_window_overlap",
        "overlap of oxygen windows",
        "eV",
        lambda oxygen: oxygen.window_overlap_eV,
        better="high",
        shown=Shown(unit="eV", digits=2, sign=True),
    ),
)


class Mixing(Analysis[MixingSpec, MixingDoc]):
    """Mixing enthalpy, entropy and temperature with both reference sets; energy above the hull and its coverage."""

    name: ClassVar[str] = "mixing"
    title: ClassVar[str] = "mixing"
    shares_phases: ClassVar[bool] = True
    version: ClassVar[int] = 2
    per = "candidate"
    requires: ClassVar[Requires] = Requires(disorder=True)
    campaign_key: ClassVar[str | None] = "mixing"
    only_reads: ClassVar[bool] = True
    Block = MixingSpec
    Result = MixingDoc
    quantities = (
        _enthalpy("mixing_enthalpy", "mixing enthalpy, competing", _competing, "mixing.competing.dH_eV_per_site"),
        _temperature(
            "mixing_temperature",
            "T_mix competing",
            _competing,
            "T_mix",
            "mixing.competing.T_mix_K",
            needs_grade=True,
        ),
        _enthalpy(
            "mixing_enthalpy_same_host", "mixing enthalpy, same host", _same_host, "mixing.same_host.dH_eV_per_site"
        ),
        _temperature(
            "mixing_temperature_same_host",
            "T_mix same host",
            _same_host,
            "T_mix_same_host",
            "mixing.same_host.T_mix_K",
            needs_grade=False,
        ),
        Quantity(
            name="formation_probability",
            title="forms",
            better="high",
            read=lambda document: None if document.formation is None else document.formation.probability,
            why_null=_why_unjudged,
            condition=_fired,
            note=NOTE,
            shown=Shown(unit="%", share=True, column=True),
        ),
        Quantity(
            name="formation_margin",
            title="margin",
            unit="eV/site",
            symbol="ΔG",
            better="low",
            read=_margin,
            sd=lambda document: document.dH_sd_eV_per_site,
            n=_configurations,
            sd_starts=lambda document: document.dH_sd_starts_eV_per_site,
            why_null=_why_unjudged,
            draws=lambda document: _drawn(document, "margin_draws"),
            derived=Derived(of="mixing_enthalpy", divisor=lambda _: 1.0),
            condition=_fired,
            shown=Shown(unit="meV per site", scale=1000, digits=1, sign=True),
        ),
        Quantity(
            name="energy_above_hull",
            title="energy above hull",
            unit="eV/atom",
            symbol="E_hull",
            better="low",
            read=lambda document: document.energy_above_hull_eV_per_atom,
            sd=lambda document: document.energy_above_hull_sd,
            n=_configurations,
            why_null=lambda document: document.competing.reason,
            shown=Shown(unit="meV per atom", scale=1000, digits=1),
        ),
        *_IN_OXYGEN,
    )
    marks = (
        Mark(
            name="left-host",
            letter="L",
            meaning="a cell is no longer the host and is left out",
            holds=lambda document, _: bool(document.left_out),
        ),
        Mark(
            name="bound",
            letter="B",
            meaning="the hull lacks known phases: its T_mix is a lower bound",
            holds=lambda document, _: document.competing.T_mix_K is not None and _bound(document),
        ),
        Mark(
            name="doubtful-phase",
            letter="D",
            meaning="a phase that decides is a model or has unverified data",
            holds=lambda document, _: bool(document.doubtful_phases),
        ),
        Mark(
            name="upper-end",
            letter="U",
            meaning="stable only up to a second temperature",
            holds=lambda document, _: any(
                part.T_stable_up_to_K is not None for part in (document.competing, document.same_host)
            ),
        ),
        Mark(
            name="approximate",
            letter="A",
            meaning="the cells only approximate the composition",
            holds=lambda document, _: document.deviation > _MORE,
        ),
    )

    def wants(self, block: MixingSpec, member: MemberSpec) -> Sequence[Want]:
        """Competing phases, members of the host with fewest species, how it is fired, errors, what is asked for."""
        del member
        asked = block.vibrations
        more: list[Want] = [] if block.oxygen is None else [OxygenOxides()]
        if asked is not None:
            more.append(Displacements(supercell=asked.supercell, displacement=asked.displacement))
        more += [Edges()] if block.solution else []
        return (Phases(), Vertices(), Firing(), Calibrated(), *more)

    def analyse(self, block: MixingSpec, member: MemberSpec, given: Given) -> MixingDoc:
        """Mixing of the candidate from the mean energy over its configurations."""
        own = [MemberResult(member, c.configuration, c.made, accept=given.accept) for c in given.cells]
        simplest, more, edges = (
            [_member(entry, given.accept) for entry in part] for part in (given.vertices, given.members, given.edges)
        )
        vibrations = None
        if block.vibrations is not None:
            vibrations = HullVibrations(
                own=[c.vibrations for c in given.cells], phases=dict(given.vibrations), highest=block.vibrations.highest
            )
        document = mixing_document(
            own,
            simplest,
            given.phases,
            given.errors.get("mixing"),
            "",
            members=more,
            given=[PhaseFacts(**facts) for facts in given.facts],
            temperatures=list(block.temperatures),
            vibrations=vibrations,
            oxygen=_oxygen(block, given),
            edges=edges,
            firing_temperature=given.firing_temperature,
            solution=block.solution,
            calibration=given.calibration,
            brought=[PhaseEntry(**entry) for entry in given.entries],
        )
        document.warnings += given.remarks
        return document

    def plain(self, block: MixingSpec) -> dict[str, Any]:
        """Options without the files of energies: what they hold comes with the phases."""
        return {key: value for key, value in super().plain(block).items() if key != "entries"}

    def remarks(self, result: MixingDoc) -> Sequence[str]:
        """Its warnings, and why there is no temperature."""
        reasons = [("competing", result.competing.reason), ("same_host", result.same_host.reason)]
        if result.oxygen is not None:
            reasons.append(("oxygen", result.oxygen.reason))
        return [*result.warnings, *(f"{name}: T_mix is null: {reason}" for name, reason in reasons if reason)]


def _oxygen(block: MixingSpec, given: Given) -> HullOxygen | None:
    if block.oxygen is None:
        return None
    return HullOxygen(given.oxides, block.oxygen.fired_at(given.firing_temperature), block.oxygen.pressure)


def _member(entry: Mapping[str, Any], accept: tuple[str, ...]) -> MemberResult:
    spec = MemberSpec.model_validate(entry["spec"])
    return MemberResult(spec, entry["configuration"], entry["calculation"], entry.get("vibrations"), accept)


ANALYSIS: Final = Mixing()
