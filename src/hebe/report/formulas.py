"""Chemical formulas as HTML."""

from __future__ import annotations

from hebe.report.markup import Markup, html, tag


def formula(text: str) -> Markup:
    """Chemical formula with its amounts as subscripts."""
    parts: list[str] = []
    amount = ""
    for letter in text + " ":
        if letter.isdigit() or letter == ".":
            amount += letter
            continue
        if amount:
            parts.append(tag("sub", amount))
            amount = ""
        parts.append("<wbr>" * letter.isupper() + html(letter))
    return Markup("".join(parts).strip())


def indexed(text: str) -> Markup:
    """A text with the index of ``T_mix`` below the line."""
    return Markup(html(text).replace("T_mix", "T<sub>mix</sub>"))
