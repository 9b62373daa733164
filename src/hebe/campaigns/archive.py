"""A finished campaign as an RO-Crate: file, candidates, documents, structures, versions and licence in one folder.

RO-Crate Metadata Specification 1.1 (https://w3id.org/ro/crate/1.1): ``ro-crate-metadata.json`` says in JSON-LD, with
the vocabulary of schema.org, what each file is and how it came about. A repository takes the folder, or the zip of it.
"""

from __future__ import annotations

import gzip
import zipfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from hebe.campaigns.api import project_store, results
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.place import start_of
from hebe.campaigns.structure_files import STRUCTURE_FORMATS, structure_text
from hebe.config.decoding import require_data
from hebe.exceptions import BadInputError
from hebe.stores.cache import lookup
from hebe.stores.copying import belonging, outputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jobflow import JobStore
    from pymatgen.core import Structure

    from hebe.schemas.candidate import RankedCandidate

METADATA: Final = "ro-crate-metadata.json"
LICENCES: Final = {
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
}
"""Licences by their SPDX identifier; others are given by their address."""

_CONTEXT: Final = "https://w3id.org/ro/crate/1.1/context"
_PROFILE: Final = "https://w3id.org/ro/crate/1.1"
_KINDS: Final = {
    ".yaml": "application/yaml",
    ".json": "application/json",
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".cif": "chemical/x-cif",
    ".vasp": "chemical/x-vasp",
    ".xyz": "chemical/x-xyz",
    ".md": "text/markdown",
}


@dataclass
class Crate:
    """Files that are put together: content by path, with what each is."""

    files: dict[str, bytes] = field(default_factory=dict)
    meanings: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, content: bytes | str, meaning: str) -> None:
        """Take a file over."""
        self.files[path] = content if isinstance(content, bytes) else content.encode()
        self.meanings[path] = meaning

    def write(self, target: Path) -> None:
        """Write a folder, or a zip where the target is called so.

        Raises
        ------
        BadInputError
            If there is something already.
        """
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise BadInputError("there is something already", file=target, suggestion="name a new folder or zip")
        if target.suffix == ".zip":
            with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
                for path, content in self.files.items():
                    archive.writestr(path, content)
            return
        for path, content in self.files.items():
            place = target / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


def campaign_crate(
    file: Path,
    *,
    versions: Mapping[str, str],
    licence: str,
    authors: Sequence[str] = (),
    today: str,
    table: str | None = None,
) -> Crate:
    """Put the crate of a campaign together.

    Parameters
    ----------
    file
        The campaign file.
    versions
        Packages that the numbers depend on, with their versions.
    licence
        SPDX identifier of `LICENCES`, or the address of another licence.
    authors
        Names of those who made the data.
    today
        Date of publication, ISO 8601.
    table
        Candidates as CSV.

    Raises
    ------
    BadInputError
        If no candidate is finished, or the licence is neither.
    """
    address = _licence_address(licence)
    campaign = load_campaign(file)
    start = start_of(campaign, None)
    found = results(campaign, start=start)
    if not found:
        hint = f"hebe run {file}"
        raise BadInputError("no candidate of this campaign is finished", file=file, suggestion=hint)
    crate = Crate()
    crate.add("campaign.yaml", file.read_bytes(), "The campaign file: what was asked for")
    crate.add("candidates.json", _json(found.candidates), "Ranked candidates, as hebe results --json")
    if table is not None:
        crate.add("candidates.csv", table, "The same as a table, one candidate in a row")
    crate.add("versions.json", _json(dict(versions)), "Versions of the software")
    with closing(project_store(start)) as store:
        for one in found:
            _add_structures(crate, store, one)
        crate.add("documents.jsonl.gz", _documents(store, campaign.name), "Document of every job, one in a line")
    crate.add("README.md", _readme(campaign.name, crate, licence), "What is in this folder")
    described = _metadata(crate, campaign.name, versions, address, authors, today)
    crate.add(METADATA, _json(described), "")
    return crate


def _licence_address(licence: str) -> str:
    if licence in LICENCES:
        return LICENCES[licence]
    if licence.startswith(("https://", "http://")) and " " not in licence:
        return licence
    hint = f"{', '.join(LICENCES)}, or the address of another one"
    raise BadInputError(f"no licence is called {licence!r}", key="--license", suggestion=hint)


def _add_structures(crate: Crate, store: JobStore, one: RankedCandidate) -> None:
    """Relaxed cells of a candidate: of lowest energy as made, in all formats."""
    key = one.calculations.get(one.configuration or "")
    hit = None if key is None else lookup(store, key)
    if hit is None or not hit.output.get("structure"):
        return
    structure = _structure(hit.output["structure"])
    about = {name: hit.output.get(name) for name in ("energy_eV", "key", "engine", "energy_scale")}
    for kind, suffix in STRUCTURE_FORMATS.items():
        text = structure_text(structure, kind, {"candidate_id": one.candidate_id, **about})
        crate.add(f"structures/{one.candidate_id}{suffix}", text, f"Relaxed cell of {one.formula} as made ({kind})")


def _structure(found: Any) -> Structure:
    from pymatgen.core import Structure

    if isinstance(found, Structure):
        return found
    require_data(found, "a structure of the store")
    return Structure.from_dict(found)


def _documents(store: JobStore, campaign: str) -> bytes:
    """Jobs of a campaign and those that their outputs refer to, as gzipped lines of JSON."""
    uuids = belonging(store, campaign)
    lines = (orjson.dumps(one, default=str) + b"\n" for batch in outputs_of(store, uuids) for one in batch)
    return gzip.compress(b"".join(lines), mtime=0)


def _json(content: Any) -> bytes:
    """JSON, in which a number that is not finite is null."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)


def _readme(name: str, crate: Crate, licence: str) -> str:
    several = [path for path in crate.meanings if not path.startswith("structures/")]
    lines = [f"- `{path}`: {crate.meanings[path]}." for path in several]
    structures = "- `structures/`: relaxed cells as made, in CIF, POSCAR (`.vasp`) and extended XYZ."
    return f"# {name}\n\nResults of a campaign of Hebe. Licence: {licence}.\n\n" + "\n".join([*lines, structures, ""])


def _metadata(
    crate: Crate, name: str, versions: Mapping[str, str], licence: str, authors: Sequence[str], today: str
) -> dict[str, Any]:
    """JSON-LD of the crate."""
    people = [{"@id": f"#author-{number}", "@type": "Person", "name": one} for number, one in enumerate(authors, 1)]
    software = list(_software(versions))
    paths = list(crate.files)
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Campaign {name}",
        "description": f"Candidate high-entropy battery materials of the campaign {name}: what was asked for, "
        "ranked results, documents of every calculation, and relaxed structures.",
        "datePublished": today,
        "license": {"@id": licence},
        "hasPart": [{"@id": path} for path in paths],
        "mentions": {"@id": "#run"},
        **({"author": [{"@id": one["@id"]} for one in people]} if people else {}),
    }
    descriptor = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": _PROFILE},
        "about": {"@id": "./"},
    }
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"hebe run of {name}",
        "instrument": [{"@id": one["@id"]} for one in software],
        "object": {"@id": "campaign.yaml"},
        "result": [{"@id": path} for path in paths if path != "campaign.yaml"],
    }
    about_licence = {"@id": licence, "@type": "CreativeWork", "name": _licence_name(licence)}
    graph = [descriptor, root, run, about_licence, *people, *software, *_entities(crate)]
    return {"@context": _CONTEXT, "@graph": graph}


def _licence_name(address: str) -> str:
    return next((name for name, known in LICENCES.items() if known == address), address)


def _software(versions: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for package, version in versions.items():
        yield {"@id": f"#{package}", "@type": "SoftwareApplication", "name": package, "version": version}


def _entities(crate: Crate) -> Iterator[dict[str, Any]]:
    for path, content in crate.files.items():
        yield {
            "@id": path,
            "@type": "File",
            "name": path,
            "description": crate.meanings[path],
            "encodingFormat": _KINDS[Path(path).suffix],
            "contentSize": str(len(content)),
        }
