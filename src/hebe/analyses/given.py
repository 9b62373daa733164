"""What an analysis is given: the calculations that it wanted, as far as they are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.calibration import CalibrationDoc
from hebe.schemas.dynamics import DynamicsDoc
from hebe.schemas.hops import HopsDoc
from hebe.schemas.path import PathDoc
from hebe.schemas.site_energies import SitesDoc
from hebe.schemas.structures import ConfigurationDoc, OrderingDoc
from hebe.schemas.vibrations import VibrationDoc
from hebe.science.electrodes.defect_energies import DefectState


@dataclass(frozen=True)
class Cell:
    """One configuration of a candidate.

    Parameters
    ----------
    n_fu
        Its formula units.
    configuration
        As it was built, None for a cell that the campaign brings.
    made
        Calculation as made.
    states, orderings
        Calculations at other contents of the working ion, and the orderings they were chosen from.
    vibrations
        Vibrations of the as-made cell.
    stackings
        The same configuration in other stackings of its slabs, by their names.
    defects
        Cells with point defects, by kind and content.
    hops, paths
        Hops of the working ion in the as-made cell, and the paths of those that were chosen.
    ends
        Cells between which these lead: the start and the end of each, one after another.
    sites, emptied, emptied_fixed
        Occupied working sites of the as-made cell, and the cells that lack the ion on each chosen one, with relaxed
        ions and with no atom moved.
    runs
        Molecular dynamics of the as-made cell, one run at each temperature.
    """

    n_fu: int | None = None
    configuration: ConfigurationDoc | None = None
    made: CalculationDoc | None = None
    states: Sequence[CalculationDoc | None] = ()
    orderings: Sequence[OrderingDoc | None] = ()
    vibrations: VibrationDoc | None = None
    stackings: Mapping[str, Cell] = field(default_factory=dict)
    defects: Sequence[DefectState] = ()
    hops: HopsDoc | None = None
    paths: Sequence[PathDoc | None] = ()
    ends: Sequence[CalculationDoc | None] = ()
    sites: SitesDoc | None = None
    emptied: Sequence[CalculationDoc | None] = ()
    emptied_fixed: Sequence[CalculationDoc | None] = ()
    runs: Sequence[DynamicsDoc | None] = ()

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Cell:
        """Cell of its fields, those of its other stackings and defects included."""
        others = {name: cls.of(other) for name, other in fields.get("stackings", {}).items()}
        defects = [DefectState(**state) for state in fields.get("defects", ())]
        return cls(**{**fields, "stackings": others, "defects": defects})


@dataclass(frozen=True)
class Given:
    """Everything that the analysis of a configuration or a candidate can read.

    Parameters
    ----------
    cells
        Configurations of the candidate; the one that is analysed where an analysis is made per configuration.
    window
        Lowest and highest x (ions per formula unit) that are ranked, None without a working ion.
    accept
        Verdicts on the topology of a cell that count as the host.
    metal
        Metal of the working ion.
    phases
        Competing phases by id.
    vertices, members
        ``{"spec", "configuration", "calculation"}`` of members of the host with fewest species, and of those that
        compete by name, with ``"vibrations"`` where there are some.
    edges
        Members of the host halfway between those with fewest species, as `vertices`; without vibrations.
    tiles
        ``{"degeneracy", "calculation"}`` of ordered tiles of the candidate; of tiles that were drawn the degeneracy is
        how often.
    n_tiles
        Distinct tiles that there are.
    facts
        Facts of the phases that are not the package's: ``{"id", "source", "ions"}``.
    entries, remarks
        Competing phases whose energies the campaign brings, as fields of `PhaseEntry`, and what to know of its files.
    vibrations
        Vibrations of competing phases by id.
    firing_temperature
        Firing temperature of the candidate (K), None where neither the campaign nor its family has one.
    calibration
        Errors that small cells have told, None where there was no calibration.
    oxides
        Oxides that give the energy of oxygen gas, by id of the phase.
    solids
        Oxides, carbonates and hydroxides that give the energies of carbon dioxide and water, by id of the phase.
    errors
        Errors of the engine that the campaign gives: ``mixing`` (eV/atom), ``voltage`` (V).
    """

    cells: Sequence[Cell]
    window: tuple[float, float] | None = None
    accept: tuple[str, ...] = ()
    metal: CalculationDoc | None = None
    phases: Mapping[str, CalculationDoc | None] = field(default_factory=dict)
    vertices: Sequence[Mapping[str, Any]] = ()
    members: Sequence[Mapping[str, Any]] = ()
    edges: Sequence[Mapping[str, Any]] = ()
    tiles: Sequence[Mapping[str, Any]] = ()
    n_tiles: int = 0
    facts: Sequence[Mapping[str, Any]] = ()
    entries: Sequence[Mapping[str, Any]] = ()
    remarks: Sequence[str] = ()
    vibrations: Mapping[str, VibrationDoc | None] = field(default_factory=dict)
    firing_temperature: float | None = None
    calibration: CalibrationDoc | None = None
    oxides: Mapping[str, CalculationDoc | None] = field(default_factory=dict)
    solids: Mapping[str, CalculationDoc | None] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)

    @property
    def cell(self) -> Cell:
        """The configuration that is analysed."""
        return self.cells[0]
