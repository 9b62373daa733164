"""What the analyses of a candidate want, as jobs: each is wired once, whoever wants it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jobflow import Job, OutputReference

from hebe.analyses.wants import (
    AirSolids,
    Contents,
    Defects,
    Displacements,
    Edges,
    Firing,
    Hops,
    Metal,
    MovingIons,
    OpenPhases,
    OxygenOxides,
    Phases,
    SiteVacancies,
    Stackings,
    Tiles,
    Vertices,
    Want,
)
from hebe.flows.defective import Defective, DefectsOf, defect_contents
from hebe.flows.hops import HopJobs, SiteJobs, wire_hops, wire_runs, wire_sites
from hebe.schemas.spec import MemberSpec
from hebe.science.chemistry.member import composition_of
from hebe.science.hulls.air_gases import air_phases
from hebe.science.hulls.competing import competing_phases
from hebe.science.hulls.host_members import edge_members, host_vertices
from hebe.science.hulls.hull_entries import phase_facts
from hebe.science.hulls.oxygen import oxygen_oxides
from hebe.science.hulls.working_metals import competing_elements, package_phases, working_metals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.flows.wiring import StageWiring
    from hebe.science.hulls.given_phases import GivenPhase
    from hebe.science.hulls.phase import Phase

WantT = TypeVar("WantT", bound=Want)
SHARED_PRIORITY: Final = 1_000_000
"""Of jobs that several candidates wait for."""


@dataclass(frozen=True)
class Member:
    """Configuration of a member of the host, and its as-made calculation; ``before`` is that of the stage before."""

    configuration: OutputReference | None
    n_fu: OutputReference | int
    made: Job
    before: Member | None = None


@dataclass(frozen=True)
class States:
    """Calculations of one configuration at one other content, and the orderings that they are."""

    x: Fraction
    ordering: Any
    jobs: list[Job]


@dataclass(frozen=True)
class Stacked:
    """One configuration in another stacking: as made and at the other contents."""

    member: Member
    states: list[States]

    @property
    def jobs(self) -> list[Job]:
        """All calculations."""
        return [self.member.made, *(job for state in self.states for job in state.jobs)]

    def fields(self) -> dict[str, Any]:
        """Fields of `Cell`."""
        return {
            "made": self.member.made.output,
            "n_fu": self.member.n_fu,
            "configuration": self.member.configuration,
            "states": [job.output for state in self.states for job in state.jobs],
            "orderings": [state.ordering for state in self.states],
        }


@dataclass(frozen=True)
class Vertex:
    """Member of the host that candidates are compared with."""

    spec: MemberSpec
    label: str
    member: Member


@dataclass(frozen=True)
class Parts:
    """What the document of a candidate is made of: its cells, and results by analysis."""

    wanted: Wanted
    results: dict[str, list[OutputReference]]


class Wanted:
    """What is wired for one candidate of a stage.

    Parameters
    ----------
    wiring
        The stage.
    members
        Configurations of the candidate.
    priority
        Of its jobs.
    """

    def __init__(self, wiring: StageWiring, spec: MemberSpec, members: list[Member], priority: int) -> None:
        self.wiring = wiring
        self.spec = spec
        self.members = members
        self.priority = priority
        self._states: dict[int, list[States]] = {}
        self._tiles: dict[Tiles, list[Job]] = {}
        self._stacked: dict[tuple[int, str], Stacked] = {}
        self._defects: dict[tuple[int, Fraction, str, int], Defective] = {}
        self._hops: dict[tuple[int, Hops], HopJobs] = {}
        self._sites: dict[tuple[int, SiteVacancies], SiteJobs] = {}
        self._runs: dict[tuple[int, MovingIons], list[Job]] = {}

    @property
    def more_jobs(self) -> list[Job]:
        """Calculations of the candidate that were wanted beside those as made."""
        states = [job for index in sorted(self._states) for state in self._states[index] for job in state.jobs]
        stacked = [job for key in sorted(self._stacked) for job in self._stacked[key].jobs]
        defects = [job for key in sorted(self._defects) for job in self._defects[key].jobs]
        ends = [job for hops in self._hops.values() for job in hops.ends]
        emptied = [job for sites in self._sites.values() for job in (*sites.relaxed, *sites.fixed)]
        tiles = [job for jobs in self._tiles.values() for job in jobs]
        return states + stacked + defects + ends + emptied + tiles

    def cell(self, index: int, wants: Sequence[Want]) -> dict[str, Any]:
        """Fields of `Cell` of one configuration."""
        member = self.members[index]
        found: dict[str, Any] = {"made": member.made.output, "n_fu": member.n_fu}
        if member.configuration is not None:
            found["configuration"] = member.configuration
        if _first(wants, Contents) is not None:
            states = self._states_of(index)
            found["states"] = [job.output for state in states for job in state.jobs]
            found["orderings"] = [state.ordering for state in states]
        found |= self._stackings(index, _first(wants, Stackings))
        found |= self._defective(index, _first(wants, Defects))
        asked = _first(wants, Displacements)
        if asked is not None:
            name = self.spec.candidate_id
            job = self.wiring.vibrations(member.made, asked, f"{name}/c{index}", self.priority, name)
            found["vibrations"] = job.output
        hops = _first(wants, Hops)
        if hops is not None and member.configuration is not None:
            found |= self._hops_of(index, hops)
        sites = _first(wants, SiteVacancies)
        if sites is not None and member.configuration is not None:
            found |= self._sites_of(index, sites)
        moving = _first(wants, MovingIons)
        if moving is not None and member.configuration is not None:
            found["runs"] = [job.output for job in self._runs_of(index, moving)]
        return found

    def _runs_of(self, index: int, asked: MovingIons) -> list[Job]:
        """Molecular dynamics of one configuration."""
        if (index, asked) not in self._runs:
            self._runs[index, asked] = wire_runs(
                self.wiring, self.spec, self.members[index], index, asked, self.priority
            )
        return self._runs[index, asked]

    def _sites_of(self, index: int, asked: SiteVacancies) -> dict[str, Any]:
        """Sites of one configuration, and the cells without an ion."""
        if (index, asked) not in self._sites:
            self._sites[index, asked] = wire_sites(
                self.wiring, self.spec, self.members[index], index, asked, self.priority
            )
        return self._sites[index, asked].fields()

    def _hops_of(self, index: int, asked: Hops) -> dict[str, Any]:
        """Hops of one configuration, their ends and paths."""
        if (index, asked) not in self._hops:
            number = sum(other == index for other, _ in self._hops)
            label = f"{self.spec.candidate_id}/c{index}/hops{number + 1 if number else ''}/s{self.wiring.number}"
            self._hops[index, asked] = wire_hops(
                self.wiring, self.spec, self.members[index], label, asked, self.priority
            )
        return self._hops[index, asked].fields()

    def shared(self, wants: Sequence[Want]) -> dict[str, Any]:
        """Fields of `Given` that do not belong to one configuration."""
        asked, found = _first(wants, Displacements), dict[str, Any]()
        if self.wiring.stage.engine.errors:
            found["errors"] = self.wiring.stage.engine.errors
        if _first(wants, Metal) is not None:
            found["metal"] = self.wiring.metal().output
        fired_at = self.wiring.campaign.fired_at
        if _first(wants, Firing) is not None and fired_at is not None:
            found["firing_temperature"] = fired_at
        if _first(wants, Phases) is not None:
            found |= self._phases(asked)
        opened = _first(wants, OpenPhases)
        if opened is not None:
            found |= self._open_phases(opened)
        if _first(wants, OxygenOxides) is not None:
            found["oxides"] = {phase.id: self.wiring.oxide(phase).output for phase in oxygen_oxides()}
        if _first(wants, AirSolids) is not None:
            found["solids"] = {phase.id: self.wiring.air_solid(phase).output for phase in air_phases()}
        if _first(wants, Vertices) is not None:
            elements = set(composition_of(self.spec).elements)
            named = [member for member in self.wiring.competitors if set(member[0].elements) <= elements]
            for key, members in (("vertices", host_vertices(self.spec)), ("members", named)):
                found[key] = [self._vertex(self.wiring.vertex(*member), asked) for member in members]
        edges = _first(wants, Edges)
        if edges is not None and (edges.costly or not self.wiring.stage.engine.traits.costly):
            found["edges"] = [self._vertex(self.wiring.edge(*member), None) for member in edge_members(self.spec)]
        tiles = _first(wants, Tiles)
        if tiles is not None:
            found |= self._tiles_of(tiles)
        return found

    def _tiles_of(self, asked: Tiles) -> dict[str, Any]:
        """Tiles of the candidate with their degeneracies, and how many there are."""
        found = self.wiring.tiles(self.spec, asked)
        if asked not in self._tiles:
            name = self.spec.candidate_id
            self._tiles[asked] = [
                self.wiring.tile(self.spec, tile.structure, f"{name}/tile{k}", self.priority)
                for k, tile in enumerate(found.tiles)
            ]
        tiles = [
            {"degeneracy": tile.degeneracy, "calculation": job.output}
            for tile, job in zip(found.tiles, self._tiles[asked], strict=True)
        ]
        return {"tiles": tiles, "n_tiles": found.total}

    def _states_of(self, index: int) -> list[States]:
        if index not in self._states:
            prefix = f"{self.spec.candidate_id}/c{index}"
            self._states[index] = [
                self.wiring.states(self.spec, self.members[index], x, f"{prefix}/x{x}", self.priority)
                for x in self.wiring.contents(self.spec)
            ]
        return self._states[index]

    def _stackings(self, index: int, asked: Stackings | None) -> dict[str, Any]:
        """The configuration in other stackings, where they are asked of it."""
        if asked is None or (asked.configurations is not None and index >= asked.configurations):
            return {}
        for name in asked.names:
            if (index, name) not in self._stacked:
                stacked = self.wiring.stacked(self.spec, self.members[index], index, name, self.priority)
                self._stacked[index, name] = stacked
        return {"stackings": {name: self._stacked[index, name].fields() for name in asked.names}}

    def _defective(self, index: int, asked: Defects | None) -> dict[str, Any]:
        """Defects in the configuration, where they are asked of it."""
        if asked is None or index >= asked.configurations:
            return {}
        found = []
        for x in defect_contents(self.wiring, self.spec, asked):
            made = x == Fraction(self.spec.x_made)
            state = None if made else next(state for state in self._states_of(index) if state.x == x)
            for kind in asked.kinds:
                key = (index, x, kind, asked.number)
                if key not in self._defects:
                    label = f"{self.spec.candidate_id}/c{index}/x{x}"
                    wanted = DefectsOf(self.members[index], state, asked, kind, label)
                    self._defects[key] = self.wiring.defects(self.spec, wanted, self.priority)
                found.append(self._defects[key].fields())
        return {"defects": found}

    def _phases(self, asked: Displacements | None) -> dict[str, Any]:
        """Competing phases; beside a gas only the metal of the working ion can be left over of the elements."""
        elements = set(composition_of(self.spec).elements)
        phases: list[Phase | GivenPhase] = [*competing_phases(elements), *competing_elements(elements)]
        metal = working_metals().get(self.spec.working_ion or "")
        if metal is not None and metal not in phases:
            phases.append(metal)
        given = [phase for phase in self.wiring.given if phase.elements <= elements]
        jobs = {phase.id: self.wiring.phase(phase) for phase in (*phases, *given)}
        found: dict[str, Any] = {"phases": {name: job.output for name, job in jobs.items()}}
        found |= self._brought(given, [elements])
        if asked is not None:
            found["vibrations"] = {
                name: self.wiring.vibrations(job, asked, f"shared/{name}", SHARED_PRIORITY).output
                for name, job in jobs.items()
            }
        return found

    def _open_phases(self, asked: OpenPhases) -> dict[str, Any]:
        """All phases of the candidate's elements, and of these with those of each that it is in contact with."""
        own = set(composition_of(self.spec).elements)
        systems = [own | set(other) for other in asked.beside or ((),)]
        own_phases, given = (
            [phase for phase in known if any(phase.elements <= elements for elements in systems)]
            for known in (package_phases().values(), self.wiring.given)
        )
        found = {"phases": {one.id: self.wiring.open_phase(one).output for one in (*own_phases, *given)}}
        return found | self._brought(given, systems)

    def _brought(self, given: Sequence[Phase | GivenPhase], systems: Sequence[set[str]]) -> dict[str, Any]:
        """Facts of the phases that the campaign brings, and its energies of phases of some systems."""
        found: dict[str, Any] = {}
        if given:
            found["facts"] = [phase_facts(phase) for phase in given]
        brought = self.wiring.entries
        if brought.entries:
            held = [one for one in brought.entries if any(set(one.amounts) <= elements for elements in systems)]
            found["entries"] = [asdict(entry) for entry in held]
        if brought.remarks:
            found["remarks"] = list(brought.remarks)
        return found

    def _vertex(self, vertex: Vertex, asked: Displacements | None) -> dict[str, Any]:
        member = vertex.member
        found = {"spec": vertex.spec, "configuration": member.configuration, "calculation": member.made.output}
        if asked is not None:
            job = self.wiring.vibrations(member.made, asked, vertex.label, SHARED_PRIORITY)
            found["vibrations"] = job.output
        return found


def _first(wants: Sequence[Want], kind: type[WantT]) -> WantT | None:
    """The first want of a kind, None if there is none."""
    return next((want for want in wants if isinstance(want, kind)), None)
