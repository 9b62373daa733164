"""Which page answers which address; whatever goes wrong in one is a line on it, and the others go on."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from hebe.browse.frame import FILES, static, wrong
from hebe.browse.pages import candidate, candidates, compare, documents, failures, loop, overview
from hebe.browse.response import Response, refused
from hebe.config.reading.hiding import without_passwords
from hebe.exceptions import BadInputError, HebeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hebe.browse.guard import Request
    from hebe.browse.source import Source

    Page = Callable[[Source, Request], Response]

PAGES: Final[dict[str, Page]] = {
    "/": overview.overview,
    "/candidates": candidates.candidates,
    "/candidate": candidate.candidate,
    "/compare": compare.compare,
    "/loop": loop.loop,
    "/failures": failures.failures,
    "/document": documents.document,
    "/structure": documents.structure,
}


class Routes:
    """Answers requests.

    Parameters
    ----------
    source
        What the pages are made of.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def __call__(self, request: Request) -> Response:
        """Answer to a request."""
        if request.path in FILES:
            return static(request.path)
        page = PAGES.get(request.path)
        if page is None:
            return refused(HTTPStatus.NOT_FOUND, "there is no such page")
        shown = self._source.place.shown
        try:
            return page(self._source, request)
        except BadInputError as err:
            return wrong("Not found", _line(err.message), shown=shown, status=HTTPStatus.NOT_FOUND)
        except HebeError as err:
            return wrong("The store cannot be read", _line(str(err)), shown=shown)
        except Exception as err:  # noqa: BLE001 - a document of a store may be anything
            reason = f"a document of the store cannot be shown: {type(err).__name__}: {err}"
            return wrong("This cannot be shown", _line(reason), shown=shown)


def _line(text: str) -> str:
    return without_passwords(" ".join(text.split()))[:1000]
