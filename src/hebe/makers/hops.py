"""Makers of hops: which hops and sites of a configuration are looked at, and the path of one hop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from jobflow import JobConfig, Maker, OnMissing, OutputReference, job

from hebe.config.engines import DEFAULT_ENGINE, EngineSpec
from hebe.engines.path import Path
from hebe.engines.registry import get_engine
from hebe.makers.attempt import Attempt
from hebe.makers.identity import ADDED_LATER
from hebe.makers.names import check_engine
from hebe.makers.path import path_payload
from hebe.schemas.path import PathDoc
from hebe.science.transport.hop_choice import choose_hops
from hebe.science.transport.hop_ends import hop_ends
from hebe.science.transport.site_choice import choose_sites

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.hops import HopsDoc
    from hebe.schemas.site_energies import SitesDoc
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc


@dataclass(kw_only=True)
class HopsMaker(Maker):
    """Find the hops of the working ion in a configuration, and choose some.

    Parameters
    ----------
    n
        How many are chosen.
    seed
        Decides among hops that are alike.
    vacancies
        Ions that are taken out where all sites are occupied as made: 1, or 2, the second one from the gate of a hop.
    """

    name: str = "hops"
    n: int = 4
    seed: int = 0
    vacancies: int = 1
    version: ClassVar[int] = 1

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self, spec: MemberSpec, configuration: ConfigurationDoc | None, made: CalculationDoc | None, label: str = ""
    ) -> HopsDoc:
        """Hops of a configuration whose as-made cell is relaxed; without that the document is ``absent``."""
        cell = made.cell if made is not None and made.usable else None
        found = choose_hops(spec, configuration, cell, self.n, self.seed, self.vacancies)
        return found.model_copy(update={"label": label})


@dataclass(kw_only=True)
class SitesMaker(Maker):
    """Find the occupied working sites of a configuration, and choose some.

    Parameters
    ----------
    n
        How many are chosen.
    seed
        Decides among sites that are alike.
    """

    name: str = "sites"
    n: int = 6
    seed: int = 0
    version: ClassVar[int] = 1

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self, spec: MemberSpec, configuration: ConfigurationDoc | None, made: CalculationDoc | None, label: str = ""
    ) -> SitesDoc:
        """Sites of a configuration whose as-made cell is relaxed; without that the document is ``absent``."""
        cell = made.cell if made is not None and made.usable else None
        return choose_sites(spec, configuration, cell, self.n, self.seed).model_copy(update={"label": label})


@dataclass(kw_only=True)
class HopMaker(Maker):
    """The path of one hop between its relaxed ends.

    Parameters
    ----------
    engine
        Engine block of a campaign, as plain data.
    images
        Images between the ends.
    fmax
        Largest force (eV/A) across the path at the end.
    highest
        Height (eV) of images above the start, before they are relaxed, from which on there is no band.
    """

    name: str = "hop"
    engine: dict[str, Any] = field(default_factory=lambda: {"name": DEFAULT_ENGINE})
    images: int = 5
    fmax: float = 0.05
    highest: float | None = field(default=None, metadata=ADDED_LATER)
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse an engine block that cannot be read."""
        check_engine(self.engine)

    @job(config=JobConfig(expose_store=True, on_missing_references=OnMissing.NONE))
    def make(
        self,
        hops: HopsDoc | None,
        configuration: ConfigurationDoc | None,
        start: CalculationDoc | None,
        end: CalculationDoc | None,
        slot: int = 0,
        label: str = "",
    ) -> PathDoc | OutputReference:
        """Compute, or refer to what was computed before; a slot beyond the chosen hops, or without ends, is ``absent``.

        Parameters
        ----------
        hops, configuration
            Hops of a configuration.
        start, end
            Relaxed cells before and after the hop.
        slot
            Which of the chosen hops.
        """
        engine = get_engine(EngineSpec.model_validate(self.engine))
        ends = None
        if hops is not None and slot < len(hops.chosen) and configuration is not None:
            ends = hop_ends(hops.hops[hops.chosen[slot]], configuration, start, end)
        if ends is None or start is None or end is None:
            return PathDoc(label=label, status="absent", engine=engine.name, energy_scale=engine.energy_scale)
        return Attempt(
            schema=PathDoc,
            engine=engine,
            task=Path(
                end=ends.end,
                images=self.images,
                fmax=self.fmax,
                via=ends.via,
                origin=f"{end.key} {ends.way}",
                highest=self.highest,
            ),
            start=ends.start,
            identity={"calculation": start.key},
            payload=path_payload,
            label=label,
        ).make()
