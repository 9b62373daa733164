"""The frame of every page: head, navigation, and the scripts that come with Hebe."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from hebe.browse.response import HTML, PLAIN, Response, refused
from hebe.report.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OF_REPORT: Final = ("hebe.report", "assets")
_OWN: Final = ("hebe.browse", "static")
_STYLE, _SCRIPT = "text/css; charset=utf-8", "text/javascript; charset=utf-8"

FILES: Final = {
    "/static/page.css": (*_OF_REPORT, "page.css", _STYLE),
    "/static/figures.js": (*_OF_REPORT, "figures.js", _SCRIPT),
    "/static/viewer.js": (*_OF_REPORT, "viewer.js", _SCRIPT),
    "/static/browse.css": (*_OWN, "browse.css", _STYLE),
    "/static/browse.js": (*_OWN, "browse.js", _SCRIPT),
}
"""Files that are served by their address; no other file can be asked for."""

_PAGES: Final = (("/", "Overview"), ("/candidates", "Candidates"), ("/failures", "Failures"))


def page(title: str, *content: object, here: str = "", shown: str = "") -> Response:
    """A whole page.

    Parameters
    ----------
    here
        Address of the page in the navigation.
    shown
        What is browsed.
    """
    styles = [_void("link", rel="stylesheet", href=f) for f, parts in FILES.items() if parts[-1] == _STYLE]
    scripts = [tag("script", src=f, defer="") for f, parts in FILES.items() if parts[-1] == _SCRIPT]
    head = tag(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", f"{title} · {shown}" if shown else title),
        Markup('<link rel="icon" href="data:,">'),
        *styles,
        *scripts,
    )
    links = (link(text, address, **({"aria_current": "page"} if address == here else {})) for address, text in _PAGES)
    nav = tag("nav", *links, tag("span", shown, class_="place"))
    body = tag("body", nav, tag("main", *content))
    return Response.of_text(f'<!DOCTYPE html>\n<html lang="en">{head}{body}</html>\n')


def part(*content: object) -> Response:
    """A piece of a page, which a script puts into it."""
    return Response.of_text("".join(tag("div", *content).removeprefix("<div>").removesuffix("</div>")))


def wrong(title: str, reason: str, *, shown: str = "", status: int = 500) -> Response:
    """A page that says in a line why there is nothing else on it."""
    made = page(title, tag("h1", title), tag("p", reason, class_="wrong", role="alert"), shown=shown)
    return Response(made.body, HTML, status)


def static(path: str) -> Response:
    """One of the files that pages need."""
    found = FILES.get(path)
    if found is None:
        return refused(404, "there is no such page")
    package, folder, name, kind = found
    return Response((resources.files(package) / folder / name).read_bytes(), kind)


def file(name: str, text: str) -> Response:
    """A text that the browser saves as a file; its name keeps letters, digits and a few signs."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-._") else "_" for c in name)
    response = Response.of_text(text, PLAIN)
    return Response(response.body, PLAIN, 200, {"Content-Disposition": f'attachment; filename="{kept}"'})


def address(path: str, fields: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> str:
    """Address of a page; fields with several values are lists, empty ones are left out."""
    pairs = fields.items() if hasattr(fields, "items") else fields
    kept = [(name, value) for name, value in pairs if value not in ("", None, [])]
    query = urlencode(kept, doseq=True, errors="replace")
    return f"{path}?{query}" if query else path


def link(text: object, place: str, **attributes: str) -> Markup:
    """Link to a page of this server."""
    return tag("a", text, href=place, **attributes)


def field(kind: str, name: str, value: str, /, **attributes: str) -> Markup:
    """Field of a form."""
    return _void("input", type=kind, name=name, value=value, **attributes)


def _void(element: str, /, **attributes: str) -> Markup:
    """Element that has no end."""
    return Markup(tag(element, **attributes).removesuffix(f"</{element}>"))
