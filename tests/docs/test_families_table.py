"""The table of the families in the documentation is that of their data."""

from __future__ import annotations

from hebe.config.family import family_names, load_family
from support.families_table import PAGE, written


def test_the_table_is_that_of_the_data() -> None:
    """`python tests/support/families_table.py` writes it."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == written(text)


def test_every_family_says_what_was_checked() -> None:
    assert not [name for name in family_names() if not load_family(name).checked]
