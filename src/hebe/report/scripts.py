"""Scripts and styles of a page: all of them stand in it, and its policy lets no other script run."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from hebe.config.reading.hiding import printable
from hebe.report.markup import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Sequence


def asset(name: str) -> str:
    """Text of a file that comes with the report: a style sheet or a script."""
    return (resources.files("hebe.report") / "assets" / name).read_text(encoding="utf-8")


def script(*names: str) -> Markup:
    """The scripts of those names as one element."""
    return Markup(f"<script>{_joined(names)}</script>")


def policy(*scripts: Sequence[str]) -> Markup:
    """Content security policy of a page whose elements hold those scripts: W3C, Content Security Policy Level 3.

    Nothing is fetched from anywhere, and a script that found its way into the page does not run: those that belong to
    it are known by their hashes.
    """
    digests = [base64.b64encode(hashlib.sha256(_joined(names).encode()).digest()).decode() for names in scripts]
    known = " ".join(f"'sha256-{digest}'" for digest in digests)
    rules = f"default-src 'none'; style-src 'unsafe-inline'; script-src {known}; base-uri 'none'"
    return Markup(f'<meta http-equiv="Content-Security-Policy" content="{rules}; form-action \'none\'">')


def data(identifier: str, content: Any) -> Markup:
    """Data for a script: no text in it can end its element or start a comment."""
    text = json.dumps(_printable(content), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(f'<script type="application/json" id="{escape(identifier)}">{text}</script>')


def _joined(names: Sequence[str]) -> str:
    return "\n".join(map(asset, names))


def _printable(content: Any) -> Any:
    if isinstance(content, dict):
        return {printable(str(key)): _printable(item) for key, item in content.items()}
    if isinstance(content, list | tuple):
        return [_printable(item) for item in content]
    return printable(content) if isinstance(content, str) else content
