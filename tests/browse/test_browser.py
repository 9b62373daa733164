"""The pages in a real browser: nothing goes wrong in them, nothing is asked elsewhere, and they do what they say."""

from __future__ import annotations

import os
import shutil
import threading
import time
from typing import TYPE_CHECKING

import pytest

from hebe.browse.routes import Routes
from hebe.browse.server import BrowseServer
from hebe.campaigns.api import project_store
from hebe.launchers.records import Records
from hebe.stores.owners import Owner
from support.browsed import Browsed
from support.chromium import Browser, needs_chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def server(project: Path) -> Iterator[BrowseServer]:
    """A server over a project."""
    made = BrowseServer(Routes(Browsed.of(project).source))
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture(scope="module")
def opened(server: BrowseServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that has opened the address which was printed."""
    with Browser(tmp_path_factory.mktemp("profile")) as made:
        made.open(server.address)
        yield made


@pytest.fixture
def browser(opened: Browser, server: BrowseServer) -> Iterator[Browser]:
    """The same; in the end of a test nothing may have gone wrong in it."""
    opened.resize(1400, 900)
    yield opened
    home = f"http://127.0.0.1:{server.guard.port}/"
    assert opened.errors == []
    assert [one for one in opened.requests if not one.startswith((home, "data:", "about:", "blob:"))] == []
    assert server.guard.token not in opened.run("location.href + document.documentElement.outerHTML")


def until(browser: Browser, script: str) -> None:
    """Wait until an expression is true in the page."""
    end = time.monotonic() + 30
    while not browser.run(f"Boolean({script})"):
        assert time.monotonic() < end, f"never: {script}"
        browser.frame()


def go(browser: Browser, server: BrowseServer, path: str) -> None:
    browser.open(f"http://127.0.0.1:{server.guard.port}{path}")
    until(browser, "document.readyState === 'complete' && document.querySelector('main:not(:has([data-again]))')")


ROWS = "document.querySelectorAll('#results tbody input[name=row]').length"
IDS = "Array.from(document.querySelectorAll('#results td code'), (one) => one.textContent)"


def test_filter_sort_open_turn_and_compare(browser: Browser, server: BrowseServer) -> None:
    go(browser, server, "/")
    browser.click("#live a")
    until(browser, "location.pathname === '/candidates'")
    go(browser, server, "/candidates?campaign=o3")
    every = browser.run(IDS)
    assert len(every) > 2
    browser.click("#where")
    browser.type("rank <= 1")
    until(browser, f"{ROWS} < {len(every)} && {ROWS} > 0")
    assert "where=rank" in browser.run("location.search")
    browser.run("document.getElementById('where').value = ''")
    browser.click("a.element[aria-label=Fe]")
    until(browser, "document.querySelector('a.element.on')")
    kept = browser.run(IDS)
    browser.click("a.element.on")
    until(browser, "document.querySelector('a.element.out')")
    assert sorted(kept + browser.run(IDS)) == sorted(every)
    browser.click("a.element.out")
    until(browser, f"{ROWS} === {len(every)}")
    browser.click("th a.sort[href*=average_voltage]")
    until(browser, "document.querySelector('th[aria-sort=ascending]')")
    rising = browser.run(IDS)
    browser.click("th a.sort[href*=average_voltage]")
    until(browser, "document.querySelector('th[aria-sort=descending]')")
    assert browser.run(IDS) == rising[::-1]
    browser.click("input[name=row]", 0)
    browser.click("input[name=row]", 1)
    until(browser, "document.getElementById('compare').textContent.includes('2')")
    browser.click("#compare")
    until(browser, "location.pathname === '/compare' && document.querySelector('table.compared')")
    assert browser.run("document.querySelectorAll('table.compared thead th').length") == 3


def test_a_structure_turns(browser: Browser, server: BrowseServer) -> None:
    go(browser, server, "/candidates?campaign=o3")
    browser.click("a.formula")
    until(browser, "document.querySelector('.crystal canvas') && document.querySelector('.crystal .chip')")
    until(browser, "document.querySelector('.crystal canvas').dataset.drawn")
    before = pixels(browser)
    assert before > 500, "something is drawn"
    image = "document.querySelector('.crystal canvas').toDataURL()"
    first = browser.run(image)
    browser.drag(".crystal canvas", (120, 40))
    until(browser, f"{image} !== {first!r}")
    turned = browser.run(image)
    browser.click(".states button", 1)
    until(browser, f"document.querySelectorAll('.states button')[1].ariaPressed === 'true' && {image} !== {turned!r}")
    assert browser.run("Array.from(document.querySelectorAll('.files')).filter((one) => !one.hidden).length") == 1
    browser.run("document.querySelector('.crystal canvas').focus()")
    still = browser.run(image)
    browser.press("ArrowLeft", 37)
    until(browser, f"{image} !== {still!r}")


def pixels(browser: Browser) -> int:
    """Pixels of the canvas that are drawn."""
    script = (
        "(() => { const c = document.querySelector('.crystal canvas');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })()"
    )
    return int(browser.run(script))


def test_figures_enlarge_and_the_graph_leads_to_documents(browser: Browser, server: BrowseServer) -> None:
    go(browser, server, "/candidates?campaign=o3")
    browser.click("a.formula")
    until(browser, "document.querySelector('figure .tools button') && document.querySelector('.crystal .chip')")
    browser.click("figure .tools button")
    until(browser, "document.querySelector('dialog[open]')")
    browser.press("Escape", 27)
    until(browser, "!document.querySelector('dialog[open]')")
    browser.run(
        "document.querySelector('.graph a').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))"
    )
    until(browser, "location.pathname === '/document'")
    assert browser.run("document.querySelector('h1').textContent")


def test_failures_show_their_error(browser: Browser, server: BrowseServer) -> None:
    go(browser, server, "/failures")
    assert "no energy today" in browser.run("document.body.innerText")
    assert browser.run("document.querySelectorAll('.command').length") >= 2


@pytest.mark.parametrize("width", [1400, 800])
@pytest.mark.parametrize("path", ["/", "/candidates", "/failures", "candidate", "compare"])
def test_nothing_is_wider_than_the_window(
    browser: Browser, server: BrowseServer, project: Path, path: str, width: int
) -> None:
    browser.resize(width, 900)
    table = Browsed.of(project).source
    while (found := table.table(["o3"])) is None:
        table.wait()
    names = [row.name for row in found.rows]
    places = {
        "candidate": f"/candidate?campaign=o3&id={names[0].partition('/')[2]}",
        "compare": "/compare?" + "&".join(f"row={name}" for name in names[:3]),
    }
    go(browser, server, places.get(path, path))
    assert browser.run("document.documentElement.scrollWidth") <= width
    folder = os.environ.get("HEBE_TEST_SHOTS")
    if folder:
        from pathlib import Path as Folder

        browser.screenshot(Folder(folder) / f"{path.strip('/') or 'overview'}-{width}.png", whole=True)


def test_pages_work_without_scripts(server: BrowseServer, tmp_path: Path) -> None:
    with Browser(tmp_path / "profile", scripts=False) as browser:
        browser.open(server.address)
        browser.open(f"http://127.0.0.1:{server.guard.port}/candidates?campaign=o3&where=rank+%3C%3D+1&with=Ni")
        assert browser.errors == []
        assert 0 < browser.run("document.querySelectorAll('tbody input[name=row]').length") <= 2


def test_the_overview_follows_a_running_campaign(project: Path, opened: Browser, tmp_path: Path) -> None:
    shutil.copytree(project, tmp_path / "copy")
    browser = opened
    with serving(tmp_path / "copy") as server:
        browser.open(server.address)
        assert "Running now" not in browser.run("document.body.innerText")
        beat(tmp_path / "copy")
        until(browser, "document.body.innerText.includes('Running now')")
        assert "relax this/cell" in browser.run("document.body.innerText")
        assert browser.errors == []
        browser.open("about:blank")
        browser.requests.clear()


def beat(folder: Path) -> None:
    """Say that this process runs a job of the project."""
    store = project_store(folder)
    records = Records.beside(store.docs_store, folder)
    owner = Owner.current()
    counts = {"total": 40, "completed": 35, "failed": 0, "running": 1, "waiting": 4, "reused": 30}
    job = {"uuid": "1" * 36, "index": 1, "name": "relax this/cell", "seconds": 7.0}
    report = {"host": owner.host, "pid": owner.pid, "started": owner.started, "status": "running", "jobs": counts}
    report |= {"running": [job], "elapsed_s": 10.0, "calculations": {"computed": 1}}
    records.beat("launch", report)
    records.close()
    store.close()


class serving:  # noqa: N801 - a context manager
    """A server over a project folder."""

    def __init__(self, folder: Path) -> None:
        self._server = BrowseServer(Routes(Browsed.of(folder).source))

    def __enter__(self) -> BrowseServer:
        run: Callable[[], None] = self._server.serve_forever
        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        return self._server

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
