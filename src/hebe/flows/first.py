"""The first stage of a campaign: cells that are built, or cells that the campaign brings."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pymatgen.core import Structure

from hebe.analyses.wants import Edges
from hebe.flows.defective import first_defects
from hebe.flows.jobs import job_of
from hebe.flows.wanted import SHARED_PRIORITY, Member, Stacked, States
from hebe.flows.wiring import StageWiring
from hebe.makers.order import OrderMaker
from hebe.makers.restack import RestackMaker
from hebe.science.structures.forms import formed_spec
from hebe.science.structures.given_cells import CellSet

if TYPE_CHECKING:
    from jobflow import Job

    from hebe.analyses.wants import Want
    from hebe.config.stage import Task
    from hebe.flows.defective import Defective, DefectsOf
    from hebe.makers.build import BuildMaker
    from hebe.schemas.spec import MemberSpec
    from hebe.science.hulls.given_phases import GivenPhase
    from hebe.science.hulls.phase import Phase


@dataclass(kw_only=True)
class FirstStage(StageWiring):
    """A stage that starts from cells as they were made.

    Competing phases are displaced like candidates, so that both may distort.
    """

    def phase(self, phase: Phase | GivenPhase) -> Job:
        """Calculation of a competing phase from its literature structure; its cell relaxes where any does."""
        label = f"shared/{phase.id}"
        known: Job | None = self._shared.get(label)
        if known is not None:
            return known
        structure = phase.structure()
        structure.remove_oxidation_states()
        return self.reference(label, structure)

    def tile(self, spec: MemberSpec, structure: Structure, label: str, priority: int) -> Job:
        """Calculation of an ordered tile of a candidate."""
        return self.calculated((structure,), f"{label}/s{self.number}", priority, spec, candidate=spec.candidate_id)

    def defects(self, spec: MemberSpec, wanted: DefectsOf, priority: int) -> Defective:
        """Cells with a defect, of the lowest one at the content, and their calculations."""
        return first_defects(self, spec, wanted, priority)

    def reference(self, label: str, structure: Structure) -> Job:
        """Calculation of a cell that is no host."""
        if label not in self._shared:
            origin = label.removeprefix("shared/")
            self._shared[label] = self.calculated((structure,), label, SHARED_PRIORITY, None, origin=origin)
        job: Job = self._shared[label]
        return job

    def calculated(
        self,
        start: tuple[Any, ...],
        label: str,
        priority: int,
        spec: MemberSpec | None,
        *,
        candidate: str | None = None,
        origin: str | None = None,
        n_starts: int | None = None,
    ) -> Job:
        """Calculation of a cell: from several displaced starts where its energy is compared, the lowest to the end.

        Parameters
        ----------
        start
            Arguments of the maker that say where it starts.
        spec
            The member of the host that the cell is, None for other cells.
        origin
            Name of a cell that is no configuration.
        n_starts
            Number of starts; that of the campaign by default.
        """
        task: Task = self.stage.task
        if spec is None and task == "relax-ions":
            task = "relax"  # cells that are no host relax as a whole where anything relaxes
        shift, number = self.campaign.structures.shift, self.n_starts if n_starts is None else n_starts
        if number == 1:
            maker = self.maker(task, displacement=shift, spec=spec, origin=origin)
            return self.add(job_of(maker, *start, label=label), label, priority, candidate)
        trials = []
        for k in range(number):
            maker = self.maker(task, displacement=shift, spec=spec, origin=origin, trial=True)
            name = f"{label}/start{k}"
            trials.append(self.add(job_of(maker, *start, label=name, number=k), name, priority, candidate))
        made = start[2] if len(start) > 2 else None
        starts = [job.output for job in trials]
        final = job_of(self.maker(task, spec=spec), start[0], None, made, label=label, starts=starts)
        return self.add(final, label, priority, candidate)


@dataclass(kw_only=True)
class BuiltStage(FirstStage):
    """A first stage whose cells are built and whose orderings are searched."""

    @property
    def n_configurations(self) -> int:
        """As many as are built, unless the stage takes fewer."""
        return self.stage.configurations or self.campaign.structures.per_candidate

    def contents(self, spec: MemberSpec) -> list[Fraction]:
        """Contents that the stage asks for."""
        full = self.family.full_content(Fraction(spec.x_made))
        wanted = {x * full for x in self.stage.x}
        return sorted(wanted - {Fraction(spec.x_made)}, reverse=True)

    def member(
        self,
        spec: MemberSpec,
        prefix: str,
        index: int,
        priority: int,
        builder: BuildMaker,
        candidate: str | None,
        *,
        want: type[Want] | None = None,
    ) -> Member:
        """Built configuration with its as-made ordering, relaxed."""
        label = f"{prefix}/c{index}"
        build = self.add(job_of(builder, spec, index, label=label), f"{label}/build", priority, candidate)
        return self._made(spec, build, label, priority, candidate, 1 if want is Edges else self.n_starts)

    def stacked(self, spec: MemberSpec, member: Member, index: int, stacking: str, priority: int) -> Stacked:
        """The configuration stacked otherwise, with its as-made ordering and those at the other contents, relaxed."""
        name = spec.candidate_id
        label, other = f"{name}/c{index}/{stacking}", formed_spec(spec, stacking)
        restack = job_of(RestackMaker(stacking=stacking), spec, member.configuration, label=label)
        build = self.add(restack, f"{label}/build", priority, name)
        found = self._made(other, build, label, priority, name, self.n_starts)
        return Stacked(found, [self.states(other, found, x, f"{label}/x{x}", priority) for x in self.contents(spec)])

    def _made(
        self, spec: MemberSpec, build: Job, label: str, priority: int, candidate: str | None, n_starts: int
    ) -> Member:
        """A built configuration with its as-made ordering, relaxed."""
        order = OrderMaker(keep=1, seed=self.campaign.structures.seed)
        made = f"{label}/x{spec.x_made}"
        ordering = self.add(
            job_of(order, spec, build.output, spec.x_made, label=made), f"{made}/order", priority, candidate
        )
        start = (build.output, ordering.output, None, 0)
        name = f"{made}/o0/s{self.number}"
        job = self.calculated(start, name, priority, spec, candidate=candidate, n_starts=n_starts)
        return Member(build.output, build.output.n_fu, job)

    def states(self, spec: MemberSpec, member: Member, x: Fraction, prefix: str, priority: int) -> States:
        """Lowest orderings at a content, and random ones, on the relaxed as-made cell."""
        wanted, end = self.stage.orderings, x in (0, self.family.full_content(Fraction(spec.x_made)))
        keep, n_random = (1, 0) if end else (wanted.keep, wanted.random)
        maker = OrderMaker(keep=keep, seed=self.campaign.structures.seed, n_random=n_random, removal=wanted.removal)
        order = job_of(maker, spec, member.configuration, str(x), label=prefix)
        self.add(order, f"{prefix}/order", priority, spec.candidate_id)
        number = self.n_starts if float(x) in self.window(spec) else 1
        jobs = []
        for slot in range(keep + n_random):
            start = (member.configuration, order.output, member.made.output, slot)
            name = f"{prefix}/o{slot}/s{self.number}"
            jobs.append(self.calculated(start, name, priority, spec, candidate=spec.candidate_id, n_starts=number))
        return States(x, order.output, jobs)


@dataclass(kw_only=True)
class GivenStage(FirstStage):
    """A first stage whose cells the campaign brings.

    Parameters
    ----------
    cells
        Cells of each candidate by id.
    metal_cell
        Cell of the working-ion metal; the literature's without one.
    """

    cells: dict[str, CellSet]
    metal_cell: Structure | None = None

    @property
    def n_configurations(self) -> int:
        """One: the cell that is given."""
        return 1

    def metal(self) -> Job:
        """Calculation of the working-ion metal."""
        if self.metal_cell is None:
            return super().metal()
        return self.reference(f"shared/{self.campaign.host.working_ion}", self.metal_cell)

    def contents(self, spec: MemberSpec) -> list[Fraction]:
        """Contents of the cells that are given."""
        return sorted({state.x for state in self.cells[spec.candidate_id].states}, reverse=True)

    def member(
        self,
        spec: MemberSpec,
        prefix: str,
        index: int,
        priority: int,
        builder: BuildMaker,
        candidate: str | None,
        *,
        want: type[Want] | None = None,
    ) -> Member:
        """The given cell as made."""
        del builder, want
        cells, name = self.cells[spec.candidate_id], f"{prefix}/c{index}/x{spec.x_made}/o0/s{self.number}"
        return Member(None, cells.n_fu, self.calculated((cells.made,), name, priority, spec, candidate=candidate))

    def states(self, spec: MemberSpec, member: Member, x: Fraction, prefix: str, priority: int) -> States:
        """The given cells at a content."""
        del member
        found = [state for state in self.cells[spec.candidate_id].states if state.x == x]
        jobs = []
        for slot, state in enumerate(found):
            name = f"{prefix}/o{slot}/s{self.number}"
            start = (state.structure,)
            jobs.append(self.calculated(start, name, priority, spec, candidate=spec.candidate_id))
        return States(x, found[0].ordering, jobs)
