"""Launchers by name: those of Hebe, and those that other packages add as entry points."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from hebe.config.launcher import EXECUTOR, launcher_name
from hebe.config.plugins import load_plugin, plugins
from hebe.config.reading.wording import suggest
from hebe.config.reading.yamlfile import Document, Source, load_model
from hebe.config.settings import get_settings
from hebe.exceptions import BadInputError
from hebe.launchers.launcher import Project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hebe.launchers.check import Check
    from hebe.launchers.launcher import Launcher

GROUP: Final = "hebe.launchers"

DEFAULT: Final = "local"

_OF_HEBE: Final = {
    DEFAULT: "hebe.launchers.local:LocalLauncher",
    "inline": "hebe.launchers.inline:InlineLauncher",
    EXECUTOR: "hebe.launchers.executor.launcher:ExecutorLauncher",
    "fireworks": "hebe.launchers.fireworks.launcher:FireworksLauncher",
}


def launcher_names() -> list[str]:
    """Names of all launchers, those of Hebe first."""
    return [*_OF_HEBE, *(name for name in plugins(GROUP) if name not in _OF_HEBE)]


def launcher_class(name: str) -> type[Launcher]:
    """Return the class of a launcher.

    Raises
    ------
    hebe.exceptions.BadInputError
        If none has this name, or its package cannot be imported.
    """
    if name in _OF_HEBE:
        module, _, found = _OF_HEBE[name].partition(":")
        made: type[Launcher] = getattr(import_module(module), found)
        return made
    try:
        added: type[Launcher] = load_plugin(GROUP, name)
    except KeyError:
        hint = suggest(name, launcher_names(), known="launchers")
        raise BadInputError(f"no launcher is called {name!r}", key="launcher", suggestion=hint) from None
    return added


def get_launcher(choice: str | Mapping[str, Any] | None, project: Project) -> Launcher:
    """Return a launcher for a project.

    Parameters
    ----------
    choice
        A name, a mapping as in settings, or None for what settings say. Keys that settings give to the launcher of that
        name count, too.
    project
        What it works for.

    Raises
    ------
    hebe.exceptions.BadInputError
        If no launcher has this name, or it does not know a key.
    """
    settled = get_settings(project.root).launcher
    chosen = settled if choice is None else choice if isinstance(choice, str) else dict(choice)
    name = launcher_name(chosen)
    if isinstance(chosen, str):
        chosen = settled if launcher_name(settled) == name else chosen
    keys = {} if isinstance(chosen, str) else {key: value for key, value in chosen.items() if key != "name"}
    found = launcher_class(name)
    try:
        block = load_model(found.Block, Document(keys, Source()))
    except BadInputError as err:
        key = "launcher" if err.key is None else f"launcher.{err.key}"
        raise BadInputError(err.reason, key=key, suggestion=err.suggestion) from err
    return found(project, block)


def launchers_in_use(project: Project) -> dict[str, Launcher]:
    """Return the launcher that settings choose, and those that they prepare, by name."""
    settings = get_settings(project.root)
    chosen = launcher_name(settings.launcher)
    others = [name for name in launcher_names() if name != chosen and _is_prepared(name, settings)]
    return {name: get_launcher(name, project) for name in [chosen, *others]}


def _is_prepared(name: str, settings: Any) -> bool:
    """Whether a launcher is in use; one of another package that cannot be loaded is not: `checks` names it."""
    try:
        return launcher_class(name).in_use(settings)
    except BadInputError:
        return False


def keeping_launcher(choice: str | None, project: Project) -> tuple[str, Launcher]:
    """Return a launcher that keeps what is submitted, and its name.

    Parameters
    ----------
    choice
        Its name; None: that of settings, else one that they prepare, else the first that can.
    project
        What it works for.

    Raises
    ------
    hebe.exceptions.BadInputError
        If the one that was named keeps nothing.
    """
    if choice is None:
        settings = get_settings(project.root)
        names = [launcher_name(settings.launcher)]
        names += [name for name in launcher_names() if _is_prepared(name, settings)]
        choice = next((name for name in [*names, *_OF_HEBE] if launcher_class(name).keeps), DEFAULT)
    found = get_launcher(choice, project)
    if not found.keeps:
        reason = f"the launcher {choice!r} keeps nothing that is submitted"
        raise BadInputError(reason, suggestion=f"hebe run CAMPAIGN --launcher {choice}")
    return choice, found


def checks(root: Path) -> Iterator[Check]:
    """Look at the launchers in use, and whether those of other packages can be loaded."""
    from hebe.launchers.check import Check

    yield Check("launchers", "ok", ", ".join(launcher_names()))
    for name in plugins(GROUP):
        if name not in _OF_HEBE:
            try:
                launcher_class(name)
            except BadInputError as err:
                yield Check(f"launcher {name}", "failed", err.reason, err.suggestion or "", needed=False)
    try:
        found = launchers_in_use(Project(root))
    except BadInputError as err:
        yield Check("launcher", "failed", err.message, "correct launcher in hebe.yaml")
        return
    for launcher in found.values():
        yield from launcher.checks()
