"""``hebe families``: the host families, their sublattices, species and sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.cli.arguments import Commands, add_json, wants_json
from hebe.cli.output import new_table, write_json, write_line, write_table

if TYPE_CHECKING:
    import argparse

    from rich.table import Table

    from hebe.config.family import Family


def add_commands(commands: Commands) -> None:
    """Declare ``families`` and ``families show``."""
    listing = commands.add("families", list_families, "host families; families show F for one of them")
    add_json(listing)
    inner = Commands(listing, required=False)
    one = inner.add("show", show_family, "one host family with its sublattices, species, ladder and sources")
    one.add_argument("family", metavar="F", help="name of the family, or a CIF with partial occupancies")
    add_json(one)


def list_families(options: argparse.Namespace) -> int:
    """Print one line per family."""
    from hebe.config.family import family_names, load_family

    families = [load_family(name) for name in family_names()]
    if wants_json(options):
        write_json([_summary(family) for family in families])
        return 0
    table = new_table(["family", "working ions", "species mix on", "what it is"])
    for family in families:
        table.add_row(family.name, ", ".join(family.working_ions) or "–", ", ".join(family.mixed), family.title)
    write_table(table)
    return 0


def show_family(options: argparse.Namespace) -> int:
    """Print all about one family."""
    from hebe.config.family import load_family
    from hebe.config.reading.units import celsius

    if options.family.lower().endswith(".cif"):
        return _show_crystal(options)
    family = load_family(options.family)
    if wants_json(options):
        write_json(family.model_dump(mode="json"))
        return 0
    write_line(f"{family.name}: {family.title}")
    bonding = {"metallic": "a metal", "covalent": "covalent, without charges"}.get(family.bonding)
    kind = ", ".join(filter(None, (family.role, bonding)))
    write_line(f"  {kind + '; ' if kind else ''}space group {family.space_group}; {family.citation}")
    ions = ", ".join(family.working_ions)
    contents = f"x_full {family.x_full}, x_made {family.x_made} (ions per formula unit)"
    write_line(f"  working ions: {ions}; {contents}" if ions else "  no working ion: mixing only")
    if family.working_shared:
        write_line(f"  the working ion stands on {', '.join((*family.working_own, *family.working_shared))}")
    if family.synthesis is not None:
        write_line(f"  fired at {celsius(family.synthesis.temperature)}, {family.synthesis.atmosphere}")
    write_line()
    table = new_table(["sublattice", "role", "sites/f.u.", "CN", "oxidation states (ls: low spin)"], right=(2, 3))
    for name, sub in family.sublattices.items():
        table.add_row(name, sub.role, str(sub.multiplicity), str(sub.coordination), _species(name, family))
    write_table(table)
    if family.ladder:
        write_line()
        write_table(_ladder(family))
    if family.no_electrode:
        write_line(f"  No potentials: {family.no_electrode}")
    if family.checked:
        write_line()
        write_line(f"Checked: {family.checked}")
    write_line()
    write_line("Sources")
    fired = () if family.synthesis is None else (family.synthesis.source,)
    for source in dict.fromkeys((family.citation, *family.sources, *fired)):
        write_line(f"  {source}")
    return 0


def _ladder(family: Family) -> Table:
    """Couples from low to high with their potentials; a line shows where the anions give electrons."""
    electrode = family.ladder_electrode
    table = new_table(["redox ladder, low to high", f"V vs {electrode}" if electrode else "V", "source"], right=(1,))
    for position, couple in enumerate((*family.ladder, None)):
        if position == family.couples_before_anions:
            table.add_row("– anions –", "", "")
        if couple is not None:
            potential = "–" if couple.potential_V is None else f"{couple.potential_V:.2f}"
            why = "; ".join(part for part in (couple.no_potential, couple.source) if part)
            table.add_row(couple.label, potential, why)
    return table


def _show_crystal(options: argparse.Namespace) -> int:
    """Print the sublattices that a CIF has as a host."""
    from hebe.science.crystals.crystal import described, read_crystal

    crystal = read_crystal(options.family)
    sites = {name: crystal.labels.count(name) for name in crystal.fractions}
    if wants_json(options):
        parts = {name: {e: str(x) for e, x in part.items()} for name, part in crystal.fractions.items()}
        remarks = list(crystal.remarks)
        write_json({"space_group": crystal.space_group, "sites": sites, "fractions": parts, "remarks": remarks})
        return 0
    write_line(f"{options.family}: space group {crystal.space_group}, primitive cell of {len(crystal.labels)} sites")
    table = new_table(["sublattice", "sites", "species (Va: empty)"], right=(1,))
    for name, part in crystal.fractions.items():
        table.add_row(name, str(sites[name]), described(part))
    write_table(table)
    for remark in crystal.remarks:
        write_line(f"  {remark}")
    return 0


def _summary(family: Family) -> dict[str, Any]:
    return {
        "name": family.name,
        "title": family.title,
        "working_ions": list(family.working_ions),
        "mixed": {name: list(family.sublattices[name].species) for name in family.mixed},
        "x_full": float(family.x_full),
        "x_made": float(family.x_made),
        "citation": family.citation,
    }


def _species(name: str, family: Family) -> str:
    """Species of a sublattice with their oxidation states, and those whose electrons the ladder never moves."""
    sub = family.sublattices[name]

    def states(element: str) -> str:
        data = sub.species[element]
        if data.unit is not None:
            return f"{element} of {data.unit}"
        if data.instead:
            taken = ", ".join(f"{one.group} instead of {other}" for other, one in data.instead.items())
            return f"{element} ({taken}: {data.valences[0]:+d})"
        marks = [f"{'+' if v > 0 else ''}{v}{'ls' if v in data.low_spin else ''}" for v in data.valences]
        text = element if data.valences == (0,) else f"{element} {'/'.join(marks)}"
        return f"{text} (pillar)" if family.function_of(name, element) == "pillar" else text

    if sub.group is not None:
        return f"{sub.group} {family.groups[sub.group].charge:+d}, rigid"
    inert = [
        element for element in sub.species if name in family.mixed and family.function_of(name, element) == "inert"
    ]
    listed = ", ".join(map(states, sub.species)) or "the working ion"
    return f"{listed} (inert: {', '.join(inert)})" if inert else listed
