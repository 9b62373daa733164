"""The score: numbers of the literature beside what was computed of the same material, with the error and a verdict."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hebe.science.literature.figures import computed_figure, reproduces
from hebe.science.literature.orderings import order_found
from hebe.science.literature.system import load_systems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hebe.science.literature.system import Target


@dataclass(frozen=True)
class Line:
    """One number of the literature beside a computed one.

    ``verdict`` is ``reproduced``, ``off by ...`` or ``cannot: ...``; ``allowed`` is the documented error of the engine
    on the quantity, None for exact figures and where it is not known. ``level`` is that of the target, or M of what
    was measured and is no target. ``found`` says what was computed for an ordering.
    """

    target_id: str
    level: str
    quantity: str
    printed: str
    unit: str
    computed: float | None
    error: float | None
    allowed: float | None
    verdict: str
    materials: tuple[str, ...] = ()
    found: str = ""

    def document(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def score_line(target: Target, results: Mapping[str, Mapping[str, Any]]) -> Line:
    """Verdict on one target.

    Parameters
    ----------
    target
        Of level E, D or Q.
    results
        Id of a material -> its candidate as results print it, of those that were computed.
    """
    if target.level == "E":
        return _exact(target)
    if target.level == "Q":
        return _ordering(target, results)
    reason = next((why for pattern, why in _CANNOT if re.fullmatch(pattern, target.target_id)), None)
    reader = next((read for pattern, read in _READERS if re.fullmatch(pattern, target.quantity)), None)
    if reason is None and reader is None:
        reason = "no analysis gives it"
    known = [name for name in target.system_ids if name in load_systems()]
    if reason is None and not known:
        reason = "the material is not in the table"
    done = next((results[name] for name in known if name in results), None)
    if reason is None and done is None:
        reason = "the material was not computed"
    if reason is not None or reader is None or done is None:
        return _line(target, None, None, None, f"cannot: {reason}")
    value, allowed = reader(done)
    if value is None:
        return _line(target, None, None, None, f"cannot: {done.get('problem') or 'the result has no value'}")
    error = value - float(target.value)
    return _line(target, value, error, allowed, verdict_on(error, allowed, target.unit))


def verdict_on(error: float, allowed: float | None, unit: str) -> str:
    """``reproduced`` within the error that is allowed, else ``off by``."""
    near = allowed is not None and abs(error) <= allowed
    return "reproduced" if near else f"off by {error:+.3g} {unit}"


def _ordering(target: Target, results: Mapping[str, Mapping[str, Any]]) -> Line:
    reason = next((why for pattern, why in _CANNOT if re.fullmatch(pattern, target.target_id)), None)
    found = order_found(target.target_id, results)
    if found is None or found.holds is None:
        reason = found.text if found else reason or "no analysis gives it"
        return _line(target, None, None, None, f"cannot: {reason}")
    verdict = "reproduced" if found.holds else "off by its order"
    return replace(_line(target, None, None, None, verdict), found=found.text)


def _exact(target: Target) -> Line:
    value = computed_figure(target)
    if value is None:
        return _line(target, None, None, None, "cannot: it takes more than the composition")
    error = value - float(target.value)
    verdict = "reproduced" if reproduces(target, value) else f"off by {error:+.3g} {target.unit}"
    return _line(target, value, error, None, verdict)


def _line(target: Target, value: float | None, error: float | None, allowed: float | None, verdict: str) -> Line:
    return Line(
        target_id=target.target_id,
        level=target.level,
        quantity=target.quantity,
        printed=target.value,
        unit=target.unit,
        computed=value,
        error=error,
        allowed=allowed,
        verdict=verdict,
        materials=target.system_ids,
    )


def _voltage(result: Mapping[str, Any]) -> tuple[float | None, float | None]:
    return result["average_voltage_V"], result.get("average_voltage_V_error")


def _strain(result: Mapping[str, Any]) -> tuple[float | None, float | None]:
    value, error = result["max_volume_strain"], result.get("max_volume_strain_error")
    return (None if value is None else 100 * value), (None if error is None else 100 * error)


def _linear(result: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Strain of the edge of a cubic cell (%) from that of its volume."""
    value, error = _strain(result)
    return (None if value is None else 100 * ((1 + value / 100) ** (1 / 3) - 1)), (error / 3 if error else None)


def _largest_edge(result: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Largest edge (A) of a cubic cell of four formula units among the states that are the host."""
    volumes = [state["volume_A3_per_fu"] for state in result["x_states"] if not state["left"]]
    return ((4 * max(volumes)) ** (1 / 3) if volumes else None), None


def _mixing_temperature(result: Mapping[str, Any]) -> tuple[float | None, float | None]:
    found = result["mixing"]["competing"]
    return (None if found is None else found["T_mix_K"]), result.get("mixing_temperature_K_error")


def _mixing_enthalpy(result: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Per formula unit; its error is that of the mixing temperature times the ideal entropy."""
    found, sites = result["mixing"]["competing"], result["mixing"]["sites_per_fu"]
    if found is None or found["dH_eV_per_site"] is None:
        return None, None
    error = result.get("mixing_temperature_K_error")
    return found["dH_eV_per_site"] * sites, (None if error is None else error * found["dS_eV_per_K_per_site"] * sites)


_READERS: Final[tuple[tuple[str, Callable[[Mapping[str, Any]], tuple[float | None, float | None]]], ...]] = (
    (r"mean discharge voltage|working voltage|working potential of fluorinated HEO", _voltage),
    (r"volume expansion|volume strain", _strain),
    (r"linear strain", _linear),
    (r"largest cubic lattice parameter", _largest_edge),
    (r"(lower|upper) mixing temperature", _mixing_temperature),
    (r"enthalpy of mixing implied at .*", _mixing_enthalpy),
)
"""Quantity of a target -> value and documented error in a result."""

_CANNOT: Final[tuple[tuple[str, str], ...]] = (
    (r"ions-.*", "what a cell gives between voltages at a rate follows from kinetics too"),
    (r"vmean-na-o3-nalfcnm", "its printed composition is not neutral"),
    (r"d-v-hekpba", "the cell is against sodium, the composition holds potassium"),
    (r"d-barrier-.*|d-obarrier", "its campaign computes no barriers"),
    (r"d-v-(si|graphite|hem|vox)", "plateaus of alloying and conversion take phases that form"),
    (r"d-facet-kmo", "no analysis of surfaces"),
    (r"q-ord-redox-pair", "the ladder of drx takes it from this review, so that it would confirm itself"),
    (r"q-ord-ni-role", "the ladder of pba is data from articles, not computed"),
    (r"q-ord-b-layer|q-ord-thermal-cumgti", "a printed composition does not sum to its sites"),
    (r"q-ord-o3p3-delay|q-ord-nfmczs-path|q-ord-pillar|q-ord-p2-op4", "other stackings of it are not computed"),
    (
        r"q-ord-p3o3.*|q-ord-mts-ea|q-ord-.*barrier|q-ord-nfpp|q-ord-kmo|q-ord-mps3-path",
        "its campaign computes no barriers",
    ),
    (r"q-ord-dna-k|q-ord-dli|q-ord-zeng|q-ord-garnet-me|q-ord-inzn", "its campaign runs no molecular dynamics"),
    (r"q-ord-(icohp|o-mag|o2p-fermi|d-band|lumo|ovac-gap)", "a potential has no electronic structure"),
    (r"q-ord-(tet|zn-coat|hea-li)", "no analysis of liquids or surfaces"),
    (r"q-ord-(hepba-cu|pw|p-rate)", "the material is not in the table"),
)
"""Id of a target -> why it cannot be computed."""


def wilson_interval(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Interval of a share (Wilson, J. Am. Stat. Assoc. 22, 209 (1927)); 0 to 1 without trials.

    Parameters
    ----------
    successes, trials
        Counts.
    z
        Standard deviations: 1.96 for 95 %.
    """
    if not trials:
        return 0.0, 1.0
    share, weight = successes / trials, z * z / trials
    middle = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / trials + weight / (4 * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


_GROUPS: Final = (
    ("voltage", r".*(voltage|potential).*"),
    ("edge of the cell", r"a|b|c|largest cubic lattice parameter"),
    ("volume", r"volume"),
    ("change of volume or length", r"volume (change|strain|expansion)|linear strain"),
    ("mixing temperature", r".*mixing temperature.*"),
    ("enthalpy of mixing", r"enthalpy of mixing.*"),
)
"""Kind of quantity, and which quantities it comprises."""


def summary(lines: Iterable[Line]) -> dict[str, Any]:
    """Figures of a score.

    Returns
    -------
    dict
        ``by_level``: level -> verdict (without numbers) -> how many; ``errors``: kind of quantity -> mean absolute and
        mean error, both also relative (%), number, and how many are within the error of the engine, of what was
        computed with one; ``exact_share`` and ``order_share``: exact figures and orderings reproduced of those decided,
        with the interval of the share.
    """
    every = list(lines)
    by_level: dict[str, dict[str, int]] = {}
    for line in every:
        counts = by_level.setdefault(line.level, {})
        kind = re.split(r"[ :]", line.verdict, maxsplit=1)[0]
        counts[kind] = counts.get(kind, 0) + 1
    computed = [line for line in every if line.level in "DM" and line.error is not None]
    groups = {name: [one for one in computed if re.fullmatch(pattern, one.quantity)] for name, pattern in _GROUPS}
    return {
        "by_level": by_level,
        "errors": {name: _errors(found) for name, found in groups.items() if found},
        "exact_share": _share([line for line in every if line.level == "E" and line.computed is not None]),
        "order_share": _share([line for line in every if line.level == "Q" and line.found]),
    }


def _errors(lines: list[Line]) -> dict[str, Any]:
    errors = [line.error for line in lines if line.error is not None]
    parts = [100 * line.error / abs(float(line.printed)) for line in lines if line.error is not None]
    return {
        "unit": re.split(r"[ /]", lines[0].unit)[0],
        "mean_absolute": math.fsum(map(abs, errors)) / len(errors),
        "mean": math.fsum(errors) / len(errors),
        "mean_absolute_percent": math.fsum(map(abs, parts)) / len(parts),
        "mean_percent": math.fsum(parts) / len(parts),
        "n": len(errors),
        "reproduced": sum(line.verdict == "reproduced" for line in lines),
    }


def _share(lines: list[Line]) -> dict[str, Any]:
    right = sum(line.verdict == "reproduced" for line in lines)
    return {"reproduced": right, "of": len(lines), "interval": wilson_interval(right, len(lines))}
