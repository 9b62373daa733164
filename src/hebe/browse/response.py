"""What the server answers: a status, a body and headers that forbid the browser everything that no page needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hebe.report.markup import tag

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Content Security Policy, level 3 (W3C): nothing from elsewhere, no script within a page.

Figures that are saved set their own style.
"""

ALWAYS: Final = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Connection": "close",
}
"""Headers of every answer."""

HTML: Final = "text/html; charset=utf-8"
PLAIN: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Response:
    """Answer to one request; ``headers`` are those beside `ALWAYS`."""

    body: bytes
    kind: str = HTML
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_text(cls, text: str, kind: str = HTML, status: int = 200) -> Response:
        """Answer that is a text."""
        return cls(text.encode("utf-8", "replace"), kind, status)


def refused(status: int, reason: str, **headers: str) -> Response:
    """Answer to a request that is not served: a page of one line, and nothing of what was asked."""
    title = f"{status}: {reason}"
    page = f'<!DOCTYPE html>\n<html lang="en">{tag("head", tag("title", title))}{tag("body", tag("p", title))}</html>\n'
    return Response(page.encode(), HTML, status, {name.replace("_", "-"): value for name, value in headers.items()})


def redirect(place: str, **headers: str) -> Response:
    """Send the browser to another page of this server."""
    return Response(b"", PLAIN, 303, {"Location": place, **{n.replace("_", "-"): v for n, v in headers.items()}})
