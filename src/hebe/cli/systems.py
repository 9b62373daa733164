"""``hebe systems``: materials of the literature, what is printed of them, and whether a composition can be accepted."""

from __future__ import annotations

import argparse
from typing import Any

from hebe.cli.arguments import Commands, add_json, wants_json
from hebe.cli.output import new_table, write_json, write_line, write_table
from hebe.exceptions import BadInputError


def add_commands(commands: Commands) -> None:
    """Declare ``systems``, ``systems show``, ``systems check`` and ``systems outcomes``."""
    listing = commands.add("systems", list_systems, "materials of the literature; systems show ID for one of them")
    for name, what in (("family", "family of structures"), ("ion", "working ion"), ("role", "role, as cathode")):
        listing.add_argument(f"--{name}", metavar="X", help=f"only those of this {what}")
    listing.add_argument("--element", metavar="X", help="only those that hold this element")
    add_json(listing)
    inner = Commands(listing, required=False)
    one = inner.add("show", show_system, "one material: composition, claims, numbers with sources, what Hebe computes")
    one.add_argument("system", metavar="ID", help="id of the material")
    add_json(one)
    check = inner.add(
        "check",
        check_systems,
        "whether printed compositions sum and balance, and their entropies",
        "Without arguments all materials of the table are checked.",
    )
    check.add_argument("system", metavar="ID", nargs="?", help="only this material of the table")
    check.add_argument("--formula", metavar="F", help="a formula of your own, with --sublattices and --family")
    check.add_argument("--sublattices", metavar="S", help="what stands where: 'Na:Na1 | TM:Ni0.5 Mn0.5 | O:O2'")
    check.add_argument("--family", metavar="X", default=argparse.SUPPRESS, help="family of that formula")
    check.add_argument("--oxidation-states", metavar="S", default="", help="as reported: 'Ni2+@0.14 Ni3+@0.66 Mn4+'")
    add_json(check)
    made = inner.add(
        "outcomes",
        list_outcomes,
        "what became one phase and what did not, with sources",
        "No forecast follows from composition alone: mixing judges what forms.",
    )
    made.add_argument("--family", metavar="X", default=argparse.SUPPRESS, help="only those of this family")
    add_json(made)


def list_systems(options: argparse.Namespace) -> int:
    """Print one line per material."""
    from hebe.science.literature.system import find_systems

    found = find_systems(family=options.family, ion=options.ion, role=options.role, element=options.element)
    if wants_json(options):
        write_json([system.document() for system in found])
        return 0
    table = new_table(["id", "material", "family", "ion", "role"])
    for system in found:
        table.add_row(system.system_id, system.label, system.family, " ".join(system.working_ion) or "–", system.role)
    write_table(table)
    write_line(f"{len(found)} materials")
    return 0


def show_system(options: argparse.Namespace) -> int:
    """Print all about one material."""
    from hebe.campaigns.literature import system_document

    document = system_document(options.system)
    if wants_json(options):
        write_json(document)
        return 0
    write_line(f"{document['id']}: {document['label']}, {document['formula']}")
    write_line(f"  {document['sublattices']}")
    ions = ", ".join(document["working_ion"]) or "none"
    write_line(f"  {document['role']}; family {document['family']} (in Hebe {document['host']}); working ion {ions}")
    for name in ("claims", "print_error", "note"):
        if document[name]:
            write_line(f"  {name.replace('_', ' ')}: {document[name]}")
    _print_check(document["check"])
    _print_computes(document["id"], document["computes"])
    _print_targets(document["targets"])
    write_line("Sources (review:line)")
    write_line(f"  {'; '.join(document['sources'])}")
    for number, title in document["reviews"].items():
        write_line(f"  {number}  {title}")
    return 0


def _print_check(check: dict[str, Any]) -> None:
    status = check["status"] if check["reason"] is None else f"{check['status']} ({check['reason']})"
    write_line(f"  check: {status}")
    values = ", ".join(f"{name} {value:.3f}" for name, value in check["entropy_R"].items())
    write_line(f"  entropy / R: {values}")
    for sublattice, ions in check["oxidation_states"].items():
        write_line(f"  {sublattice}: {', '.join(f'{ion} {amount:.4g}' for ion, amount in ions.items())}")
    for remark in check["remarks"]:
        write_line(f"  {remark}")


def _print_computes(name: str, computes: dict[str, Any]) -> None:
    if not computes["opens"]:
        write_line(f"  Hebe computes nothing of it: {computes['reason']}")
        return
    write_line(f"  Hebe computes {', '.join(computes['analyses'])} of {computes['formula']}")
    if computes["deviation"]:
        write_line(f"  an approximant: amounts differ from the printed ones by up to {computes['deviation']:.3g}")
    write_line(f"  hebe init --like {name} writes the campaign")


def _print_targets(targets: list[dict[str, Any]]) -> None:
    if not targets:
        return
    table = new_table(["level", "quantity", "printed", "unit", "computed", "condition", "source"], right=(2, 4))
    for target in targets:
        digits = len(target["value"].partition(".")[2])
        value = "–" if target["computed"] is None else f"{target['computed']:.{digits}f}"
        source = "; ".join(target["source"])
        cells = (target["level"], target["quantity"], target["value"], target["unit"], value, target["condition"])
        table.add_row(*cells, source)
    write_table(table)
    write_line("Levels: E exact arithmetic, D computable with an engine, X experiment, Q an ordering")


def check_systems(options: argparse.Namespace) -> int:
    """Print the verdict on one composition, or on all materials."""
    from hebe.science.literature.check import check_material, check_system
    from hebe.science.literature.system import get_system, load_systems

    if _is_own(options):
        verdict = check_material(
            options.formula, options.sublattices, options.family, oxidation_states=options.oxidation_states
        )
        if wants_json(options):
            write_json(verdict.document())
        else:
            _print_check(verdict.document())
        return 0
    systems = list(load_systems().values()) if options.system is None else [get_system(options.system)]
    verdicts = {system.system_id: check_system(system) for system in systems}
    if wants_json(options):
        write_json([{"id": name, **verdict.document()} for name, verdict in verdicts.items()])
        return 0
    table = new_table(["id", "S / R", "verdict"], right=(1,))
    for name, verdict in verdicts.items():
        table.add_row(name, f"{verdict.entropy_R['mixed-site']:.3f}", verdict.text)
    write_table(table)
    counts = [f"{sum(v.status == kind for v in verdicts.values())} {kind}" for kind in ("ok", "refused", "unsupported")]
    write_line(f"{len(verdicts)} materials: {', '.join(counts)}; S: ideal entropy per mixed site, R the gas constant")
    return 0


def list_outcomes(options: argparse.Namespace) -> int:
    """Print published outcomes."""
    from hebe.config.reading.wording import suggest
    from hebe.science.literature.outcomes import load_outcomes

    found = load_outcomes()
    families = dict.fromkeys(one.family for one in found)
    if options.family is not None and options.family not in families:
        reason = f"no outcome of the family {options.family!r} is known"
        raise BadInputError(reason, key="--family", suggestion=suggest(options.family, families))
    found = tuple(one for one in found if options.family in (None, one.family))
    if wants_json(options):
        write_json([one.document() for one in found])
        return 0
    table = new_table(["id", "family", "one phase", "T / K", "dH / meV per site", "source"], right=(3, 4))
    for one in found:
        temperature = "–" if one.temperature is None else f"{one.temperature:.0f}"
        enthalpy = "–" if one.enthalpy is None else f"{1000 * one.enthalpy:.0f}"
        source = one.read if one.from_memory else one.source
        table.add_row(one.name, one.family, "yes" if one.formed else "no", temperature, enthalpy, source)
    write_table(table)
    lost = sum(not one.formed for one in found)
    write_line(f"{len(found)} compositions, {lost} of which did not become one phase")
    return 0


def _is_own(options: argparse.Namespace) -> bool:
    """Whether a composition was given instead of the name of a material."""
    given = {f"--{name}": getattr(options, name) for name in ("formula", "sublattices", "family")}
    if not any(given.values()) and not options.oxidation_states:
        return False
    missing = [name for name, value in given.items() if not value]
    if missing or options.system is not None:
        reason = (
            f"a composition of your own needs {' and '.join(missing)}" if missing else "give an ID or a composition"
        )
        hint = "hebe systems check --formula NaNi0.5Mn0.5O2 --sublattices 'Na:Na1 | TM:Ni0.5 Mn0.5 | O:O2' "
        raise BadInputError(reason, suggestion=f"{hint}--family layered-o3")
    return True
