"""What is browsed: a store, the project that it belongs to, and the campaign files that lie there."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hebe.campaigns.api import existing_store
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.place import project_root, start_of
from hebe.config.reading.yamlfile import parse_yaml, read_bytes
from hebe.exceptions import BadInputError, HebeError
from hebe.stores.copying import open_place
from hebe.stores.factory import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobflow.core.store import JobStore

_YAML: Final = (".yaml", ".yml")
_MOST_FILES: Final = 200


@dataclass(frozen=True)
class Place:
    """A store that can be opened.

    Parameters
    ----------
    root
        Folder of its project.
    store
        What names the store; None: that of the project.
    files
        Campaign files by the name of their campaign.
    """

    root: Path
    store: str | None
    files: dict[str, Path]

    @property
    def shown(self) -> str:
        """What the pages call it."""
        return self.root.name if self.store is None else Path(self.store).name

    @property
    def runs(self) -> Path:
        """Where the run folders are."""
        return self.root / FOLDER / "runs"

    @contextmanager
    def opened(self) -> Iterator[JobStore]:
        """Give the store, connected.

        Raises
        ------
        HebeError
            If it is not there or cannot be opened.
        """
        store = existing_store(self.root) if self.store is None else open_place(self.store, must_exist=True)
        try:
            yield store
        finally:
            store.close()


def find_place(word: str | None) -> Place:
    """What a word of the command line names.

    Parameters
    ----------
    word
        A project folder, a store as `hebe store copy` takes it, or a campaign file; None: the project of the working
        folder.

    Raises
    ------
    BadInputError
        If there is no such thing, or it has no store yet.
    """
    if word is None or Path(word).is_dir():
        root = project_root(None if word is None else Path(word))
        found = Place(root, None, campaign_files(root))
    elif Path(word).suffix.lower() in _YAML and _is_campaign(Path(word)):
        campaign = load_campaign(word)
        root = project_root(start_of(campaign, None))
        found = Place(root, None, {**campaign_files(root), campaign.name: Path(word).absolute()})
    else:
        path = Path(word).expanduser().absolute()
        is_file = path.suffix in {".db", ".sqlite"}
        root = project_root() if not is_file else path.parent.parent if path.parent.name == FOLDER else path.parent
        found = Place(root, str(path) if is_file else word, campaign_files(root))
    with found.opened():
        return found


def campaign_files(folder: Path) -> dict[str, Path]:
    """Campaign files of a folder by the name of their campaign; what cannot be read is none."""
    found: dict[str, Path] = {}
    paths = sorted(path for path in folder.glob("*.y*ml") if path.suffix in _YAML and path.is_file())
    for path in paths[:_MOST_FILES]:
        name = _name_of(path)
        if name is not None:
            found.setdefault(name, path)
    return found


def _name_of(path: Path) -> str | None:
    try:
        data = parse_yaml(read_bytes(path), file=str(path)).data
    except HebeError:
        return None
    name = data.get("name") if "host" in data else None
    return name if isinstance(name, str) else None


def _is_campaign(path: Path) -> bool:
    if not path.is_file():
        raise BadInputError("there is no such file", file=path)
    return "docs_store" not in parse_yaml(read_bytes(path), file=str(path)).data
