"""Relaxed structures of a store for clients of OPTIMADE, served by optimade-python-tools on this machine alone.

OPTIMADE specification 1.2 (Evans et al., Digital Discovery 3, 1509 (2024)): any client of the field can filter them by
elements, formula and the properties of ours, which begin with ``_hebe_``.
"""

from __future__ import annotations

import logging
import socket
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import hebe
from hebe.browse.guard import NAMES
from hebe.browse.server import HOST
from hebe.config.decoding import require_data
from hebe.exceptions import BadInputError, HebeError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobflow import JobStore

    from hebe.browse.place import Place

_FIELDS: Final = (
    ("key", "string", None, "Content key of the calculation, by which hebe show finds it"),
    ("engine", "string", None, "What computed the energy and relaxed the cell"),
    ("energy_scale", "string", None, "Energies of different scales cannot be compared"),
    ("energy", "float", "eV", "Energy of the whole cell on its scale"),
    ("energy_per_atom", "float", "eV", "The same per atom"),
    ("label", "string", None, "What the cell was computed for: candidate, configuration, content, ordering"),
    ("campaign", "string", None, "Campaign that has computed it"),
    ("topology", "string", None, "Whether the relaxed cell is still its host"),
)
_HOME: Final = "https://github.com/hebe-flows/hebe"


def optimade_app(place: Place, port: int) -> Any:
    """Application (ASGI) that serves the structures of a store.

    Parameters
    ----------
    port
        Port that it is served on, for the links in its answers.

    Raises
    ------
    MissingDependencyError
        Without optimade.
    BadInputError
        If the store has no relaxed structure.
    """
    try:
        from optimade.server.config import ServerConfig
        from optimade.server.create_app import create_app
        from starlette.middleware.cors import CORSMiddleware
        from starlette.middleware.trustedhost import TrustedHostMiddleware
    except ImportError as err:
        raise MissingDependencyError("optimade", "hebe browse --optimade", "optimade") from err
    with place.opened() as store:
        found = list(structures_of(store))
    if not found:
        raise BadInputError("there is no relaxed structure in this store yet", suggestion="hebe run CAMPAIGN")
    with tempfile.TemporaryDirectory() as logs:
        logging.disable(logging.CRITICAL)
        try:
            app = create_app(ServerConfig(**_settings(port, Path(logs))))
        finally:
            logging.disable(logging.NOTSET)
    structures = app.state.entry_collections["structures"]
    structures.collection.drop()
    structures.insert(found)
    # no page of another site may read what is not published yet
    app.user_middleware = [one for one in app.user_middleware if one.cls is not CORSMiddleware]
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(NAMES))
    return app


def free_port() -> int:
    """Port that nothing listens on now."""
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])


def serve_optimade(app: Any, port: int) -> None:
    """Serve an application until Ctrl-C."""
    import uvicorn

    uvicorn.run(app, host=HOST, port=port, log_level="critical", access_log=False, server_header=False)


def structures_of(store: JobStore) -> Iterator[dict[str, Any]]:
    """Entries for every relaxed cell of a store, each once; what is damaged is left out."""
    seen: set[str] = set()
    names = ["uuid", "index", "output.key", "output.status", "output.reused_from"]
    for row in store.docs_store.query({"output.status": "converged", "output.key": {"$exists": True}}, names):
        output = row.get("output") or {}
        key = str(output.get("key"))
        if key in seen or output.get("reused_from") is not None:
            continue
        try:
            entry = _entry(store.query_one({"uuid": row["uuid"], "index": row["index"]}, load=True) or {})
        except (HebeError, KeyError, TypeError, ValueError, AttributeError):
            continue
        if entry is not None:
            seen.add(key)
            yield entry


def _entry(document: dict[str, Any]) -> dict[str, Any] | None:
    """Entry of one calculation; None where it has no relaxed cell with an energy."""
    from optimade.adapters.structures.pymatgen import from_pymatgen
    from pymatgen.core import Structure

    output = document["output"]
    if not output.get("structure") or output.get("energy_eV") is None:
        return None
    structure = output["structure"]
    if not isinstance(structure, Structure):
        require_data(structure, "a structure of the store")
        structure = Structure.from_dict(structure)
    plain = structure.copy(site_properties={})
    plain.remove_oxidation_states()
    attributes = from_pymatgen(plain).model_dump(mode="json", exclude_none=True)
    attributes["species"] = sorted(attributes["species"], key=lambda one: str(one["name"]))
    metadata = document.get("metadata") or {}
    return {
        "id": str(document["uuid"]),
        "type": "structures",
        **attributes,
        "immutable_id": str(output["key"]),
        "last_modified": _time(document.get("completed_at")),
        "key": str(output["key"]),
        "engine": str(output["engine"]),
        "energy_scale": str(output["energy_scale"]),
        "energy": float(output["energy_eV"]),
        "energy_per_atom": float(output["energy_eV"]) / len(plain),
        "label": str(output.get("label") or metadata.get("label") or ""),
        "campaign": str(metadata.get("campaign") or ""),
        "topology": output.get("topology"),
    }


def _time(completed: Any) -> datetime:
    """When a job has ended, to the second; the beginning of time where nobody knows."""
    try:
        found = completed if isinstance(completed, datetime) else datetime.fromisoformat(str(completed))
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).replace(microsecond=0)


def _settings(port: int, logs: Path) -> dict[str, Any]:
    """What optimade-python-tools has to know; a licence is not named, since it would be looked up in the network."""
    fields = [{"name": n, "type": kind, "unit": unit, "description": text} for n, kind, unit, text in _FIELDS]
    return {
        "database_backend": "mongomock",
        "mongo_uri": f"mongodb://{HOST}:{port}",
        "insert_test_data": False,
        "log_dir": logs,
        "log_level": "critical",
        "base_url": f"http://{HOST}:{port}",
        "provider": {"prefix": "hebe", "name": "Hebe", "description": "A store on this machine", "homepage": _HOME},
        "provider_fields": {
            "structures": [{k: v for k, v in field.items() if v is not None} for field in fields],
        },
        "implementation": {
            "name": "Hebe",
            "version": hebe.__version__,
            "source_url": _HOME,
            "homepage": _HOME,
            "issue_tracker": f"{_HOME}/issues",
        },
    }
