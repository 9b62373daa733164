"""An analysis whose quantities are samples, and candidates that have them: what mixing knows under shared errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from hebe.analyses import Analysis, NoOptions, Quantity, Shown
from hebe.analyses.formation import NOTE
from hebe.analyses.quantity import Derived
from hebe.analyses.registry import own_analyses
from hebe.analyses.summary import values_of
from hebe.config.reading.units import celsius
from hebe.schemas.draws import Draws
from hebe.schemas.mixing import DecompositionPhase, Formation, MixingDoc, MixingResult
from support.candidate_documents import candidate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest
    from numpy.typing import ArrayLike

    from hebe.analyses.given import Given
    from hebe.analyses.wants import Want
    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.spec import MemberSpec

TEMPERATURE: Final = 1173.15


def _formation(document: MixingDoc) -> Formation:
    return document.formation or Formation(temperature_K=TEMPERATURE)


class Forming(Analysis[NoOptions, MixingDoc]):
    """Temperature, margin and probability of a document that is made by hand."""

    name: ClassVar[str] = "forming"
    title: ClassVar[str] = "forming"
    per = "candidate"
    Block = NoOptions
    Result = MixingDoc
    quantities = (
        Quantity(
            name="drawn_temperature",
            title="drawn temperature",
            unit="K",
            symbol="T_drawn",
            better="low",
            read=lambda document: document.competing.T_mix_K,
            sd=lambda document: document.T_mix_sd_configurations_K,
            n=lambda document: document.n_configurations,
            why_null=lambda document: document.competing.reason,
            error=lambda document, scale, ion: document.T_mix_sd_model_K,  # noqa: ARG005 - as of every quantity
            draws=lambda document: _formation(document).T_mix_draws_K,
            derived=Derived(of="drawn_margin", divisor=lambda document: document.competing.dS_eV_per_K_per_site),
            lower_bound=lambda document: document.hull_grade == "D",
            shown=Shown(unit="K", digits=0, total=True, column=True, least=0.0),
        ),
        Quantity(
            name="drawn_margin",
            title="margin",
            unit="eV/site",
            better="low",
            read=lambda document: _formation(document).margin_eV_per_site,
            sd=lambda document: document.dH_sd_eV_per_site,
            n=lambda document: document.n_configurations,
            draws=lambda document: _formation(document).margin_draws,
            condition=lambda _: f"at {celsius(TEMPERATURE)}",
            shown=Shown(unit="meV per site", scale=1000, digits=1, column=True),
        ),
        Quantity(
            name="drawn_probability",
            title="forms",
            better="high",
            read=lambda document: _formation(document).probability,
            condition=lambda _: f"at {celsius(TEMPERATURE)}",
            note=NOTE,
            shown=Shown(unit="%", share=True, column=True),
        ),
    )

    def wants(self, block: NoOptions, member: MemberSpec) -> Sequence[Want]:
        del block, member
        return ()

    def analyse(self, block: NoOptions, member: MemberSpec, given: Given) -> MixingDoc:
        del block, member, given
        return MixingDoc()


FORMING: Final = Forming()


def known_to_hebe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the analysis be one of the package's own."""
    monkeypatch.setitem(own_analyses(), FORMING.name, FORMING)


def formation(margin: ArrayLike | None, temperature: ArrayLike | None = None, **fields: Any) -> Formation:
    """Document of draws (eV per site and K); without draws there is no probability."""
    drawn = None if margin is None else np.asarray(margin, dtype=float)
    usual: dict[str, Any] = {
        "temperature_K": TEMPERATURE,
        "margin_eV_per_site": 0.004 if drawn is None else float(np.mean(drawn)),
        "margin_draws": None if drawn is None else Draws.of(drawn),
        "probability": None if drawn is None else float((drawn <= 0).mean()),
        "T_mix_draws_K": None if temperature is None else Draws.of(temperature),
        "decomposition": [DecompositionPhase(phase="NaFeO2", formula="NaFeO2", amount=0.5, source="host")],
        "solution": "complete",
        "error_source": None if drawn is None else "documented",
    }
    return Formation(**{**usual, **fields})


def forming(name: str, document: Formation | None, *, sd: float | None = None, **mixing: Any) -> RankedCandidate:
    """Candidate with a document of that formation; `sd` is over two configurations (eV per site)."""
    usual: dict[str, Any] = {
        "competing": MixingResult(T_mix_K=300.0, dH_eV_per_site=0.03, dS_eV_per_K_per_site=1e-4),
        "n_configurations": 2,
        "dH_sd_eV_per_site": sd,
        "formation": document,
        "hull_grade": "A",
    }
    result = MixingDoc(**{**usual, **mixing})
    plain = candidate(name, {}, results={FORMING.name: [result.model_dump(mode="json")]}, n_configurations=2)
    values: Mapping[str, Any] = values_of(FORMING, [result], plain)
    return plain.model_copy(update={"values": dict(values)})
