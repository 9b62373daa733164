"""The report as PDF: printed by a browser of Chromium's family, if the machine has one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from hebe.exceptions import HebeError, MissingDependencyError

BROWSERS: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
"""Programs that print a page without a window."""

_LONGEST_S: Final = 180
_FLAGS: Final = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--virtual-time-budget=4000",
)


def browser() -> str:
    """Program that prints.

    Raises
    ------
    MissingDependencyError
        If the machine has none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        advice = "install one, or write report.html and print it from any browser"
        raise MissingDependencyError("chromium or Chrome", "a report as PDF", "report", advice=advice)
    return found


def print_page(page: str, path: Path) -> None:
    """Write a page as PDF.

    Raises
    ------
    MissingDependencyError
        Without a browser.
    HebeError
        If the browser does not print.
    """
    program = browser()
    with tempfile.TemporaryDirectory(prefix="hebe-report-") as folder:
        source = Path(folder) / "report.html"
        source.write_text(page, encoding="utf-8")
        # as root Chromium has no sandbox; the page's own policy lets nothing run but the report's scripts
        root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        words = [program, *_FLAGS, *root, f"--user-data-dir={folder}/profile", f"--print-to-pdf={path.absolute()}"]
        path.unlink(missing_ok=True)
        try:
            subprocess.run(  # noqa: S603 - a browser of the machine, our own page
                [*words, source.as_uri()], check=False, capture_output=True, timeout=_LONGEST_S
            )
        except subprocess.TimeoutExpired as err:
            raise HebeError(f"{program} did not print the report within {_LONGEST_S} s") from err
    if not path.is_file():
        raise HebeError(f"{program} did not print the report")
