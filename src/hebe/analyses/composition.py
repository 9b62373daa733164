"""What follows from the composition alone: entropy, the capacities of its ions and electrons, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.quantity import Quantity, Shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from hebe.schemas.spec import MemberSpec


def _descriptor(name: str) -> Callable[[MemberSpec], float | None]:
    def read(member: MemberSpec) -> float | None:
        value = member.descriptors.get(name)
        return None if value is None else float(value)

    return read


QUANTITIES: Final[tuple[Quantity[MemberSpec], ...]] = (
    Quantity(
        name="entropy",
        title="ideal entropy",
        unit="R",
        symbol="S",
        better="high",
        read=lambda member: member.entropy_R.get("mixed-site"),
        shown=Shown(unit="R", digits=3),
        compared=False,
        path="entropy_R.mixed-site",
    ),
    Quantity(
        name="capacity_theoretical",
        title="theoretical capacity",
        unit="mAh/g",
        symbol="Q",
        better="high",
        read=_descriptor("capacity_theoretical_mAh_g"),
        shown=Shown(unit="mAh g⁻¹", digits=0),
        compared=False,
        of_working_ion=True,
    ),
    Quantity(
        name="capacity_redox",
        title="redox capacity",
        unit="mAh/g",
        symbol="Q",
        better="high",
        read=_descriptor("capacity_redox_mAh_g"),
        shown=Shown(unit="mAh g⁻¹", digits=0),
        compared=False,
        of_working_ion=True,
    ),
    Quantity(
        name="cost",
        title="cost of its elements",
        unit="USD/kWh",
        symbol="C",
        better="low",
        read=_descriptor("cost_USD_per_kWh"),
        shown=Shown(unit="USD kWh⁻¹", digits=1),
        note="Prices of the elements, over the energy of the redox ladder.",
        compared=False,
        of_working_ion=True,
    ),
)
"""Quantities that every candidate has before anything is computed."""
