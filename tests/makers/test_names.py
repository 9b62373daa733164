"""A misspelt name is said where a maker is made, with the nearest that would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from monty.json import MontyDecoder

import hebe
from hebe.exceptions import BadInputError
from hebe.makers import AnalysisMaker, CandidateMaker, OrderMaker, RelaxMaker, StaticMaker, VibrationMaker

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RelaxMaker(engine={"name": "chgnt"}), r"engine.name: .*'chgnt' \(did you mean chgnet\?\)"),
        (lambda: StaticMaker(engine={"name": "chgnet", "modle": "r2scan"}), r"engine.modle: .*did you mean model\?"),
        (lambda: VibrationMaker(engine={"name": "gpa"}), r"did you mean gpaw\?"),
        (lambda: RelaxMaker(engine={"name": "chgnet", "model": "r2scam"}), r"did you mean r2scan\?"),
        (lambda: RelaxMaker(engine={"name": "vasp", "preset": "mp-ga"}), r"engine.preset: .*did you mean mp-gga\?"),
        (lambda: RelaxMaker(engine={"name": "chgnet", "fmax": "lots"}), r"engine.fmax: expected a number"),
        (lambda: RelaxMaker(engine={}), r"give the name of an engine"),
        (lambda: RelaxMaker(family="rocksal"), r"family: .*did you mean rocksalt\?"),
        (lambda: AnalysisMaker(analysis="voltag"), r"analysis: .*did you mean voltage\?"),
        (lambda: CandidateMaker(analyses=["mixing", "volume_strian"]), r"analyses: .*did you mean volume_strain\?"),
        (lambda: OrderMaker(removal="stagd"), r"removal: .*did you mean staged\?"),  # type: ignore[arg-type]
    ],
)
def test_names_are_checked_at_once(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        make()


def test_a_maker_comes_back_from_its_description() -> None:
    maker = RelaxMaker(engine={"name": "chgnet", "fmax": 0.05}, family="rocksalt")
    assert MontyDecoder().process_decoded(maker.as_dict()).as_dict() == maker.as_dict()
    assert maker.engine == {"name": "chgnet", "fmax": 0.05}, "it is checked, not changed"


def test_the_package_shows_its_public_names_alone() -> None:
    shown = {name for name in dir(hebe) if not name.startswith("__")}
    assert set(hebe.__all__) - {"__version__"} <= shown
    assert not shown & {"Any", "TYPE_CHECKING", "annotations", "importlib"}
