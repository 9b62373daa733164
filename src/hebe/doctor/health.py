"""Whether this machine and project can run campaigns: versions, store, engines, workers."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from typing import TYPE_CHECKING, Final

from hebe.doctor.added import added_checks
from hebe.doctor.checks import Check
from hebe.exceptions import BadInputError, HebeError
from hebe.launchers.registry import checks as launcher_checks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hebe.config.campaign import Campaign

_PACKAGES: Final = ("jobflow", "maggma", "pymatgen", "numpy", "scipy", "numba", "ase", "spglib")
_OPTIONAL: Final = {
    "pandas": ("tables as .csv and .parquet", "report"),
    "pyarrow": ("tables as .parquet", "report"),
    "fireworks": ("batch queues", "cluster"),
    "qtoolkit": ("batch queues", "cluster"),
    "executorlib": ("executors on a cluster", "executor"),
    "phonopy": ("mixing.vibrations", "phonons"),
    "mp_api": ("mixing.materials_project", "materials-project"),
}
_LITTLE_BYTES: Final = 1e9


def examine(campaign: Campaign | None = None, start: Path | None = None) -> list[Check]:
    """Look at everything that a run needs.

    Parameters
    ----------
    campaign
        Whose engines are needed; None: the engine by default is.
    start
        Folder from which the project is searched; the working folder by default.
    """
    from hebe.config.settings import project_folder

    checks = [_program(), *map(_package, _PACKAGES)]
    try:
        root = project_folder(start)
    except BadInputError as err:
        checks.append(Check("settings", "failed", err.message, "correct hebe.yaml or the variable"))
    else:
        checks += [_folder(root), *_privacy(root), *_outputs(root), _workers(start), *launcher_checks(root)]
    checks += _engines(campaign)
    if campaign is not None:
        from hebe.doctor.engine_checks import engine_checks

        checks += engine_checks(campaign)
    checks += added_checks()
    optional = {**_OPTIONAL, **_packages_of_engines()}
    checks += [_optional(package, *use) for package, use in optional.items()]
    return checks


def _program() -> Check:
    import hebe

    return Check("hebe", "ok", f"{hebe.__version__} on Python {platform.python_version()}, {platform.system()}")


def _package(name: str) -> Check:
    try:
        return Check(name, "ok", importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, "absent", "is not installed", "pip install hebe-flows")


def _optional(name: str, purpose: str, extra: str) -> Check:
    if importlib.util.find_spec(name) is None:
        advice = f"for {purpose}: pip install 'hebe-flows[{extra}]'"
        return Check(name, "absent", "is not installed", advice, needed=False)
    return Check(name, "ok", importlib.metadata.version(name), needed=False)


def _packages_of_engines() -> dict[str, tuple[str, str]]:
    """Packages that engines of this distribution need: for which engines, and the extra that brings them."""
    from hebe.config.engines import BUILT_IN
    from hebe.config.engines.base import block_of

    found: dict[str, tuple[str, str]] = {}
    for name in BUILT_IN:
        traits = block_of(name).traits
        for package in traits.packages if traits.extra else ():
            purpose, extra = found.get(package, ("", traits.extra))
            found[package] = (f"{purpose}, {name}" if purpose else f"engine {name}", extra or "")
    return found


def _folder(root: Path) -> Check:
    place = next(folder for folder in (root / ".hebe", root, *root.parents) if folder.exists())
    if not os.access(place, os.W_OK):
        return Check("project", "failed", f"{place} cannot be written", "set project_dir, or HEBE_PROJECT_DIR")
    free = shutil.disk_usage(place).free
    detail = f"{root}, {free / 1e9:.1f} GB free"
    if free < _LITTLE_BYTES:
        return Check("project", "failed", detail, "a run needs space for results: free at least 1 GB")
    return Check("project", "ok", detail)


def _privacy(root: Path) -> Iterator[Check]:
    """Whether others may read or write what a project computes, as in folders that an earlier version has made."""
    from hebe.stores.modes import open_to_others

    folder = root / ".hebe"
    found = open_to_others(folder)
    if found:
        modes = ", ".join(f"{place.name} {place.stat().st_mode & 0o7777:04o}" for place in found[:3])
        advice = f"chmod 700 {folder}; for a group: store: {{group: NAME}}"
        yield Check("privacy", "failed", f"others may read or write results: {modes}", advice, needed=False)


def _outputs(root: Path) -> Iterator[Check]:
    from hebe.config.settings import get_settings
    from hebe.stores.factory import open_store

    if get_settings(root).store.kind == "embedded":
        yield from _embedded(root)
        return
    try:
        store = open_store(root)
    except HebeError as err:
        yield Check("store", "failed", str(err), "correct store in hebe.yaml, or start the database")
        return
    yield Check("store", "ok", f"{store.docs_store.name}, {store.count():,} outputs")
    store.close()


def _embedded(root: Path) -> Iterator[Check]:
    path = root / ".hebe" / "store.db"
    if not path.exists():
        yield Check("store", "ok", "none yet: the first run makes it")
        return
    from hebe.launchers.status import read_status
    from hebe.stores.database import connection

    try:
        said = [str(row[0]) for row in connection(str(path)).rows("PRAGMA quick_check(3)")]
        found = read_status(path)
    except HebeError as err:
        yield Check("store", "failed", str(err), "restore it from a backup")
        return
    if said != ["ok"]:
        yield Check("store", "failed", f"{path} is damaged: {'; '.join(said)}", "restore it from a backup")
        return
    jobs = found["jobs"]
    yield Check("store", "ok", f"{path}, {path.stat().st_size / 1e6:.1f} MB, {jobs['completed']:,} jobs finished")
    yield Check("launcher", "ok", "one is running" if found["status"] == "running" else "none is running")


def _workers(start: Path | None) -> Check:
    from hebe.config.settings import get_settings

    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    chosen = get_settings(start).workers
    number = f"{chosen} by the settings" if chosen else f"{processors} by default"
    if chosen and chosen > processors:
        advice = f"workers compute with one thread each: more than {processors} slow each other down"
        return Check("workers", "failed", f"{number}, {processors} processors", advice, needed=False)
    return Check("workers", "ok", f"{number}, {processors} processors")


def _engines(campaign: Campaign | None) -> Iterator[Check]:
    from hebe.config.engines import DEFAULT_ENGINE, engine_names, engines_of_a_file
    from hebe.engines.registry import get_engine

    names = [name for name in engine_names() if name not in engines_of_a_file()]
    named = dict.fromkeys(names) if campaign is None else {}
    for spec in names if campaign is None else [block for stage in campaign.stages for block in stage.engines]:
        name = spec if isinstance(spec, str) else spec.title
        if campaign is not None and name in named:
            continue
        named[name] = None
        try:
            engine = get_engine(spec)
            engine.check()
            versions = ", ".join(f"{key} {value}" for key, value in engine.versions.items())
        except HebeError as err:
            needed = campaign is not None or name == DEFAULT_ENGINE
            yield Check(f"engine {name}", "absent", str(err), str(err).partition(": ")[2], needed=needed)
        else:
            yield Check(f"engine {name}", "ok", versions)
