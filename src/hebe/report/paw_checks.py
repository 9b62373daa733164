"""Whether the DFT codes with PAW data in files have data sets for all elements of a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.exceptions import EngineError, HebeError
from hebe.report.checks import Check
from hebe.report.vasp_checks import elements_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.config.campaign import Campaign
    from hebe.config.engine import EngineSpec


def paw_checks(campaign: Campaign) -> Iterator[Check]:
    """Checks of every stage of a campaign that computes with GPAW or ABINIT."""
    looks = {"abinit": _abinit, "gpaw": _gpaw}
    for number, stage in enumerate(campaign.stages):
        if stage.engine.name in looks:
            name = f"PAW data sets of stage {number}"
            try:
                lacking, detail, advice = looks[stage.engine.name](stage.engine, sorted(elements_of(campaign)))
            except HebeError as err:
                yield Check(name, "absent", str(err))
                continue
            status = "failed" if lacking else "ok"
            yield Check(name, status, f"{detail}: {lacking[0]}" if lacking else detail, advice if lacking else "")


def _abinit(spec: EngineSpec, elements: list[str]) -> tuple[list[str], str, str]:
    """Reasons why elements lack a data set, what there is, advice."""
    from hebe.config.abinit import AbinitSettings, abinit_choice
    from hebe.engines.abinit.data_sets import ADVICE, data_set, find_library

    settings = spec.settings if isinstance(spec.settings, AbinitSettings) else None
    choice = abinit_choice(spec.preset or "screen", settings)
    library = find_library(choice.xc)
    lacking = []
    for symbol in elements:
        try:
            data_set(symbol, choice, library)
        except EngineError as err:
            lacking.append(err.reason.removesuffix(f"; {ADVICE}"))
    return lacking, library.description, ADVICE


def _gpaw(_spec: EngineSpec, elements: list[str]) -> tuple[list[str], str, str]:
    from hebe.engines.gpaw.installation import find_installation

    found = find_installation()
    missing = [f"there is none for {symbol}" for symbol in elements if symbol not in found.elements]
    return missing, f"{len(found.elements)} PAW data sets ({found.data}) in {found.folder}", "gpaw install-data DIR"
