"""What tables of low-entropy controls say of their numbers."""

from __future__ import annotations

from hebe.analyses.registry import all_quantities
from hebe.report.controls import NOTE


def test_the_note_names_the_quantities_whose_sizes_are_compared() -> None:
    """Voltages, enthalpies and defect energies have a sign too, and are compared with it."""
    sizes = {quantity.title for quantity in all_quantities().values() if quantity.signed is not None}
    assert sizes == {"volume strain"}
    assert all(title in NOTE for title in sizes)
