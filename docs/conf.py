"""The documentation as a site: `make docs` writes it to build/site."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel
from sphinx.errors import ExtensionError

from hebe import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Hebe"
author = copyright = "The Hebe developers"
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
myst_heading_anchors = 5
myst_enable_extensions = ["attrs_block", "colon_fence"]
copybutton_prompt_text = "$ "

autodoc_default_options = {
    "members": True,
    "member-order": "bysource",
    "exclude-members": "model_config,model_post_init",
}
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"Hebe {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_theme_options = {
    "source_repository": "https://github.com/hebe-flows/hebe",
    "source_branch": "main",
    "source_directory": "docs/",
}
html_show_sphinx = False

_ROOT = Path(__file__).parents[1]
_REPORT = _ROOT / "demo" / "report.html"
_REPOSITORY = "https://github.com/hebe-flows/hebe/blob/main"
_OUTWARDS = re.compile(r"\]\(\.\./([^)#]+)(#[^)]*)?\)")


def link_repository(app: Sphinx, page: str, source: list[str]) -> None:
    """Let links of a page to files outside the documentation lead to the repository.

    Raises
    ------
    ExtensionError
        If the repository has no such file.
    """
    del app
    if "/" in page:
        return

    def outwards(match: re.Match[str]) -> str:
        if not (_ROOT / match[1]).exists():
            raise ExtensionError(f"docs/{page}.md links to {match[1]}, which is not there")
        return f"]({_REPOSITORY}/{match[1]}{match[2] or ''})"

    source[0] = _OUTWARDS.sub(outwards, source[0])


def add_report(app: Sphinx, error: Exception | None) -> None:
    """Put the report of the demo beside the pages where `make demo` has written one."""
    if error is None and _REPORT.exists():
        shutil.copy(_REPORT, Path(app.outdir) / "demo-report.html")


def shorten_model(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, returns: str
) -> tuple[str, str] | None:
    """Leave the fields of a model out of its signature: they are listed below it."""
    del app, name, options, signature, returns
    return ("", "") if what == "class" and isinstance(obj, type) and issubclass(obj, BaseModel) else None


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", link_repository)
    app.connect("autodoc-process-signature", shorten_model)
    app.connect("build-finished", add_report)
