"""The report as Markdown: its own simple HTML written again; figures become the commands that draw them.

Warnings of candidates stand in their section, not in the ranking too.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_LEFT_OUT: Final = frozenset({"script", "style", "svg", "nav", "head"})
_SAID_ELSEWHERE: Final = ("warnings", "no-script note", "note needs-script")
_HEADS: Final = {"h1": "# ", "h2": "## ", "h3": "### ", "summary": "**", "figcaption": "", "p": ""}
_SIGNS: Final = re.compile(r"([\\`*_{}\[\]<>|#~])")
_SPACES: Final = re.compile(r"\s+")


def markdown(page: str) -> str:
    """Markdown (CommonMark with tables) of a page that `hebe.report.page` made.

    Every sign of a text that means something in Markdown or HTML is escaped: a text stays a text.
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.written)).strip() + "\n"


class _Reader(HTMLParser):
    """Collects the text of one block after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []
        self._skipped: list[str] = []
        self._text: list[str] = []
        self._rows: list[list[str]] | None = None
        self._number: int | None = None
        self._kept = False
        self._term = ""
        self._drawn: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, a row or a cell."""
        given = dict(attrs)
        if self._skipped or tag in _LEFT_OUT or given.get("class") in _SAID_ELSEWHERE:
            if tag not in ("meta", "br", "wbr"):
                self._skipped.append(tag)
        elif tag == "figure":
            self._flush()
            self._drawn = given.get("data-name") or ""
        elif tag in ("br", "code"):
            self._text.append(" ")
        elif tag == "pre":
            self._flush()
            self._kept = True
        elif tag == "table":
            self._flush()
            self._rows = []
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in ("th", "td"):
            self._text = []
        elif tag in ("ol", "ul") and self._rows is None:
            self._flush()
            self._number = 0 if tag == "ol" else None
        elif tag in (*_HEADS, "li", "dd", "details") and self._rows is None and self._drawn is None:
            self._flush()

    def handle_endtag(self, tag: str) -> None:
        """End what was begun."""
        if self._skipped:
            if self._skipped[-1] == tag:
                self._skipped.pop()
        elif tag in ("th", "td") and self._rows:
            self._rows[-1].append(self._taken())
        elif tag == "table" and self._rows is not None:
            self.written.append(_table(self._rows))
            self._rows = None
        elif tag == "pre":
            self.written.append(f"\n```\n{''.join(self._text).strip().replace('```', '` ` `')}\n```\n\n")
            self._text, self._kept = [], False
        elif tag == "figure":
            self.written.append(f"- `hebe plot {self._drawn}`: {self._taken()}\n")
            self._drawn = None
        elif self._drawn is not None:
            self._text.append(". " if tag == "h3" else "")
        elif tag == "dt":
            self._term = self._taken()
        elif tag == "dl":
            self.written.append("\n")
        elif tag in (*_HEADS, "li", "dd") and self._rows is None:
            self._end(tag)
        elif self._rows is not None and tag in ("summary", "li", "code"):
            self._text.append("; ")

    def handle_data(self, data: str) -> None:
        """Keep a text, with its signs escaped where it is not kept as it is."""
        if not self._skipped:
            self._text.append(data if self._kept else _SIGNS.sub(r"\\\1", data).replace("&", "&amp;"))

    def _taken(self) -> str:
        text, self._text = _SPACES.sub(" ", "".join(self._text)).strip(" ;"), []
        return text

    def _flush(self) -> None:
        text = self._taken()
        if text:
            self.written.append(f"{text}\n\n")

    def _end(self, tag: str) -> None:
        text = self._taken()
        if not text:
            return
        if tag == "dd":
            self.written.append(f"- **{self._term}**: {text}\n")
        elif tag == "li":
            mark = "- " if self._number is None else f"{self._number + 1}. "
            self._number = None if self._number is None else self._number + 1
            self.written.append(f"{mark}{text}\n")
        else:
            end = "**" if _HEADS[tag] == "**" else ""
            self.written.append(f"\n{_HEADS[tag]}{text}{end}\n\n")


def _table(rows: list[list[str]]) -> str:
    if not rows:
        return ""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, f"|{' --- |' * len(rows[0])}")
    return "\n" + "\n".join(lines) + "\n\n"
