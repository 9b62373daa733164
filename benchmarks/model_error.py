"""Error of CHGNet on mixing enthalpies: ten small cells of layered oxides, relaxed with CHGNet, against GPAW.

Every cell is built and relaxed by the makers of a campaign with two stages; GPAW computes the relaxed cells as they
are. The mixing enthalpy is against members of the same host at the oxidation states of the candidate, so that no other
phase takes part. CHGNet puts moments on Co3+ in some cells, from which GPAW may end in a high-spin state: cells without
another open shell are then computed without spin as well, and the lower energy counts. Results stay in a project
folder: run it again to go on.

    python benchmarks/model_error.py FOLDER [--workers 2]
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jobflow import Flow

import hebe
from hebe.campaigns.api import project_store
from hebe.flows.campaign import campaign_members
from hebe.flows.later import LaterStage
from hebe.flows.wanted import Member
from hebe.flows.wired import wire_stage
from hebe.launchers import local
from hebe.makers.build import BuildMaker
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.spec import MemberSpec
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.chemistry.candidate import primary_sublattice
from hebe.science.chemistry.member import composition_of, member_spec
from hebe.science.hulls.host_members import host_vertices
from hebe.science.mixing.member_result import MemberResult
from hebe.science.mixing.references import mixing_document

if TYPE_CHECKING:
    from jobflow import Job, JobStore

    from hebe.config.campaign import Campaign

ISOVALENT: Final = (
    "LiCo0.5Al0.5O2",
    "LiCo0.5Ga0.5O2",
    "LiAl0.5Ga0.5O2",
    "LiAl0.5Sc0.5O2",
    "LiGa0.5Sc0.5O2",
    "LiCo0.5Cr0.5O2",
)
ALIOVALENT: Final = (
    "LiCo0.333Mg0.333Ti0.333O2",
    "LiAl0.333Mg0.333Ti0.333O2",
    "LiGa0.333Mg0.333Ti0.333O2",
    "LiSc0.333Mg0.333Ti0.333O2",
)
CAMPAIGN: Final = """\
name: model-error
host:
  family: layered-o3
  working_ion: Li
  sublattices:
    TM:
      species: {{Co: [3], Al: [3], Ga: [3], Sc: [3], Cr: [3], Mg: [2], Ti: [4]}}
select: {{method: explicit, formulas: [{formulas}]}}
structures: {{cations: 2, per_candidate: 1}}
stages:
  - engine: {{name: chgnet, fmax: 0.02, steps: 500}}
    analyses: [mixing]
  - engine: {{name: gpaw, preset: screen, settings: {{cutoff: 500 eV, k_spacing: 0.6}}}}
    keep: all
    task: static
    analyses: [mixing]
  - engine: {{name: gpaw, preset: screen, settings: {{cutoff: 500 eV, k_spacing: 0.6, spin: "off"}}}}
    keep: all
    task: static
    analyses: [mixing]
"""
_HIGH_SPIN: Final = 0.5
_OPEN: Final = {"Cr"}


@dataclass
class Wired:
    """One member of the host in both stages."""

    spec: MemberSpec
    member: Member


@dataclass(frozen=True)
class Row:
    """Mixing enthalpies (meV/atom) of one cell."""

    formula: str
    n_atoms: int
    chgnet: float
    gpaw: float


def wire(campaign: Campaign, number: int) -> tuple[LaterStage, dict[str, tuple[Wired, list[Wired]]]]:
    """Jobs of a stage for all cells and for the members of the host that they are compared with."""
    specs = campaign_members(campaign)
    later = wire_stage(campaign, number, specs)
    if not isinstance(later, LaterStage):
        raise TypeError("the first stage has none before it")
    known: dict[str, Wired] = {}

    def wired(spec: MemberSpec) -> Wired:
        key = f"{spec.formula} {spec.split}"
        if key not in known:
            builder = BuildMaker(n_sites=composition_of(spec).denominator, seed=0)
            known[key] = Wired(spec, later.member(spec, f"cell/{key}", 0, 0, builder, None))
        return known[key]

    found = {}
    for spec in specs:
        vertices = [
            member_spec(composition, split, primary_sublattice(composition.fractions), later.space.valences)
            for composition, split in host_vertices(spec)
        ]
        found[spec.formula] = (wired(spec), [wired(vertex) for vertex in vertices])
    return later, found


def calculation(store: JobStore, member: Member) -> CalculationDoc:
    """What a stage says of a member."""
    return CalculationDoc.model_validate(store.get_output(member.made.uuid, load=True))


def result(store: JobStore, wired: Wired, member: Member, lowest: dict[str, CalculationDoc]) -> MemberResult:
    """A member with its calculation, or with a lower one that is known."""
    if member.configuration is None:
        raise SystemExit(f"{wired.spec.formula} was not built")
    built = ConfigurationDoc.model_validate(store.get_output(member.configuration.uuid, load=True))
    return MemberResult(wired.spec, built, lowest.get(member.made.uuid) or calculation(store, member))


def enthalpy(own: MemberResult, vertices: list[MemberResult]) -> float:
    """Mixing enthalpy against the same host, meV/atom."""
    document = mixing_document([own], vertices, {}, None)
    value = document.same_host.dH_eV_per_site
    if value is None or document.sites_per_fu is None or document.atoms_per_fu is None:
        raise SystemExit(f"{own.spec.formula}: {document.same_host.reason} {document.warnings}")
    return 1000 * value * document.sites_per_fu / document.atoms_per_fu


def has_high_spin(found: CalculationDoc) -> bool:
    """Whether GPAW left a moment on a cell that need not have one."""
    open_shells = _OPEN & {str(element) for element in found.cell.composition}
    return not open_shells and max(map(abs, found.magmoms or [0.0])) > _HIGH_SPIN


def table(rows: list[Row]) -> None:
    """Print rows, and what follows from them."""
    print("| cell | atoms | CHGNet | GPAW | difference |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {row.formula} | {row.n_atoms} | {row.chgnet:.1f} | {row.gpaw:.1f} | {row.chgnet - row.gpaw:+.1f} |")
    errors = [row.chgnet - row.gpaw for row in rows]
    rmse = statistics.fmean(e**2 for e in errors) ** 0.5
    mean, absolute = statistics.fmean(errors), statistics.fmean(map(abs, errors))
    print(f"\nmeV/atom: mean {mean:+.1f}, mean absolute {absolute:.1f}, root mean square {rmse:.1f} (n = {len(rows)})")


def main() -> None:
    """Compute what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--formulas", nargs="*", default=[*ISOVALENT, *ALIOVALENT])
    options = parser.parse_args()
    folder: Path = options.folder
    (folder / ".hebe").mkdir(parents=True, exist_ok=True)
    path = folder / "model-error.yaml"
    path.write_text(CAMPAIGN.format(formulas=", ".join(options.formulas)))
    store, campaign = project_store(folder), hebe.load_campaign(path)
    later, cells = wire(campaign, 1)
    run([*later.before.jobs, *later.jobs], store, folder, options.workers)
    unpolarised, again = wire(campaign, 2)
    pairs = {
        one.member.made.uuid: (one, other)
        for formula, (own, vertices) in cells.items()
        for one, other in zip((own, *vertices), (again[formula][0], *again[formula][1]), strict=True)
    }
    doubtful = {uuid: other for uuid, (one, other) in pairs.items() if has_high_spin(calculation(store, one.member))}
    wanted = {other.member.made.uuid for other in doubtful.values()}
    run([job for job in unpolarised.jobs if job.uuid in wanted], store, folder, options.workers)
    lowest = {}
    for uuid, other in doubtful.items():
        found = calculation(store, other.member)
        if found.energy < calculation(store, pairs[uuid][0].member).energy:
            lowest[uuid] = found
    table([row(store, formula, *cell, lowest) for formula, cell in cells.items()])
    names = [doubtful[uuid].spec.formula for uuid in doubtful]
    print(f"computed without spin as well: {', '.join(names) or 'none'}; lower: {len(lowest)}")


def run(jobs: list[Job], store: JobStore, folder: Path, workers: int) -> None:
    """Run jobs, each once."""
    flow = Flow(list({job.uuid: job for job in jobs}.values()))
    summary = local.run(flow, store=store, workers=workers, root=folder)
    if summary.status != "complete":
        raise SystemExit(str(summary.failures))


def row(store: JobStore, formula: str, own: Wired, vertices: list[Wired], lowest: dict[str, CalculationDoc]) -> Row:
    """Both mixing enthalpies of a cell."""
    values = []
    for before in (True, False):
        found = [
            result(store, wired, wired.member.before or wired.member if before else wired.member, lowest)
            for wired in (own, *vertices)
        ]
        values.append(enthalpy(found[0], found[1:]))
    return Row(formula, len(found[0].result.cell), values[0], values[1])


if __name__ == "__main__":
    main()
