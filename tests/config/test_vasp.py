"""Engine blocks of VASP: what presets refuse, and the words of the refusal."""

from __future__ import annotations

from typing import Any

import pytest

from hebe.config.engines import EngineSpec
from hebe.config.engines.vasp import VASP_PRESETS, VaspBlock, VaspSettings, vasp_choice, vasp_tables


def test_tables_are_complete() -> None:
    tables = vasp_tables()
    assert {*tables.presets, "custom"} == set(VASP_PRESETS)
    assert set(tables.limits) == {"static", "relax", "relax-ions"}
    assert not set(tables.free_tags) & {
        "ENCUT",
        "ISMEAR",
        "SIGMA",
        "LDAUU",
        "LASPH",
        "LMAXMIX",
        "PREC",
        "GGA",
        "METAGGA",
    }


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"settings": {"incar": {"ENCUT": 400}}}, "ENCUT would make mp-gga something else"),
        ({"preset": "mp24", "settings": {"hubbard_u": {"Mn": 3.9}}}, "hubbard_u would make mp24 something else"),
        ({"preset": "mp24", "settings": {"corrections": "mp2020"}}, "fitted to PBE and PBE.U, not to mp24"),
        ({"settings": {"incar": {"EDIFFG": -0.1}}}, "EDIFFG is decided elsewhere"),
        ({"settings": {"incar": {"encut": 400}}}, "written in capitals"),
        ({"settings": {"keep_files": ["CHARGE"]}}, "'CHARGE' is no large file"),
        ({"preset": "custom", "settings": {"potcars": {"Xx": "Xx"}}}, "'Xx' is no element"),
        ({"preset": "custom", "settings": {"potcars": {"Mn": "Fe_pv"}}}, "Fe_pv is no POTCAR of Mn"),
        ({"preset": "custom", "settings": {"hubbard_u": {"Mn": "four"}}}, "U of Mn: expected a number"),
        ({"preset": "custom", "settings": {"hubbard_u": {"Mn": -4}}}, "U of Mn: .* greater than or equal to 0"),
        ({"preset": "custom", "settings": {"incar": {"ENCUT": "many"}}}, "ENCUT takes a number, got 'many'"),
        ({"settings": {"incar": {"NCOER": 4}}}, "no tag is called NCOER"),
        ({"settings": {"incar": {"NCORE": True}}}, "NCORE takes a whole number, got true"),
        ({"preset": "screen"}, "vasp has no preset 'screen'"),
        ({"settings": {"cutoff": 400}}, "Extra inputs are not permitted"),
        ({"energy_scale": "mine"}, "belong to an ASE calculator"),
    ],
)
def test_wrong_blocks_say_what_is_wrong(block: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EngineSpec.model_validate({"name": "vasp", **block})


def test_numbers_may_be_written_as_text_and_tags_may_be_new() -> None:
    """YAML reads 1e-6 as text; tags of later versions of VASP are taken unless they look like a slip of the pen."""
    incar = {"EDIFF": "1e-6", "KERNEL_TRUNCATION": True}
    assert VaspSettings.model_validate({"incar": incar}).incar == incar


def test_settings_belong_to_the_engine_that_is_named() -> None:
    spec = EngineSpec.model_validate({"name": "vasp", "settings": {"incar": {"NCORE": 4}, "symmetry": False}})
    assert isinstance(spec, VaspBlock)
    assert spec.settings is not None
    assert spec.settings.symmetry == "off"
    assert EngineSpec.model_validate(spec.model_dump(mode="json", exclude_none=True)) == spec
    with pytest.raises(ValueError, match="Extra inputs"):
        EngineSpec.model_validate({"name": "gpaw", "settings": {"incar": {}}})


def test_custom_starts_from_a_preset() -> None:
    assert vasp_choice("custom", None).preset == vasp_tables().presets["mp-gga"]
    chosen = vasp_choice("custom", VaspSettings(base="mp24", passes=1))
    assert (chosen.preset.functional, chosen.passes) == ("r2SCAN", 1)
