"""A project with two small campaigns that ran, one with an engine that fails, and its pages without a server."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from hebe.browse.guard import Request
from hebe.browse.place import find_place
from hebe.browse.routes import Routes
from hebe.browse.source import Source
from hebe.campaigns.api import run
from support.campaigns import layered, rocksalt

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.browse.response import Response

BROKEN = "{ase: 'support.spring_crystal:broken', energy_scale: broken}"


def finished(folder: Path) -> Path:
    """Project with the campaigns ``o3``, which is complete, and ``broken``, whose calculations have failed."""
    (folder / ".hebe").mkdir()
    good = layered(folder)
    text = (
        good.read_text()
        .replace("volume_strain, mixing]", "volume_strain]")
        .replace("per_candidate: 2", "per_candidate: 1")
    )
    good.write_text(text.replace("{Fe: [3], Mn: [3, 4], Ni: [2]}", "{Fe: [3], Mn: [3, 4], Ni: [2], Ti: [4]}"))
    run(good, launcher="inline", progress=False, start=folder)
    run(
        rocksalt(folder, "Mg: [2], Ni: [2]", engine=BROKEN, name="broken"),
        launcher="inline",
        progress=False,
        start=folder,
    )
    return folder


@dataclass
class Browsed:
    """The pages of a place."""

    source: Source

    @classmethod
    def of(cls, place: Path | str) -> Browsed:
        """Pages of a project folder, a store or a campaign file."""
        return cls(Source(find_place(str(place))))

    def get(self, path: str, **fields: Any) -> Response:
        """Answer to a request; waits while candidates are read."""
        query = {name.rstrip("_"): value if isinstance(value, list) else [str(value)] for name, value in fields.items()}
        answer = Routes(self.source)(Request(path, query))
        while b"data-again" in answer.body:
            self.source.wait()
            answer = Routes(self.source)(Request(path, query))
        return answer

    def page(self, path: str, **fields: Any) -> Page:
        """Page that answers a request, which must be in order."""
        answer = self.get(path, **fields)
        assert answer.status == 200, answer.body.decode()
        return Page(answer.body.decode())


class Page(HTMLParser):
    """Text, links and cells of a page; its elements close in order."""

    VOID = frozenset({"meta", "br", "wbr", "input", "link"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source, self.text = source, ""
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.links: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
