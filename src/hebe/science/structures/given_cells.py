"""Cells that a campaign brings itself: which candidate each stands for, and at which content of the working ion."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import PurePath
from typing import TYPE_CHECKING, NoReturn

from pymatgen.core import Structure

from hebe.config.decoding import require_data
from hebe.config.family_sites import VACANCY
from hebe.config.reading.refusal import bad_key
from hebe.exceptions import BadInputError, UntrustedError
from hebe.schemas.structures import OrderingDoc
from hebe.science.chemistry.ladder import RedoxLadder
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.chemistry.space import working_charge
from hebe.science.crystals.cif_crystal import parse_cif
from hebe.science.keys import content_hash, structure_content

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.config.reading.wording import KeyPath
    from hebe.config.structures import CellFile
    from hebe.schemas.spec import MemberSpec

_FORMATS = {".cif": "cif", ".vasp": "poscar", ".poscar": "poscar", ".json": "json", ".xsf": "xsf", ".res": "res"}


@dataclass(frozen=True)
class CellState:
    """One cell of a candidate at another content than as made, with the ordering that it is."""

    x: Fraction
    structure: Structure
    ordering: OrderingDoc


@dataclass
class CellSet:
    """The cells of one candidate; all have ``n_fu`` formula units."""

    n_fu: int
    made: Structure
    states: list[CellState] = field(default_factory=list)


@dataclass(frozen=True)
class _Cell:
    """A cell with what was counted in it."""

    structure: Structure
    fractions: dict[str, dict[str, str]]
    n_fu: int
    x: Fraction


def parse_cell(cell: CellFile) -> Structure:
    """Structure of a file's text; its format follows from the name (CIF, POSCAR, pymatgen's JSON, XSF, RES).

    Raises
    ------
    ValueError
        If it has another format, cannot be read, or has sites that more than one species share.
    """
    if cell.text is None:
        raise ValueError("it was not read: campaigns with structure files are read by load_campaign")
    path = PurePath(cell.file)
    kind = "poscar" if path.name.upper().startswith(("POSCAR", "CONTCAR")) else _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise ValueError(f"its format is not known; known are POSCAR and {', '.join(sorted(_FORMATS))}")
    if kind == "json":
        _check_objects(cell)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen remarks on rounding and missing keys, which change nothing here
        try:
            structure = Structure.from_str(cell.text, fmt=kind)  # type: ignore[arg-type]
        except Exception as err:
            raise ValueError(f"it cannot be read: {err}") from err
    if not structure.is_ordered:
        raise ValueError("species share a site: a cell to compute has one on each")
    structure.remove_oxidation_states()
    if kind == "cif":
        return _as_said(structure, cell.text)
    return Structure(structure.lattice, structure.species, structure.frac_coords)


def _check_objects(cell: CellFile) -> None:
    """Refuse a file of pymatgen's whose sites have objects of classes that nobody knows.

    Raises
    ------
    ValueError
        If there are any, or it is no JSON.
    """
    try:
        require_data(json.loads(cell.text or ""), cell.file)
    except (UntrustedError, RecursionError) as err:
        raise ValueError(str(err)) from err


def _as_said(structure: Structure, text: str) -> Structure:
    """Cell of a CIF as pymatgen reads it if it holds what the file says, else as it is said.

    Raises
    ------
    ValueError
        If what the file says twice does not agree, or sites are not full.
    """
    try:
        said = parse_cif(text)
    except BadInputError as err:
        raise ValueError(err.reason) from err
    if any(len(part) > 1 or VACANCY in part for part in said.parts):
        raise ValueError("species share a site, or it is partly empty: a cell to compute has one on each")
    species = [next(iter(part)) for part in said.parts]
    if sorted(species) == sorted(site.specie.symbol for site in structure):
        return Structure(structure.lattice, structure.species, structure.frac_coords)
    return Structure(said.lattice, species, said.coords)


def metal_cell(campaign: Campaign) -> Structure | None:
    """Cell of the working-ion metal that a campaign brings, None if it brings none.

    Raises
    ------
    BadInputError
        If the file cannot be used or holds something else.
    """
    cell, ion = campaign.structures.metal, campaign.host.working_ion
    if cell is None:
        return None
    key: KeyPath = ("structures", "metal")
    try:
        structure = parse_cell(cell)
    except ValueError as err:
        raise bad_key(campaign, key, f"{cell.file}: {err}") from err
    if {str(e) for e in structure.composition} != {ion}:
        raise bad_key(campaign, key, f"{cell.file} holds {structure.composition.reduced_formula}, expected {ion}")
    return structure


def check_cells(campaign: Campaign, specs: Sequence[MemberSpec]) -> None:
    """Refuse files that are cells of no candidate.

    Raises
    ------
    BadInputError
        Names file, line and key.
    """
    for i, file in enumerate(campaign.structures.files):
        if not any(_cell_of(campaign, file, spec, i) for spec in specs):
            names = ", ".join(spec.formula for spec in specs)
            _refuse(campaign, i, f"{file.file} is no cell of {names}", "cells must hold the cations of a formula")


def assign_cells(campaign: Campaign, specs: Sequence[MemberSpec]) -> dict[str, CellSet]:
    """Cells of candidates by id, from the files of a campaign; files of other candidates are left out.

    Raises
    ------
    BadInputError
        If a file cannot be used or a candidate lacks its cell as made; names file, line and key.
    """
    result = {}
    for spec in specs:
        cells = [(i, _cell_of(campaign, file, spec, i)) for i, file in enumerate(campaign.structures.files)]
        result[spec.candidate_id] = _cell_set(campaign, spec, [(i, cell) for i, cell in cells if cell is not None])
    return result


def _refuse(campaign: Campaign, index: int, reason: str, hint: str | None = None) -> NoReturn:
    raise bad_key(campaign, ("structures", "files", index), reason, hint)


def _cell_of(campaign: Campaign, file: CellFile, spec: MemberSpec, index: int) -> _Cell | None:
    """Cell of a file if it is one of this candidate."""
    try:
        structure = parse_cell(file)
    except ValueError as err:
        _refuse(campaign, index, f"{file.file}: {err}")
    labels = _labels(structure, spec)
    if labels is None:
        return None
    host = composition_of(spec).host
    _check_fillable(campaign, spec, index)
    counts = {name: Counter[str]() for name in host.sublattices}
    for site, label in zip(structure, labels, strict=True):
        counts[label][site.specie.symbol] += 1
    sites = sum(counts[spec.primary].values())
    n_fu, rest = divmod(sites, host.sublattices[spec.primary].multiplicity)
    fractions = {
        name: {e: str(Fraction(n, sum(counts[name].values()))) for e, n in sorted(counts[name].items())}
        for name in spec.fractions
    }
    if rest or not n_fu or fractions != {name: dict(part) for name, part in spec.fractions.items()}:
        return None
    for name in host.sublattices:
        wanted = host.atoms_per_unit(name)
        if name not in host.working_own and sum(counts[name].values()) != n_fu * wanted:
            number = Fraction(sum(counts[name].values()), n_fu)
            reason = f"{file.file} has {number} sites of {name} per formula unit, the host has {wanted}"
            _refuse(campaign, index, reason)
    x = Fraction(sum(sum(counts[name].values()) for name in host.working_own), n_fu)
    if x > host.x_full:
        _refuse(campaign, index, f"{file.file} has {x} {spec.working_ion} per formula unit, at most {host.x_full}")
    structure.add_site_property("sublattice", labels)
    return _Cell(structure, fractions, n_fu, x)


def _check_fillable(campaign: Campaign, spec: MemberSpec, index: int) -> None:
    """Refuse cells of hosts in which the number of sites does not say how many formula units there are."""
    empty = [name for name, part in spec.fractions.items() if VACANCY in part]
    shared = composition_of(spec).host.working_shared if spec.working_ion else ()
    for name in (*empty, *shared):
        why = "has empty sites" if name in empty else "is shared by the working ion"
        _refuse(campaign, index, f"{name} {why}: its cells are built, none is taken from a file", "method: sqs")


def _labels(structure: Structure, spec: MemberSpec) -> list[str] | None:
    """Sublattice of every site by its element; None if an element has no place or more than one.

    Of several sets of sites of the working ion the first stands for all.
    """
    host = composition_of(spec).host
    places: dict[str, list[str]] = {}
    for name, sub in host.sublattices.items():
        if name in host.working_own[1:]:
            continue
        held = sub.species if sub.group is None else host.groups[sub.group].formula
        elements = [spec.working_ion] if name in host.working_own else spec.fractions.get(name, held)
        for element in elements:
            places.setdefault(str(element), []).append(name)
    found = [places.get(site.specie.symbol, []) for site in structure]
    return [names[0] for names in found] if all(len(names) == 1 for names in found) else None


def _cell_set(campaign: Campaign, spec: MemberSpec, cells: Sequence[tuple[int, _Cell]]) -> CellSet:
    x_made = Fraction(spec.x_made)
    made = [(i, cell) for i, cell in cells if cell.x == x_made]
    if not made:
        reason = f"no file holds {spec.formula} as made (x = {x_made})"
        raise bad_key(campaign, ("structures", "files"), reason, "add its cell, or give its content in select.formulas")
    if len(made) > 1:
        _refuse(campaign, made[1][0], f"a second cell of {spec.formula} as made", "give each candidate one")
    first = made[0][1]
    result = CellSet(first.n_fu, first.structure)
    for i, cell in cells:
        if cell.n_fu != first.n_fu:
            reason = f"this cell has {cell.n_fu} formula units, that of {spec.formula} as made {first.n_fu}"
            _refuse(campaign, i, reason, "give cells of equal size")
        if cell.x != x_made:
            result.states.append(CellState(cell.x, cell.structure, _ordering(spec, cell)))
    result.states.sort(key=lambda state: -state.x)
    return result


def _ordering(spec: MemberSpec, cell: _Cell) -> OrderingDoc:
    """What is known of the ordering that a cell is: its content and what leaves the anions."""
    removed = (Fraction(spec.x_made) - cell.x) * working_charge(spec.working_ion)
    oxidation = RedoxLadder.of(composition_of(spec).host).oxidise(split_of(spec) or {}, removed)
    return OrderingDoc(
        key=content_hash(["given", structure_content(cell.structure)]),
        x=float(cell.x),
        n_candidates=1,
        anion_oxidation=max(oxidation.anion_holes, 0.0),
    )
