"""The server: answers requests of this machine one thread each; what goes wrong in a page is a line on it."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from hebe.browse.guard import Guard, Request, new_token
from hebe.browse.response import ALWAYS, Response, refused
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

HOST: Final = "127.0.0.1"
_PATIENCE_S: Final = 30.0
_MOST_BODY: Final = 2**16


class BrowseServer(ThreadingHTTPServer):
    """Server of this machine alone.

    Parameters
    ----------
    answer
        Makes the answer to an admitted request.
    port
        Port, 0 for one that is free.
    token
        What the browser has to know; drawn by default.

    Raises
    ------
    BadInputError
        If the port is taken.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer: Callable[[Request], Response], *, port: int = 0, token: str | None = None) -> None:
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as err:
            reason = f"port {port} cannot be used: {getattr(err, 'strerror', None) or err}"
            raise BadInputError(reason, key="--port", suggestion="leave --port away") from err
        self.answer = answer
        self.guard = Guard(self.server_address[1], token or new_token())

    @property
    def address(self) -> str:
        """Address to open, with the token."""
        return f"http://{HOST}:{self.guard.port}/?token={self.guard.token}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away."""


class _Handler(BaseHTTPRequestHandler):
    """One connection with one request."""

    server: BrowseServer
    server_version = "hebe"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE_S

    def __getattr__(self, name: str) -> Any:
        """Answer whatever method a request has."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        self.close_connection = True
        self._pass_over_body()
        admitted = self.server.guard.admit(self.command, self.path, self.headers)
        self._send(self.server.answer(admitted) if isinstance(admitted, Request) else admitted)

    def _pass_over_body(self) -> None:
        """Read what a refused request has sent, up to a limit: a connection closed before loses the answer."""
        length = self.headers.get("Content-Length", "0")
        if length.isdecimal() and length != "0":
            with suppress(OSError):
                self.rfile.read(min(int(length[:9]), _MOST_BODY))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse what is no request of HTTP; nothing of it is repeated."""
        self.close_connection = True
        self._send(refused(code, HTTPStatus(code).phrase))

    def _send(self, response: Response) -> None:
        with suppress(ConnectionError, TimeoutError):
            self.send_response(response.status)
            for name, value in {**ALWAYS, **response.headers, "Content-Type": response.kind}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Keep no log: addresses hold the token."""
