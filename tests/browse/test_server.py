"""The server: who is let in, what is refused, and that nothing ends it."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from hebe.browse.frame import file
from hebe.browse.guard import LONGEST, Guard, Request
from hebe.browse.response import Response
from hebe.browse.server import BrowseServer
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECRET = "what only the page may show"  # noqa: S105 - no password


def answer(request: Request) -> Response:
    return Response.of_text(f"{SECRET} {request.path} {sorted(request.query.items())}")


@contextmanager
def served() -> Iterator[BrowseServer]:
    server = BrowseServer(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[BrowseServer]:
    with served() as made:
        yield made


def ask(
    server: BrowseServer,
    target: str = "/",
    *,
    method: str = "GET",
    known: bool = True,
    body: bytes | None = None,
    more: Mapping[str, str] | None = None,
    **headers: str,
) -> tuple[http.client.HTTPResponse, str]:
    """Answer to a request; `headers` take ``_`` for ``-``."""
    given = {name.replace("_", "-"): value for name, value in {**headers, **(more or {})}.items()}
    if known:
        given.setdefault("Cookie", f"{server.guard.cookie}={server.guard.token}")
    with closing(http.client.HTTPConnection("127.0.0.1", server.guard.port, timeout=10)) as connection:
        connection.request(method, target, body=body, headers=given)
        found = connection.getresponse()
        return found, found.read().decode()


def test_only_this_machine_is_served(server: BrowseServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


def test_the_token_of_the_address_becomes_a_cookie(server: BrowseServer) -> None:
    found, text = ask(server, f"/?token={server.guard.token}", known=False)
    assert (found.status, found.headers["Location"], text) == (303, "/", "")
    cookie = str(found.headers["Set-Cookie"])
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Domain" not in cookie
    found, text = ask(server, "/a?b=1", known=False, Cookie=f"other=1; {cookie.partition(';')[0]}")
    assert (found.status, text) == (200, f"{SECRET} /a [('b', ['1'])]")


def test_a_token_is_drawn_anew_and_long() -> None:
    with served() as one, served() as other:
        assert one.guard.token != other.guard.token
        assert len(one.guard.token) >= 43, "256 bits"


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "hebe=1",
        "{name}=",
        "{name}={token}x",
        "{name}=\xe4\xff",
        "{other}={token}",
        "{name}",
        ";;;=",
        "{name}={short}",
    ],
)
def test_a_missing_or_wrong_token_sees_nothing(server: BrowseServer, cookie: str) -> None:
    token, name = server.guard.token, server.guard.cookie
    given = cookie.format(name=name, token=token, other="hebe-1", short=token[:-1])
    found, text = ask(server, "/", known=False, more={"Cookie": given} if given else {})
    assert found.status == 403
    assert SECRET not in text
    assert token not in text


@pytest.mark.parametrize("target", ["/?token=", "/?token=x", "/?token=%00", "/?token=%C3%A4", "/a?token=x"])
def test_a_wrong_token_in_the_address_is_refused_also_with_the_cookie(server: BrowseServer, target: str) -> None:
    found, text = ask(server, target)
    assert found.status == 403
    assert "Set-Cookie" not in found.headers
    assert SECRET not in text


def test_the_last_of_several_tokens_counts_once(server: BrowseServer) -> None:
    assert ask(server, f"/?token={server.guard.token}&token=x", known=False)[0].status == 403


@pytest.mark.parametrize("place", ["//evil.example/", "/\\evil.example", "/%0d%0aSet-Cookie:x=1"])
def test_the_token_leads_nowhere_else(server: BrowseServer, place: str) -> None:
    found, _ = ask(server, f"{place}?token={server.guard.token}", known=False)
    location = found.headers.get("Location", "/")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "x=1" not in str(found.headers.get("Set-Cookie"))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost",
        "127.0.0.1:{port}.evil.example",
        "",
        "[::1]:{port}",
    ],
)
def test_another_host_is_refused_with_the_right_token(server: BrowseServer, host: str) -> None:
    found, text = ask(server, Host=host.format(port=server.guard.port))
    assert found.status == 421
    assert SECRET not in text


def test_both_names_of_this_machine_are_served(server: BrowseServer) -> None:
    assert ask(server, Host=f"localhost:{server.guard.port}")[0].status == 200
    assert ask(server, Host=f"127.0.0.1:{server.guard.port}")[0].status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors"},
    ],
)
def test_pages_of_other_sites_get_nothing(server: BrowseServer, headers: dict[str, str]) -> None:
    given = {name: value.format(port=server.guard.port) for name, value in headers.items()}
    found, text = ask(server, more=given)
    assert found.status == 403
    assert SECRET not in text
    assert "Access-Control-Allow-Origin" not in found.headers


def test_the_page_itself_may_ask(server: BrowseServer) -> None:
    own = f"http://127.0.0.1:{server.guard.port}"
    assert ask(server, Origin=own, Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors")[0].status == 200
    assert ask(server, Sec_Fetch_Site="none", Sec_Fetch_Mode="navigate")[0].status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_nothing_but_reading(server: BrowseServer, method: str) -> None:
    found, text = ask(server, method=method)
    assert (found.status, found.headers["Allow"]) == (405, "GET, HEAD")
    assert SECRET not in text


def test_a_body_is_refused(server: BrowseServer) -> None:
    assert ask(server, body=b"x" * 10)[0].status == 413
    assert ask(server, method="POST", body=b"x" * 10)[0].status == 405
    assert ask(server, Transfer_Encoding="chunked")[0].status == 413


def test_head_has_the_headers_alone(server: BrowseServer) -> None:
    found, text = ask(server, method="HEAD")
    assert (found.status, text) == (200, "")
    assert int(found.headers["Content-Length"]) > 0


def test_long_addresses_and_many_fields_are_refused(server: BrowseServer) -> None:
    assert ask(server, "/" + "a" * LONGEST)[0].status == 414
    assert ask(server, "/" + "a" * 70_000)[0].status == 414
    assert ask(server, "/?" + "a&" * 1000)[0].status == 400
    assert ask(server, "http://127.0.0.1/")[0].status == 400


@pytest.mark.parametrize("target", ["/", "/?token=x"])
def test_headers_forbid_what_no_page_needs(server: BrowseServer, target: str) -> None:
    found, _ = ask(server, target)
    policy = found.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"https?:|\*|unsafe-eval|script-src[^;]*unsafe", policy)
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers["Referrer-Policy"] == "no-referrer"
    assert found.headers["Cache-Control"] == "no-store"
    assert "Python" not in str(found.headers["Server"])


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not HTTP\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    ],
)
def test_garbage_is_refused_and_the_server_goes_on(server: BrowseServer, raw: bytes) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.guard.port), timeout=10)) as stream:
        stream.sendall(raw.replace(b"{port}", str(server.guard.port).encode()))
        stream.shutdown(socket.SHUT_WR)
        told = b"".join(iter(lambda: stream.recv(4096), b""))
    assert SECRET.encode() not in told
    assert b"Traceback" not in told
    assert ask(server)[0].status == 200


def test_a_browser_that_goes_away_is_no_error(server: BrowseServer, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.guard.port), timeout=10)) as stream:
        stream.sendall(b"GET / HT")
    assert ask(server)[0].status == 200
    assert capsys.readouterr().err == ""


def test_the_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Any] = []

    def differs(first: bytes, second: bytes) -> bool:
        compared.append((first, second))
        return False

    monkeypatch.setattr("hebe.browse.guard.hmac.compare_digest", differs)
    guard = Guard(1, "t")
    assert not guard._is_known(["t", "u"])
    assert compared == [(b"t", b"t"), (b"u", b"t")], "all are compared, whatever the first one is"


def test_a_port_that_is_taken_is_named(server: BrowseServer) -> None:
    with pytest.raises(BadInputError, match=f"port {server.guard.port} cannot be used"):
        BrowseServer(answer, port=server.guard.port)


def test_names_of_files_cannot_add_headers() -> None:
    made = file('a"\r\nX: 1/../ä.cif', "text")
    assert made.headers == {"Content-Disposition": 'attachment; filename="a___X__1_..__.cif"'}
