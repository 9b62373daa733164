"""Collections beside the outputs that other tools query: ``candidates``, ``electrodes``, ``mixing`` and ``phases``.

Each is kept by a builder of maggma, in steps that may be repeated: what a document was built from is noted in it, and
only what has changed since is built again. They work on every store that outputs may be in.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar, Final

from maggma.core import Builder
from pydantic import ValidationError
from pymatgen.core import Structure

from hebe.analyses.before import candidate_of
from hebe.analyses.mixing import ANALYSIS as MIXING
from hebe.analyses.voltage import ANALYSIS as VOLTAGE
from hebe.campaigns.contract import without_versions
from hebe.config.decoding import require_data
from hebe.exceptions import MissingDependencyError
from hebe.launchers.campaign_jobs import jobs_of_campaigns
from hebe.launchers.records import Records
from hebe.science.hulls.competing import load_phases
from hebe.stores.builders import build_candidates
from hebe.stores.content import content_of
from hebe.stores.factory import open_collection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from jobflow import JobStore
    from maggma.core.store import Store

    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.electrode import VoltageDoc

    Document = dict[str, Any]

BUILT_FROM: Final = "built_from"
"""Field with the content of what a document was built from."""

_VERSION: Final = 1
_BATCH: Final = 100
_SHARED: Final = "shared/"
_OF_CANDIDATE: Final = ("campaign", "candidate_id", "stage", "formula", "family", "engine", "energy_scale")


class CandidateBuilder(Builder):
    """Builds one document for each candidate of a store.

    Parameters
    ----------
    outputs
        Store of outputs.
    candidates
        Collection of candidates, as `build_candidates` keeps it.
    target
        Collection that is built.
    campaign
        Only of this campaign; of all without one.
    """

    name: ClassVar[str]
    key: ClassVar[str] = "id"

    def __init__(self, outputs: Store, candidates: Store, target: Store, campaign: str | None = None) -> None:
        self.outputs, self.candidates, self.target, self.campaign = outputs, candidates, target, campaign
        super().__init__(sources=[outputs, candidates], targets=[target], chunk_size=_BATCH)

    def get_items(self) -> Iterator[Document]:
        """Candidates whose documents are not there, or were built from others."""
        criteria = {} if self.campaign is None else {"campaign": self.campaign}
        known = {one[self.key]: one.get(BUILT_FROM) for one in self.target.query(criteria, [self.key, BUILT_FROM])}
        for document in self.candidates.query(criteria):
            plain = {name: value for name, value in document.items() if name != "_id"}
            mark = content_of([_VERSION, self.name, plain])
            if known.get(identifier_of(plain)) != mark:
                yield {**plain, BUILT_FROM: mark}

    def process_item(self, item: Document) -> list[Document]:
        """Documents of a candidate; none where it has nothing of this kind, or is damaged."""
        try:
            candidate = candidate_of({name: value for name, value in item.items() if name != BUILT_FROM})
            found = self.documents(candidate, str(item.get("job_id") or ""))
        except (ValidationError, ValueError, KeyError, TypeError):
            return []
        head = {self.key: identifier_of(item), BUILT_FROM: item[BUILT_FROM]}
        return [{**{name: item.get(name) for name in _OF_CANDIDATE}, **head, **one} for one in found]

    def documents(self, candidate: CandidateDoc, job: str) -> Iterable[Document]:
        """What is built of a candidate, whose document a job has made."""
        raise NotImplementedError

    def update_targets(self, items: list[list[Document]]) -> None:
        """Store what was built."""
        found = [one for several in items for one in several]
        if found:
            self.target.update(found, key=self.key)


def identifier_of(document: Mapping[str, Any]) -> str:
    """Name of the document of a candidate among those of all campaigns and stages."""
    return f"{document['campaign']}/{document['candidate_id']}/s{document['stage']}"


class MixingBuilder(CandidateBuilder):
    """Mixing of each candidate against competing phases and the same host, with samples as their intervals."""

    name = "mixing"

    def documents(self, candidate: CandidateDoc, job: str) -> Iterable[Document]:
        """Result of the mixing of a candidate."""
        del job
        result = MIXING.best(candidate)
        return [] if result is None else [without_versions(result.model_dump(mode="json"))]


class ElectrodeBuilder(CandidateBuilder):
    """Insertion electrode of each candidate as emmet's ``InsertionElectrodeDoc``, by pymatgen from the stored cells.

    The cells are those of the profile, of the configuration of lowest energy. Their ids are those that emmet admits,
    made from the keys of the calculations; ``calculations`` says which is which.
    """

    name = "electrodes"

    def documents(self, candidate: CandidateDoc, job: str) -> Iterable[Document]:
        """Electrode of a candidate."""
        voltage, ion = VOLTAGE.best(candidate), candidate.working_ion
        if voltage is None or ion is None:
            return []
        keys = keys_of_profile(voltage)
        metal = self._metal(job, ion)
        if len(keys) < 2 or metal is None:
            return []
        cells = [one for key in keys if (one := self._calculation({"output.key": key})) is not None]
        return [electrode_document(cells, metal)] if len(cells) == len(keys) else []

    def _calculation(self, criteria: Document) -> Document | None:
        found = self.outputs.query_one({**criteria, "output.status": "converged"}, ["output"])
        return None if found is None else dict(found["output"])

    def _metal(self, job: str, ion: str) -> Document | None:
        """Calculation of the metal that the voltages of a candidate were taken against."""
        for uuid in sources_of(self.outputs, job, "VoltageDoc"):
            for source in sources_of(self.outputs, uuid, "CalculationDoc", label=_SHARED):
                found = self._calculation({"uuid": source})
                if found is not None and set(_structure(found).composition.chemical_system_set) == {ion}:
                    return found
        return None


class PhaseBuilder(CandidateBuilder):
    """Phases and compositions of the host that candidates were compared with, as they were computed."""

    name = "phases"
    key = "key"

    def get_items(self) -> Iterator[Document]:
        """Calculations of phases that are not in the collection yet."""
        known = {one[self.key] for one in self.target.query({}, [self.key])}
        criteria = {} if self.campaign is None else {"campaign": self.campaign}
        jobs = [str(one["job_id"]) for one in self.candidates.query(criteria, ["job_id"]) if one.get("job_id")]
        for uuid in sorted({source for job in jobs for source in self._phases_of(job)}):
            found = self.outputs.query_one({"uuid": uuid, "output.status": "converged"}, ["output", "metadata"])
            if found is not None and found["output"].get("key") not in known:
                yield found

    def process_item(self, item: Document) -> list[Document]:
        """Document of a phase."""
        output, label = item["output"], str(item["metadata"]["label"]).removeprefix(_SHARED)
        structure, name = _structure(output), label.partition("/")[0]
        listed = next((phase for phase in load_phases() if phase.id == name), None)
        return [
            {
                "key": output["key"],
                "phase": name,
                "of_host": "/" in label,
                "formula": structure.composition.reduced_formula,
                "chemsys": structure.composition.chemical_system,
                "engine": output["engine"],
                "energy_scale": output["energy_scale"],
                "energy_eV_per_atom": output["energy_eV"] / len(structure),
                "volume_A3_per_atom": structure.volume / len(structure),
                "n_atoms": len(structure),
                "sources": [] if listed is None else list(listed.sources),
                "doubt": None if listed is None else listed.doubt,
                "structure": structure.as_dict(),
            }
        ]

    def _phases_of(self, job: str) -> set[str]:
        mixing = sources_of(self.outputs, job, "MixingDoc")
        return {one for uuid in mixing for one in sources_of(self.outputs, uuid, "CalculationDoc", label=_SHARED)}


def sources_of(outputs: Store, uuid: str, kind: str, *, label: str = "") -> list[str]:
    """Jobs whose outputs a job has read, of one class and with a label that begins so."""
    found = outputs.query_one({"uuid": uuid}, ["made_from.each"]) or {}
    uuids = sorted({str(pair[0]) for pair in (found.get("made_from") or {}).get("each") or ()})
    rows = outputs.query({"uuid": {"$in": uuids}}, ["uuid", "output.@class", "metadata.label"])
    return [
        str(row["uuid"])
        for row in rows
        if (row.get("output") or {}).get("@class") == kind
        and str((row.get("metadata") or {}).get("label") or "").startswith(label)
    ]


def keys_of_profile(voltage: VoltageDoc) -> list[str]:
    """Keys of the calculations at the contents between the ends of a voltage profile."""
    ends = [x for step in voltage.voltage_profile for x in (step.x_low, step.x_high)]
    if not ends:
        return []
    inside = [state for state in voltage.x_states if min(ends) <= state.x <= max(ends) and not state.left]
    return [state.calculation for state in inside if state.calculation is not None]


def electrode_document(cells: Iterable[Mapping[str, Any]], metal: Mapping[str, Any]) -> Document:
    """Document of an insertion electrode as emmet has it, with the keys of its calculations beside it.

    Raises
    ------
    MissingDependencyError
        Without emmet.
    """
    try:
        from emmet.core.electrode import InsertionElectrodeDoc
    except ImportError as err:
        raise MissingDependencyError("emmet-core", "the collection of electrodes", "emmet") from err
    entries = [_entry(cell) for cell in cells]
    document = InsertionElectrodeDoc.from_entries(entries, _entry(metal))
    if document is None:
        raise ValueError("no two cells make an electrode")
    plain: Document = document.model_dump(mode="json", exclude={"electrode_object"})
    return {**plain, "calculations": {entry.data["material_id"]: entry.entry_id for entry in entries}}


def _entry(calculation: Mapping[str, Any]) -> Any:
    """Entry of pymatgen with an id that emmet admits: the first 56 bits of the key in letters."""
    from emmet.core.mpid import AlphaID
    from pymatgen.entries.computed_entries import ComputedStructureEntry

    key = str(calculation["key"])
    name = str(AlphaID(int(key[:14], 16), prefix="hebe", padlen=8))
    data = {"material_id": name, "energy_scale": calculation["energy_scale"]}
    return ComputedStructureEntry(_structure(calculation), calculation["energy_eV"], data=data, entry_id=key)


def _structure(output: Mapping[str, Any]) -> Structure:
    """Relaxed structure of a calculation without oxidation states: entries of one compound have one composition."""
    found = output["structure"]
    if not isinstance(found, Structure):
        require_data(found, "a structure of the store")
        found = Structure.from_dict(found)
    plain: Structure = found.copy()
    plain.remove_oxidation_states()
    return plain


BUILDERS: Final[tuple[type[CandidateBuilder], ...]] = (ElectrodeBuilder, MixingBuilder, PhaseBuilder)
"""Builders beside that of candidates."""


def build(store: JobStore, root: Path, campaign: str | None = None) -> dict[str, int]:
    """Bring all collections up to date; how many documents of each were written.

    Parameters
    ----------
    store
        Connected store of outputs.
    root
        Its project, for the records of stores that hold none.
    campaign
        Only of this campaign; of all without one.
    """
    with closing(Records.beside(store.docs_store, root)) as records:
        current = set[str]().union(*jobs_of_campaigns(records).values())
    with closing(open_collection(store, "candidates", "candidate_id")) as candidates:
        written = {"candidates": build_candidates(store, candidates, campaign, current)}
        for kind in BUILDERS:
            with closing(open_collection(store, kind.name, kind.key)) as target:
                written[kind.name] = _run(kind(store.docs_store, candidates, target, campaign))
    return written


def _run(builder: CandidateBuilder) -> int:
    """Run a builder on stores that stay connected."""
    written, batch = 0, list[list[Any]]()
    for item in builder.get_items():
        batch.append(builder.process_item(item))
        if len(batch) == _BATCH:
            builder.update_targets(batch)
            written, batch = written + sum(map(len, batch)), []
    builder.update_targets(batch)
    return written + sum(map(len, batch))
