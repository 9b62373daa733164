"""Input folders of VASP for the calculations of a campaign, and finished folders taken into the store."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from jobflow import Flow, Job
from monty.json import jsanitize

from hebe.campaigns.api import as_campaign, project_store
from hebe.campaigns.place import project_root, start_of
from hebe.campaigns.selection import with_selection
from hebe.config.engines import EngineSpec
from hebe.engines.registry import get_engine
from hebe.engines.vasp import VaspEngine
from hebe.engines.vasp.adoption import RECORD, read_input, read_result, write_folder
from hebe.engines.vasp.inputs import Job as VaspJob
from hebe.engines.vasp.last_run import has_output, last_run
from hebe.exceptions import BadInputError, EngineError
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.flows.stage import stage_jobs
from hebe.launchers import local
from hebe.launchers.records import Records
from hebe.makers.calculation import CalculationMaker, calculation_key
from hebe.makers.identity import NAMESPACE
from hebe.makers.relax import RelaxMaker
from hebe.makers.start import Start
from hebe.makers.static import StaticMaker
from hebe.science.keys import structure_hash
from hebe.stores.cache import lookup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jobflow import JobStore

    from hebe.config.campaign import Campaign
    from hebe.schemas.calculation import CalculationDoc

__all__ = ["adopt", "engine_of", "write_inputs"]

_ENGINE: Final = "vasp"
_WORDS: Final = 400


def write_inputs(campaign: Campaign | str | Path, folder: Path, *, start: Path | None = None) -> dict[str, Any]:
    """Write the input of every VASP calculation of a campaign whose start is known, one folder each.

    Cells are built and orderings chosen first, which needs no VASP; what starts from calculations that are not there
    yet is left for a later call.

    Parameters
    ----------
    folder
        Where the folders are made; one that exists already is written anew unless it holds output.

    Returns
    -------
    dict
        ``written`` (folder, key, label of each); numbers of those that are ``finished`` or ``failed``, that are
        ``waiting`` for others, and whose folder is there ``with_output``; ``missing_potcars``.
    """
    chosen = as_campaign(campaign)
    engine_of(chosen)
    if folder.exists() and not folder.is_dir():
        raise BadInputError("this is a file, not a folder", file=folder, key="output")
    start = start_of(chosen, start)
    chosen = with_selection(chosen, start)
    store = project_store(start)
    try:
        if chosen.stages[0].engine.name == _ENGINE:
            _build(chosen, store, project_root(start))
        found: dict[str, Any] = {
            "campaign": chosen.name,
            "written": [],
            "finished": 0,
            "failed": 0,
            "waiting": 0,
            "with_output": 0,
        }
        lacking: set[str] = set()
        for job in _calculations(chosen, store, project_root(start)):
            lacking |= set(_write(job, store, folder, found))
    finally:
        store.close()
    return {**found, "missing_potcars": sorted(lacking)}


def _build(campaign: Campaign, store: JobStore, root: Path) -> None:
    """Run what needs no calculation: cells and orderings of the first stage."""
    jobs = stage_jobs(campaign, 0, campaign_members(campaign))
    known: set[str] = set()
    wanted: list[Job | Flow] = []
    for job in jobs:
        if not isinstance(job.maker, CalculationMaker) and set(job.input_uuids) <= known:
            known.add(job.uuid)
            wanted.append(job)
    if wanted:
        local.run(Flow(wanted, name=f"{campaign.name} cells"), store=store, workers=1, progress=False, root=root)


def _calculations(campaign: Campaign, store: JobStore, root: Path) -> Iterator[Job]:
    """Calculations with VASP of all stages that are decided."""
    flow = campaign_flow(campaign)
    asked = Records.beside(store.docs_store, root).asked([job.uuid for job in flow.jobs])
    seen: set[str] = set()
    for part in (flow, *asked):
        for job in part.jobs:
            if isinstance(job, Job) and isinstance(job.maker, CalculationMaker) and job.uuid not in seen:
                seen.add(job.uuid)
                if job.maker.engine.get("name") == _ENGINE:
                    yield job


def _write(job: Job, store: JobStore, folder: Path, found: dict[str, Any]) -> list[str]:
    maker = job.maker
    assert isinstance(maker, CalculationMaker)  # noqa: S101 - so they were chosen
    known = store.docs_store.query_one({"uuid": job.uuid}, ["output.status"])
    status = None if known is None else known["output"].get("status", "converged")
    if status not in (None, "cut"):
        found["failed" if status == "failed" else "finished"] += 1
        return []
    if any(store.docs_store.query_one({"uuid": one}, ["uuid"]) is None for one in set(job.input_uuids)):
        found["waiting"] += 1
        return []
    resolved = job.resolve_args(store, inplace=False)
    positional, named = list(resolved.function_args), dict(resolved.function_kwargs)
    label = named.pop("label", "")
    begin, _ = maker.start_of(*positional, **named)
    if begin is None:
        found["finished"] += 1  # a slot that has nothing to calculate
        return []
    spec, task = maker.block, maker.task
    engine = get_engine(spec)
    assert isinstance(engine, VaspEngine)  # noqa: S101 - the name said so
    key, structure = calculation_key(engine, task, begin), begin.structure
    if lookup(store, key) is not None:
        found["finished"] += 1
        return []
    path = folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', label).strip('-')}-{key[:8]}"
    if (path / "OUTCAR").exists() or (path / "OUTCAR.gz").exists():
        found["with_output"] += 1
        return []
    facts = {"key": key, "label": label, "engine": maker.engine, "family": maker.family}
    if begin.derived is not None:
        facts |= {"derived": dict(begin.derived), "coordinates": structure_hash(structure)}
    lacking = write_folder(engine, VaspJob(task.identity()["task"], spec.fmax, spec.steps), structure, path, facts)
    found["written"].append({"folder": str(path), "key": key, "label": label, "atoms": len(structure)})
    return lacking


def adopt(
    folder: Path, *, engine: str | dict[str, Any] | None = None, dry_run: bool = False, start: Path | None = None
) -> dict[str, Any]:
    """Take finished folders of VASP into the store of the project.

    Parameters
    ----------
    folder
        A folder with VASP's files, or one that holds such folders at any depth.
    engine
        Engine block for folders that ``hebe inputs`` did not write; ``vasp`` by default.
    dry_run
        Only say what would be taken.

    Returns
    -------
    dict
        ``adopted`` (folder, key, label, energy_eV), ``known`` (in the store already), ``refused`` (folder, reason).
    """
    places = sorted(_places(folder))
    if not places:
        raise BadInputError("there is no folder with an OUTCAR", file=folder)
    report: dict[str, Any] = {"adopted": [], "known": [], "refused": []}
    store = project_store(start)
    try:
        for place in places:
            document = _taken(place, engine or _ENGINE)
            if isinstance(document, BadInputError):
                reason, hint = document.reason, document.suggestion
                report["refused"].append({"folder": str(place), "reason": reason, "suggestion": hint})
                continue
            known = lookup(store, document.key) is not None
            entry = {
                "folder": str(place),
                "key": document.key,
                "label": document.label,
                "energy_eV": document.energy_eV,
            }
            report["known" if known else "adopted"].append(entry)
            if not known and not dry_run:
                _store(store, document)
    finally:
        store.close()
    return report


def engine_of(campaign: Campaign | str | Path) -> dict[str, Any]:
    """Engine block of the first stage of a campaign that computes with VASP.

    Raises
    ------
    BadInputError
        If there is none.
    """
    chosen = as_campaign(campaign)
    for stage in chosen.stages:
        if stage.engine.name == _ENGINE:
            return stage.engine.of_calculations()
    raise BadInputError(f"no stage of {chosen.name} computes with VASP", key="stages.engine")


def _places(folder: Path) -> Iterator[Path]:
    """Folders with output; attempts in run folders of Hebe are not looked into."""
    if not folder.is_dir():
        raise BadInputError("there is no such folder", file=folder)
    found = {path.parent for path in folder.rglob("OUTCAR*") if has_output(path)}
    yield from (path for path in found if not (path / "attempt.json").exists())


def _taken(place: Path, engine: str | dict[str, Any]) -> CalculationDoc | BadInputError:
    """Document of a folder, or why it cannot be taken: whatever is in one folder is no end of the others."""
    seen = str(place)
    try:
        with last_run(place) as view:
            seen = str(view)
            document = _document(view, engine, place.name)
    except BadInputError as err:
        reason, hint = err.reason, err.suggestion
    except EngineError as err:
        reason, hint = err.reason, None
    except Exception as err:  # noqa: BLE001 - parsers raise whatever a file of another version or half a file leads to
        reason, hint = f"it cannot be read: {type(err).__name__}: {err}", None
    else:
        return document.model_copy(update={"run_dir": str(place.absolute())})
    return BadInputError(" ".join(reason.replace(seen, str(place)).split())[:_WORDS], file=place, suggestion=hint)


def _document(place: Path, engine: str | dict[str, Any], name: str) -> CalculationDoc:
    """Document of the files of a finished run; `name` is its label where the record has none.

    Raises
    ------
    BadInputError
        If it cannot be taken.
    """
    given = EngineSpec.model_validate(engine)
    found = read_input(place, given.fmax)
    facts = found.facts
    try:
        spec = EngineSpec.model_validate(facts["engine"]) if "engine" in facts else given
    except ValueError as err:
        reason = f"{RECORD} has an engine block that this version does not know"
        raise BadInputError(reason, file=place, suggestion="write the input anew with hebe inputs") from err
    made = get_engine(spec)
    if not isinstance(made, VaspEngine):
        raise BadInputError(f"{made.name} has no folders to take in", key="engine", suggestion="vasp")
    result = read_result(made, found)
    plain = spec.of_calculations()
    if found.job.task == "static":
        maker: CalculationMaker = StaticMaker(engine=plain, family=facts.get("family"))
    else:
        maker = RelaxMaker(engine=plain, family=facts.get("family"), cell=found.job.task == "relax")
    begin = Start(found.start, facts.get("derived"))
    document = maker.document(result, begin, str(facts.get("label") or name))
    moved = facts.get("coordinates") not in (None, structure_hash(found.start))
    if moved or facts.get("key") not in (None, document.key):
        raise BadInputError("its input was written with other settings or another version", file=place)
    if document.status != "converged":
        reason = document.error.message if document.error else document.status
        raise BadInputError(f"its cell is not usable: {reason}", file=place)
    return document


def _store(store: JobStore, document: CalculationDoc) -> None:
    """Write a document as the output of a job that nobody has to run."""
    output = jsanitize(document, strict=True, enum_values=True)
    stored = {
        "uuid": str(uuid.uuid5(NAMESPACE, f"adopted {document.key}")),
        "index": 1,
        "output": output,
        "completed_at": datetime.now(UTC).isoformat(),
        "metadata": {"adopted": True, "label": document.label},
        "hosts": [],
        "name": f"adopted {document.label}",
    }
    store.update(stored, key=["uuid", "index"])
