"""Candidates of a campaign as their latest stage left them, ranked; the documents behind an identifier."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hebe.science.analysis.promotion import objectives_of
from hebe.science.analysis.ranking import rank
from hebe.science.analysis.spread import standard_errors
from hebe.science.chemistry.screening import screen
from hebe.stores.builders import build_candidates
from hebe.stores.factory import open_collection

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from jobflow import JobStore
    from maggma.core.store import Store

    from hebe.config.campaign import Campaign


@dataclass(frozen=True)
class Results:
    """Ranked candidates of a campaign: plain documents, best first.

    ``promotions`` and ``agreement`` say, for each border of two stages, who went on and how far both stages agree.
    """

    campaign: str
    candidates: list[dict[str, Any]]
    promotions: list[dict[str, Any]] = field(default_factory=list)
    agreement: list[dict[str, Any]] = field(default_factory=list)

    def to_pandas(self) -> pd.DataFrame:
        """One row per candidate, nested keys joined by dots.

        Raises
        ------
        MissingDependencyError
            Without pandas.
        """
        from hebe.exceptions import MissingDependencyError

        try:
            import pandas as pd
        except ImportError as err:
            raise MissingDependencyError("pandas", "a table of results", "report") from err
        return pd.json_normalize(self.candidates)


def results_of(store: JobStore, campaign: Campaign) -> Results:
    """Ranked candidates of a campaign that a connected store holds; unfinished ones are left out."""
    wanted = {candidate.candidate_id for candidate in screen(campaign).selected}
    found = [doc for doc in update_candidates(store, campaign.name) if doc["candidate_id"] in wanted]
    promotions, agreement = (_borders(store, campaign, name) for name in ("promote", "agree"))
    latest = _latest_stages(found, promotions, len(campaign.stages))
    return Results(campaign.name, ranked([_contract(doc) for doc in latest], campaign), promotions, agreement)


def _candidates_store(store: JobStore) -> Store:
    return open_collection(store, "candidates", "candidate_id")


def update_candidates(store: JobStore, campaign: str) -> list[dict[str, Any]]:
    """Bring the candidates of a campaign up to date and return them."""
    candidates = _candidates_store(store)
    try:
        build_candidates(store, candidates, campaign)
        return list(candidates.query({"campaign": campaign}))
    finally:
        candidates.close()


def documents_called(store: JobStore, identifier: str) -> list[dict[str, Any]]:
    """Documents that an identifier may mean, candidates first."""
    candidates = _candidates_store(store)
    try:
        build_candidates(store, candidates)
        named = list(candidates.query({"candidate_id": identifier}))
    finally:
        candidates.close()
    if named:
        return [max(named, key=lambda d: (d["stage"], d["completed_at"]))]
    if len(identifier) < 8:
        return []
    exact = list(store.docs_store.query({"$or": [{"output.key": identifier}, {"uuid": identifier}]}))
    if not exact:
        prefix = {"$gte": identifier, "$lt": identifier + "~"}
        exact = list(store.docs_store.query({"$or": [{"output.key": prefix}, {"uuid": prefix}]}))
    return [_unwrapped(doc, identifier) for doc in exact]


def _unwrapped(doc: dict[str, Any], identifier: str) -> dict[str, Any]:
    """The calculation itself when asked by key, the job with its output when asked by job id."""
    output = doc["output"]
    if isinstance(output, dict) and str(output.get("key", "")).startswith(identifier):
        return output
    return doc


def _borders(store: JobStore, campaign: Campaign, kind: str) -> list[dict[str, Any]]:
    """Newest promotion or agreement at each border of two stages of a campaign."""
    newest: dict[int, dict[str, Any]] = {}
    criteria = {"metadata.campaign": campaign.name, "metadata.label": {"$in": _border_labels(campaign, kind)}}
    for found in store.docs_store.query(criteria, sort={"completed_at": 1}):
        newest[found["output"]["stage"]] = without_versions(found["output"])
    return [newest[number] for number in sorted(newest)]


def _border_labels(campaign: Campaign, kind: str) -> list[str]:
    return [f"border/s{number}/{kind}" for number in range(1, len(campaign.stages))]


def _latest_stages(
    found: Sequence[dict[str, Any]], promotions: Sequence[dict[str, Any]], n_stages: int
) -> list[dict[str, Any]]:
    """Document of each candidate after the last stage of the file that it was promoted to."""
    promoted = {doc["stage"]: {c["candidate_id"] for c in doc["candidates"] if c["promoted"]} for doc in promotions}
    latest: dict[str, dict[str, Any]] = {}
    for doc in sorted(found, key=lambda d: int(d["stage"])):
        stage = doc["stage"]
        if stage < n_stages and (stage == 0 or doc["candidate_id"] in promoted.get(stage, ())):
            latest[doc["candidate_id"]] = doc
    return list(latest.values())


def ranked(documents: Sequence[dict[str, Any]], campaign: Campaign) -> list[dict[str, Any]]:
    """Documents with their ``rank``, best first, unranked ones last.

    Candidates of a later stage come before those of an earlier one, and each stage is ranked in itself by the
    objectives that it computes: numbers of two stages are not compared.
    """
    result: list[dict[str, Any]] = []
    for number in range(len(campaign.stages) - 1, -1, -1):
        part = _with_errors([document for document in documents if document["stage"] == number])
        ranks = rank(part, objectives_of(campaign.rank, campaign.stages[number].analyses))
        above = sum(1 for document in result if document["rank"] is not None)
        for document, place in zip(part, ranks, strict=True):
            shown = {"candidate_id": document["candidate_id"], "rank": None, **document}
            result.append({**shown, "rank": None if place is None else above + place})
    return sorted(result, key=lambda d: (d["rank"] is None, d["rank"] or 0, d["candidate_id"]))


def _with_errors(documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Candidates of one stage with the standard errors of their means."""
    result = []
    for document, errors in zip(documents, standard_errors(documents), strict=True):
        own = {name: errors.pop(name) for name in ("dH_se_eV_per_site", "T_mix_se_configurations_K")}
        result.append({**document, **errors, "mixing": {**document["mixing"], **own}})
    return result


def _contract(document: dict[str, Any]) -> dict[str, Any]:
    """A candidate as ``hebe results --json`` prints it."""
    mixing = document["mixing"]
    plain = without_versions(document)
    inner = {name: plain["mixing"].get(name) for name in _MIXING}  # documents from before lack some
    inner["vibrations"] = plain["mixing"].get("vibrations")
    taken = {name: plain.get(name) for name in _DIRECT} | {name: plain.get(name) or [] for name in _LISTS}
    lifted = {name: mixing[name] for name in ("energy_above_hull_eV_per_atom", "hull_phases", "hull_grade")}
    lifted["hull_models"] = mixing.get("hull_models", [])
    return {**taken, **lifted, "mixing": inner}


def without_versions(value: Any) -> Any:
    """A document without what is only for machines: versions of schemas, names of classes."""
    if isinstance(value, dict):
        return {k: without_versions(v) for k, v in value.items() if k != "schema_version" and not k.startswith("@")}
    return [without_versions(item) for item in value] if isinstance(value, list) else value


_DIRECT = (
    "candidate_id",
    "stage",
    "status",
    "formula",
    "family",
    "working_ion",
    "x_made",
    "composition",
    "entropy_R",
    "descriptors",
    "engine",
    "energy_scale",
    "configuration",
    "n_configurations",
    "n_values",
    "average_voltage_V",
    "average_voltage_V_sd",
    "average_voltage_V_sd_starts",
    "average_voltage_V_error",
    "voltage_profile",
    "x_states",
    "capacity_theoretical_mAh_g",
    "capacity_redox_mAh_g",
    "capacity_window_mAh_g",
    "max_volume_strain",
    "max_volume_strain_sd",
    "max_volume_strain_sd_starts",
    "max_volume_strain_error",
    "volume_strain_at_max",
    "max_delta_volume",
    "max_delta_volume_sd",
    "calculations",
)
_LISTS = ("marks", "states_left", "warnings")
_MIXING = (
    "competing",
    "same_host",
    "sites_per_fu",
    "atoms_per_fu",
    "dH_sd_eV_per_site",
    "dH_sd_starts_eV_per_site",
    "left_out",
    "doubtful_phases",
    "deviation",
    "energy_above_hull_sd",
    "T_mix_sd_configurations_K",
    "T_mix_se_configurations_K",
    "T_mix_sd_model_K",
)
