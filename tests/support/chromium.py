"""A real browser under test: headless chromium, told what to do over two pipes (``--remote-debugging-pipe``).

Messages are JSON, ended by a zero byte: Chrome DevTools Protocol. Nothing but the browser is needed.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final, Self

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium: Final = pytest.mark.skipif(PROGRAM is None, reason="needs the package chromium")
_FLAGS: Final = ("--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--hide-scrollbars")
_STARTS: Final = """
import os, sys
from fcntl import F_DUPFD, fcntl
ends = [fcntl(int(word), F_DUPFD, 10) for word in sys.argv[1:3]]
for end, number in zip(ends, (3, 4)):
    os.dup2(end, number)
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""Gives the pipes the numbers that the browser expects; dash cannot where their own have two digits."""

_LONGEST_S: Final = 60.0
_ALLOWED: Final = ("file:", "data:", "blob:", "about:")


class Browser:
    """One page of a browser of its own.

    Parameters
    ----------
    folder
        Where its profile goes.
    size
        Width and height of the window in pixels.
    scripts
        Whether pages may run scripts.

    Attributes
    ----------
    errors
        What the console said that was an error or a warning, and what scripts threw.
    requests
        Addresses that were asked for.
    """

    def __init__(self, folder: Path, size: tuple[int, int] = (1400, 900), *, scripts: bool = True) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._number = 0
        self._buffer = b""
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        words = [str(PROGRAM), *_FLAGS, *root, f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _STARTS, str(to_read), str(to_write), *words],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        (target,) = (t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session: str | None = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        if not scripts:
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        self.resize(*size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session = None
        self._send("Browser.close", {})
        self._process.wait(timeout=_LONGEST_S)
        os.close(self._write)
        os.close(self._read)

    def resize(self, width: int, height: int, *, scale: float = 1.0) -> None:
        """Give the window another size."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **metrics)

    def open(self, address: str) -> None:
        """Load a page and wait for it."""
        self._loaded = False
        self.call("Page.navigate", url=address)
        end = time.monotonic() + _LONGEST_S
        while not self._loaded:
            assert time.monotonic() < end, f"{address} did not load"
            self._take(end - time.monotonic())

    def run(self, script: str) -> Any:
        """Value of an expression in the page; a promise is waited for."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def frame(self) -> None:
        """Wait until what is to be drawn is drawn."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def click(self, selector: str, at: int = 0) -> None:
        """Click into the middle of an element."""
        x, y = self.middle(selector, at)
        self.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)

    def drag(self, selector: str, by: tuple[float, float]) -> None:
        """Press in the middle of an element, move, and let go."""
        x, y = self.middle(selector)
        self.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
        for part in (0.25, 0.5, 0.75, 1.0):
            self.mouse("mouseMoved", x + part * by[0], y + part * by[1], button="left", buttons=1)
        self.mouse("mouseReleased", x + by[0], y + by[1], button="left", clickCount=1)
        self.frame()

    def wheel(self, selector: str, by: float) -> None:
        """Turn the wheel over an element."""
        x, y = self.middle(selector)
        self.mouse("mouseWheel", x, y, deltaX=0, deltaY=by)
        self.frame()

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Send an event of the mouse."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def middle(self, selector: str, at: int = 0) -> tuple[float, float]:
        """Bring an element into view; its middle in pixels of the window."""
        script = (
            f"(() => {{ const one = document.querySelectorAll({json.dumps(selector)})[{at}];"
            " one.scrollIntoView({block: 'center', behavior: 'instant'}); const box = one.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        x, y = self.run(script)
        return float(x), float(y)

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, code: int = 0, text: str = "") -> None:
        """Press a key: its name as `KeyboardEvent.key`, its number, and what it writes."""
        down: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code, "code": key}
        self.call("Input.dispatchKeyEvent", type="keyDown", **down, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **down)
        self.frame()

    def screenshot(self, path: Path, *, whole: bool = False, clip: str | None = None) -> None:
        """Write what is seen, the whole page, or one element as PNG."""
        more: dict[str, Any] = {"captureBeyondViewport": whole or clip is not None}
        if clip is not None:
            script = (
                f"(() => {{ const box = document.querySelector({json.dumps(clip)}).getBoundingClientRect();"
                " return {x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height, scale: 1}; })()"
            )
            more["clip"] = self.run(script)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png", **more)["data"]))

    def pdf(self, path: Path) -> None:
        """Print the page."""
        found = self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def elsewhere(self) -> list[str]:
        """Requests that left the page and its folder."""
        return [address for address in self.requests if not address.startswith(_ALLOWED)]

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Have the browser do something; its answer."""
        number = self._send(method, parameters)
        end = time.monotonic() + _LONGEST_S
        while True:
            answer = self._take(end - time.monotonic())
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                found: dict[str, Any] = answer["result"]
                return found

    def _send(self, method: str, parameters: dict[str, Any]) -> int:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        return self._number

    def _take(self, seconds: float) -> dict[str, Any]:
        """Next message of the browser."""
        while b"\0" not in self._buffer:
            waiting = select.poll()  # takes numbers above 1024, as a process of many open files has them
            waiting.register(self._read, select.POLLIN)
            ready = waiting.poll(1000 * max(0.0, seconds))
            assert ready, "the browser does not answer"
            part = os.read(self._read, 1 << 16)
            assert part, "the browser has ended"
            self._buffer += part
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        method, told = message.get("method"), message.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(told["exceptionDetails"].get("exception", told["exceptionDetails"])))
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.errors.append(told["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.errors.append(json.dumps(told["args"]))
