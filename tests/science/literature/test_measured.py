"""Candidates that articles report on are found by host and composition, and others are not."""

from __future__ import annotations

import pytest

from hebe.science.literature.measured import materials_like
from hebe.science.literature.printed import elements_of
from hebe.science.literature.system import System, get_system, load_systems

KNOWN = [system for system in load_systems().values() if elements_of(system.printed)]


def formula(system: System, scale: float = 1.0) -> str:
    atoms = elements_of(system.printed) or {}
    return "".join(f"{element}{scale * float(amount):.4f}" for element, amount in atoms.items())


def test_most_materials_have_a_composition() -> None:
    assert len(KNOWN) > 100


@pytest.mark.parametrize("system", KNOWN, ids=lambda system: system.system_id)
def test_every_material_is_found_by_its_own_formula(system: System) -> None:
    assert system in materials_like(formula(system), system.host)
    assert system in materials_like(formula(system, 2.0), system.host), "whatever the formula unit is"
    assert materials_like(formula(system), "no such host") == []


def test_another_composition_is_another_material() -> None:
    system = get_system("li-o3-hewd")
    near = "LiNi0.8Mn0.12Al0.02Ti0.02Cr0.02Fe0.02O2"
    assert system in materials_like(near, "layered-o3")
    assert system not in materials_like("LiNi0.78Mn0.14Al0.02Ti0.02Cr0.02Fe0.02O2", "layered-o3")
    assert system not in materials_like("LiNi0.8Mn0.12Al0.02Ti0.02Cr0.02V0.02O2", "layered-o3")
    assert materials_like("no formula", "layered-o3") == []
