"""Who may ask: requests of this machine's browser that know the token; pages of other sites are refused.

Host and Origin are compared with the address that is served (against DNS rebinding), and what the browser says of where
a request comes from (Fetch Metadata Request Headers, W3C) is heeded.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from hebe.browse.response import Response, redirect, refused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import Message

METHODS: Final = ("GET", "HEAD")
LONGEST: Final = 8192
"""Bytes of an address that is served."""

NAMES: Final = ("127.0.0.1", "localhost")
"""Names of this machine that a browser may ask for."""

_FIELDS: Final = 300
_ABROAD: Final = ("cross-site", "same-site")


def new_token() -> str:
    """Token that nobody can guess: 256 random bits."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Request:
    """A request that may be answered: path and fields of its query."""

    path: str
    query: dict[str, list[str]] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """Last value of a field."""
        return self.query.get(name, [default])[-1]

    def every(self, name: str) -> list[str]:
        """All values of a field that are not empty, each once."""
        return list(dict.fromkeys(value for value in self.query.get(name, ()) if value))


@dataclass(frozen=True)
class Guard:
    """Decides which requests are answered.

    Parameters
    ----------
    port
        Port that is served.
    token
        What the browser has to know.
    """

    port: int
    token: str

    @property
    def cookie(self) -> str:
        """Name of the cookie; ports share cookies, so it holds the port."""
        return f"hebe-{self.port}"

    def admit(self, method: str, target: str, headers: Message) -> Request | Response:
        """Request to be answered, or the answer to one that is refused."""
        strange = self._strange(method, target, headers)
        if strange is not None:
            return strange
        parts = urlsplit(target)
        try:
            query = parse_qs(parts.query, keep_blank_values=True, max_num_fields=_FIELDS)
        except ValueError:
            return refused(HTTPStatus.BAD_REQUEST, "the address has too many fields")
        given = query.pop("token", None)
        if given is not None:
            return self._enter(parts.path, query, given[-1])
        if not self._is_known(self._cookies(headers.get_all("Cookie", []))):
            hint = "this page needs its token: open the address that hebe browse has printed"
            return refused(HTTPStatus.FORBIDDEN, hint)
        return Request(parts.path, query)

    def _strange(self, method: str, target: str, headers: Message) -> Response | None:
        """Answer to a request that is wrong whatever it asks for."""
        if method not in METHODS:
            return refused(HTTPStatus.METHOD_NOT_ALLOWED, "this page can only be read", Allow=", ".join(METHODS))
        if len(target) > LONGEST or not target.startswith("/"):
            status = HTTPStatus.REQUEST_URI_TOO_LONG if len(target) > LONGEST else HTTPStatus.BAD_REQUEST
            return refused(status, "the address is too long, or no path")
        if headers.get("Transfer-Encoding") is not None or headers.get("Content-Length", "0").strip() != "0":
            return refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "no request has a body")
        return self._from_elsewhere(headers)

    def _from_elsewhere(self, headers: Message) -> Response | None:
        """Answer to a request that was meant for another host, or that a page of another site has sent."""
        hosts = headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].strip().lower() not in self._hosts():
            return refused(HTTPStatus.MISDIRECTED_REQUEST, "the request was meant for another host")
        origins = {f"http://{host}" for host in self._hosts()}
        if any(origin.strip().lower() not in origins for origin in headers.get_all("Origin", [])):
            return refused(HTTPStatus.FORBIDDEN, "the request comes from another site")
        if headers.get("Sec-Fetch-Site") in _ABROAD and headers.get("Sec-Fetch-Mode") != "navigate":
            return refused(HTTPStatus.FORBIDDEN, "the request comes from another site")
        return None

    def _hosts(self) -> list[str]:
        return [f"{name}:{self.port}" for name in NAMES]

    def _enter(self, path: str, query: dict[str, list[str]], given: str) -> Response:
        """Turn a token in the address into a cookie, so that it does not stay in the address."""
        if not self._is_known([given]):
            return refused(HTTPStatus.FORBIDDEN, "the token is wrong: open the address that hebe browse has printed")
        place = path if path.startswith("/") and not path.startswith("//") and "\\" not in path else "/"
        cookie = f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict"
        rest = urlencode(query, doseq=True)
        return redirect(f"{place}?{rest}" if rest else place, Set_Cookie=cookie)

    def _cookies(self, headers: Iterable[str]) -> list[str]:
        pairs = (part.strip().partition("=") for header in headers for part in header.split(";"))
        return [value for name, _, value in pairs if name == self.cookie]

    def _is_known(self, given: Iterable[str]) -> bool:
        """Whether one of some texts is the token; takes as long whatever they are."""
        token = self.token.encode()
        equal = [hmac.compare_digest(text.encode("utf-8", "surrogateescape"), token) for text in given]
        return any(equal)
