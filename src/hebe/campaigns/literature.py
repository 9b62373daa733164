"""A material of the literature as a campaign, and what Hebe can compute of it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from hebe.config.family import family_names, load_family
from hebe.config.reading.units import celsius
from hebe.exceptions import BadInputError
from hebe.science.literature.approximant import MOST_ATOMS, Approximant, approximate
from hebe.science.literature.check import check_system
from hebe.science.literature.figures import computed_figure, reproduces
from hebe.science.literature.hosted import host_of
from hebe.science.literature.sites import place
from hebe.science.literature.states import parse_states
from hebe.science.literature.system import System, about, get_system, targets_of

if TYPE_CHECKING:
    from hebe.config.family import Family
    from hebe.science.literature.approximant import Valences
    from hebe.science.literature.check import Verdict
    from hebe.science.literature.hosted import Hosted

_HEAD: Final = """\
# {label}: {formula}
# as printed in {reviews}
{comments}name: {name}
host:
  family: {family}
"""
_STAGE: Final = """\
structures: {{method: sqs, cations: {sites}, per_candidate: 2, seed: 7}}   # supercells
{firing}stages:
  - engine: chgnet             # or {{ase: package.module:factory, energy_scale: NAME}}
"""
_STEPS: Final = (Fraction(2, 3), Fraction(1, 3))
_ENDS: Final = ("cathode", "reference")


def open_system(system: System, most_atoms: int = MOST_ATOMS) -> Approximant:
    """Composition of a material that a campaign computes: itself, or the nearest that a small cell holds.

    Parameters
    ----------
    system
        The material.
    most_atoms
        Largest cell.

    Raises
    ------
    BadInputError
        If its printed composition is refused, or Hebe has no family that holds it; says why.
    """
    verdict = check_system(system)
    if verdict.status != "ok":
        raise BadInputError(f"{system.system_id} does not open: {verdict.text}")
    if system.host not in family_names():
        raise BadInputError(f"{system.system_id} does not open: {system.no_crystal}")
    family = load_family(system.host)
    try:
        hosted = host_of(system.printed, family, system.working_ion)
        try:
            return _approximated(hosted, system, verdict, most_atoms)
        except BadInputError:
            if not hosted.spread:
                raise
            other = host_of(system.printed, family, system.working_ion, even=False)
            return _approximated(other, system, verdict, most_atoms)
    except BadInputError as err:
        raise BadInputError(f"{system.system_id} does not open: {err.reason}", suggestion=err.suggestion) from err


def _approximated(hosted: Hosted, system: System, verdict: Verdict, most_atoms: int) -> Approximant:
    """Approximant with the oxidation states as made, or, where no cell is neutral so, with all that it may have."""
    held = _states_held(hosted, system, verdict)
    try:
        return approximate(hosted, held, most_atoms)
    except BadInputError:
        return approximate(hosted, _states_allowed(hosted), most_atoms)


def _states_held(hosted: Hosted, system: System, verdict: Verdict) -> Valences:
    """Sublattice of the family -> element -> states of the split, as far as the family has them."""
    places = place(system.printed, hosted.family)
    held: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, part in hosted.fractions.items():
        printed = {one.name for spot in places if name in spot.hosted for one in spot.printed}
        for element in part:
            known = hosted.family.sublattices[name].species[element].valences
            split = (i for sub in printed for i in verdict.oxidation_states.get(sub, {}))
            states = {r.ion.charge for i in split for r in parse_states(i) if r.ion.element == element}
            held.setdefault(name, {})[element] = tuple(sorted(states & set(known))) or known
    return held


def _states_allowed(hosted: Hosted) -> Valences:
    """Sublattice -> element -> all oxidation states of the family as made."""
    subs, later = hosted.family.sublattices, hosted.family.not_as_made
    return {
        name: {
            element: tuple(z for z in subs[name].species[element].valences if f"{element}{z}+" not in later)
            for element in part
        }
        for name, part in hosted.fractions.items()
    }


def campaign_of_system(name: str, file: str = "campaign.yaml", *, most_atoms: int = MOST_ATOMS) -> str:
    """Text of a campaign file that computes a material of the literature.

    Parameters
    ----------
    name
        Id of the material.
    file
        Name of the file, for the hints in it.
    most_atoms
        Largest cell of an approximant.

    Raises
    ------
    BadInputError
        If there is no such material, or it does not open; says why.
    """
    system = get_system(name)
    found = open_system(system, most_atoms)
    family, ion = found.hosted.family, found.composition.working_ion
    reviews = "; ".join(
        about().reviews[number] for number in dict.fromkeys(s.partition(":")[0] for s in system.sources)
    )
    text = _HEAD.format(
        label=system.label,
        formula=system.formula,
        reviews=reviews,
        comments="".join(f"# {line}\n" for line in _comments(system, found, file)),
        name=name,
        family=family.name,
    )
    if ion is not None:
        text += f"  working_ion: {ion}\n"
        text += f"  x_made: {found.hosted.x_own}\n" if family.working_own else ""
    text += "  sublattices:\n" + "".join(_sublattice(found, sub) for sub in found.hosted.fractions)
    fired = family.synthesis
    firing = f"firing_temperature: {celsius(fired.temperature)}   # usual for the family\n" if fired else ""
    return text + _STAGE.format(sites=found.sites, firing=firing) + _analyses(system, found)


def _comments(system: System, found: Approximant, file: str) -> list[str]:
    """What a reader of the file has to know."""
    lines = [f"hebe systems show {system.system_id} prints its numbers and their sources; hebe run {file} computes it"]
    if found.deviation:
        lines.append(
            f"approximant: {found.composition.formula} is the nearest that a cell of {found.n_fu} formula units holds; "
            f"amounts differ by up to {found.deviation:.3g}"
        )
    if found.hosted.water:
        lines.append(f"computed without its water ({', '.join(found.hosted.water)})")
    if found.hosted.spread:
        lines.append(f"what is printed for one set of sites is spread over {', '.join(found.hosted.spread)}")
    lines += [f"{what}: {text}" for what, text in (("print", system.print_error), ("note", system.note)) if text]
    return lines


def _sublattice(found: Approximant, name: str) -> str:
    family, part = found.hosted.family, found.hosted.fractions[name]
    split = found.valences[name]
    if not family.charged:
        species = f"[{', '.join(part)}]"
    else:
        species = "{" + ", ".join(f"{e}: {list(split[e])}" for e in part) + "}"
    amounts = ", ".join(f"{element}: {x}" for element, x in part.items())
    grid = found.cell_fu * family.sublattices[name].multiplicity
    return f"    {name}:\n      species: {species}\n      amounts: {{{amounts}}}\n      grid: {grid}\n"


def _analyses(system: System, found: Approximant) -> str:
    """Stage that the role asks for: an electrode with sites of its ion is emptied step by step."""
    contents = _contents(found) if system.role in _ENDS else []
    if len(contents) < 2:
        return "    analyses: [mixing]\nrank: {minimize: [mixing_temperature]}\n"
    listed = ", ".join(map(str, contents))
    return (
        f"    x: [{listed}]   # working-ion contents, fractions of {_full(found.hosted.family)}\n"
        f"    window: {contents[0]}..{contents[-1]}\n"
        "    orderings: {keep: 2}\n"
        "    analyses: [voltage, volume_strain, mixing]\n"
        "rank: {maximize: [average_voltage], minimize: [max_volume_strain, mixing_temperature]}\n"
    )


def _full(family: Family) -> str:
    return "what is made" if family.working_shared else "the full host"


def _contents(found: Approximant) -> list[Fraction]:
    """Contents from what is made down to a third of it, in whole ions of the cell; as fractions of the full host."""
    composition = found.composition
    made = composition.x_made
    full = found.hosted.family.full_content(made)
    if composition.working_ion is None or not made:
        return []
    cell = Fraction(1, found.cell_fu)
    steps = [made, *(round(made * step / cell) * cell for step in _STEPS)]
    return list(dict.fromkeys(x / full for x in steps if x > 0))


def system_document(name: str) -> dict[str, Any]:
    """All about a material: its row, verdict, numbers with sources, and what Hebe can compute of it.

    Raises
    ------
    BadInputError
        If there is no such material; names the nearest.
    """
    system = get_system(name)
    targets = [{**one.document(), **_beside(computed_figure(one), one)} for one in targets_of(system)]
    return {
        **system.document(),
        "check": check_system(system).document(),
        "targets": targets,
        "computes": computes(system),
        "reviews": {n: about().reviews[n] for n in dict.fromkeys(s.partition(":")[0] for s in system.sources)},
    }


def _beside(value: float | None, target: Any) -> dict[str, Any]:
    return {"computed": value, "reproduced": None if value is None else reproduces(target, value)}


def computes(system: System) -> dict[str, Any]:
    """What Hebe can compute of a material.

    Returns
    -------
    dict
        ``opens``, and ``reason`` where not; ``formula`` as computed with ``deviation`` and ``atoms`` per cell,
        ``analyses`` that its role asks for.
    """
    try:
        found = open_system(system)
    except BadInputError as err:
        return {"opens": False, "reason": err.reason, "formula": None, "deviation": None, "atoms": None, "analyses": []}
    electrode = system.role in _ENDS and len(_contents(found)) > 1
    return {
        "opens": True,
        "reason": None,
        "formula": found.composition.formula,
        "deviation": found.deviation,
        "atoms": float(sum(found.composition.elements.values())) * found.cell_fu,
        "analyses": ["voltage", "volume_strain", "mixing"] if electrode else ["mixing"],
    }
