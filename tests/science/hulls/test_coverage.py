"""What is missing of the list of known compounds, against a look at all of the list."""

from __future__ import annotations

import pytest

from hebe.science.hulls.competing import load_coverage, missing_formulas, unlisted_systems


@pytest.mark.parametrize("elements", ["Na Mg Ti O", "Li Mn Ni Co O F", "Na Fe P O", "Mg Al Cu", "K V"])
def test_missing_formulas_are_those_of_the_list_in_its_order(elements: str) -> None:
    """Against a look at every system of the list; without an anion they are those of oxides."""
    wanted = {"O", *elements.split()}
    missing = missing_formulas(wanted, [], working_ion="Na")
    named = {formula for group in missing.values() for formula in group}
    assert set(missing) == {"binary", "A-M-O", "M-M'-O"}
    for formulas in missing.values():
        within = [f for s in load_coverage().systems if set(s.system.split("-")) <= wanted for f in s.formulas]
        assert list(formulas) == [f for f in within if f in formulas]
    unlisted = unlisted_systems(wanted, working_ion="Na")
    listed = {frozenset(s.system.split("-")) for s in load_coverage().systems}
    assert all(frozenset(s.split("-")) not in listed for group in unlisted.values() for s in group)
    assert named or any(unlisted.values())
