"""Symmetry of a CIF: its operations, its Hall symbol, its Hermann-Mauguin symbol, its number.

The settings are the 530 of spglib's database, and those that a Hall symbol alone describes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import BadInputError
from hebe.science.crystals.hall_symbol import MOST_OPERATIONS, parse_hall, plain_hall
from hebe.science.crystals.triplet import parse_triplet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.science.crystals.cif_blocks import CifBlock

OPERATIONS: Final = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
_HALL: Final = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
_SYMBOL: Final = (
    "_space_group_name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m_full",
    "_space_group_name_h-m_ref",
)
_NUMBER: Final = ("_space_group_it_number", "_symmetry_int_tables_number", "_symmetry_cell_setting_it_number")
_SETTINGS: Final = 530
_CHOICES: Final = {"s": "1", "z": "2", "1": "1", "2": "2", "h": "H", "r": "R", "hr": "H"}
"""How files write a choice of origin or axes -> how the database does; S and Z are those of ICSD."""


@dataclass(frozen=True)
class Setting:
    """Operations of a space group: ``rotations`` of shape (n, 3, 3), ``translations`` of shape (n, 3).

    ``called`` says in words where they are from, ``choice`` the choice of origin or axes in the database.
    """

    rotations: NDArray[np.int64]
    translations: NDArray[np.float64]
    number: int
    called: str
    choice: str = ""


def settings_of(block: CifBlock) -> tuple[list[Setting], list[str]]:
    """Settings that a block may mean, the one to try first in front; and remarks.

    Raises
    ------
    BadInputError
        If what it says cannot be read, or its operations, symbols and number are of different groups.
    """
    said = _said(block)
    operations = _operations(block)
    numbers = {name: number for name, number in said.items() if isinstance(number, int)}
    if operations is not None:
        numbers = {"the operations": operations.number, **numbers}
    if len(set(numbers.values())) > 1:
        groups = ", ".join(f"{number} by {name}" for name, number in numbers.items())
        raise BadInputError(f"its space group is {groups}", suggestion="one of them, the others removed")
    unread = [problem for problem in said.values() if isinstance(problem, str)]
    if operations is not None:
        return [operations], unread
    if not numbers:
        if unread:
            raise BadInputError(f"its symmetry cannot be read: {'; '.join(unread)}", suggestion="give its operations")
        alone = Setting(np.eye(3, dtype=np.int64)[None], np.zeros((1, 3)), 1, "no symmetry")
        return [alone], ["no symmetry is given: each site stands once in the cell"]
    return _of_database(block, said), unread


def _said(block: CifBlock) -> dict[str, int | str]:
    """What names the group -> its number, or why it is not known."""
    result: dict[str, int | str] = {}
    hall, symbol, text = block.first(*_HALL), block.first(*_SYMBOL), block.first(*_NUMBER)
    if hall is not None:
        try:
            result["the Hall symbol"] = _of_hall(hall).number
        except BadInputError as problem:
            result["the Hall symbol"] = str(problem)
    if symbol is not None:
        known = _by_symbol(symbol)
        result["the symbol"] = _table()[known[0]].number if known else f"the symbol {symbol!r} is not known"
    if text is not None:
        number = int(text) if text.isdecimal() and len(text) < 4 else 0
        if not 1 <= number <= 230:
            raise BadInputError(f"expected a space group from 1 to 230, got {text[:20]!r}")
        result["the number"] = number
    return result


def _of_database(block: CifBlock, said: Mapping[str, int | str]) -> list[Setting]:
    """Settings by Hall symbol, else by symbol, else by number."""
    hall, symbol = block.first(*_HALL) or "", block.first(*_SYMBOL) or ""
    if isinstance(said.get("the Hall symbol"), int):
        found: Sequence[Setting] = [_of_hall(hall)]
    else:
        number = said.get("the number")
        numbers = _by_symbol(symbol) or tuple(h for h, entry in _table().items() if entry.number == number)
        found = [_setting(h) for h in numbers]
    usual = _usual_order(symbol)
    return [_ordered(setting, usual) for setting in found]


@cache
def _of_hall(text: str) -> Setting:
    """Setting of a Hall symbol, of the database where it is there.

    Raises
    ------
    BadInputError
        If it is no Hall symbol.
    """
    import spglib

    known = {entry.hall: h for h, entry in reversed(_table().items())}
    if plain_hall(text) in known:
        return _setting(known[plain_hall(text)])
    try:
        rotations, translations = parse_hall(text)
    except BadInputError:
        alike = [h for hall, h in known.items() if _plain(hall) == _plain(text)]
        if len(alike) != 1:
            raise
        return _setting(alike[0])
    kind = spglib.get_spacegroup_type_from_symmetry(rotations, translations)
    if kind is None:
        raise BadInputError(f"the Hall symbol {text[:60]!r} is of no space group")
    return Setting(rotations, translations, int(kind.number), "its Hall symbol")


@cache
def _usual_order(symbol: str) -> tuple[tuple[int, ...], ...]:
    """Operations of a symbol in the order of pymatgen's reader, which decides which site is the first."""
    from pymatgen.symmetry.groups import SYMM_DATA, SpaceGroup

    plain = re.sub(r"[\s_]", "", symbol)
    known = next((key for key in SYMM_DATA["space_group_encoding"] if re.sub(r"[\s_]", "", key) == plain), None)
    if known is None:
        return ()
    operations = SpaceGroup(known).symmetry_ops
    rotations = np.array([operation.rotation_matrix for operation in operations]).round().astype(np.int64)
    return tuple(_keys(rotations, np.array([operation.translation_vector for operation in operations])))


def _ordered(setting: Setting, order: Sequence[tuple[int, ...]]) -> Setting:
    """Setting with its operations in an order of the same ones; as it is where they are others."""
    where = {key: i for i, key in enumerate(_keys(setting.rotations, setting.translations))}
    if set(where) != set(order):
        return setting
    taken = [where[key] for key in order]
    return replace(setting, rotations=setting.rotations[taken], translations=setting.translations[taken])


def _keys(rotations: NDArray[np.int64], translations: NDArray[np.float64]) -> list[tuple[int, ...]]:
    """Operations as whole numbers, translations in 24ths of the cell and within it."""
    steps = np.round(translations * 24).astype(np.int64) % 24
    return [tuple(row) for row in np.hstack([rotations.reshape(-1, 9), steps]).tolist()]


@dataclass(frozen=True)
class _Entry:
    number: int
    hall: str
    symbols: tuple[str, ...]
    choice: str


@cache
def _table() -> dict[int, _Entry]:
    """Hall number -> its group, Hall symbol, ways to write its Hermann-Mauguin symbol, and choice."""
    import spglib

    result = {}
    for hall in range(1, _SETTINGS + 1):
        kind = spglib.get_spacegroup_type(hall)
        if kind is None:
            raise BadInputError(f"spglib has no setting {hall}")
        full = kind.international_full
        written = {full, kind.international.split("=")[-1], *_without_ones(full, kind.number)}
        written |= {kind.international_short} if kind.international_short[0] == full[0] else set()
        if 200 <= kind.number <= 206 or kind.number >= 221:
            written |= {text.replace("-3", "3") for text in written}
        symbols = tuple(sorted({_plain(text) for text in written}))
        result[hall] = _Entry(kind.number, plain_hall(kind.hall_symbol), symbols, kind.choice)
    return result


def _without_ones(full: str, number: int) -> set[str]:
    """A monoclinic symbol without its axes of order one: ``P 2_1/n`` of ``P 1 2_1/n 1``."""
    words = full.split()
    return {" ".join([words[0], *(word for word in words[1:] if word != "1")])} if 3 <= number <= 15 else set()


def _plain(text: str) -> str:
    return re.sub(r"[\s_]+", "", text).lower().replace("''", '"')


@cache
def _by_symbol(text: str) -> tuple[int, ...]:
    """Hall numbers of a Hermann-Mauguin symbol, with its choice where it names one."""
    tables = defaultdict(list)
    for hall, entry in _table().items():
        for symbol in entry.symbols:
            tables[symbol].append(hall)
    symbol, choice = _split(text)
    plain = _plain(symbol)
    found = tables.get(plain, [])
    if not found and choice == "":
        for suffix in ("hr", "s", "z", "h", "r", ":1", ":2"):
            if plain.endswith(suffix) and plain.removesuffix(suffix) in tables:
                return _chosen(tables[plain.removesuffix(suffix)], _CHOICES[suffix.lstrip(":")])
    return _chosen(found, _CHOICES.get(choice, choice))


def _split(text: str) -> tuple[str, str]:
    """Symbol and choice of ``R -3 m :H``, ``F d -3 m S``, ``F d -3 m (origin 2)``."""
    match = re.fullmatch(r"(.*?)\s*[:(]\s*(?:origin|choice|axes|setting)*\s*(?:choice)?\s*([\w-]+)\s*\)?", text.lower())
    if match is not None:
        return match[1], match[2][:1] if match[2].startswith(("hex", "rho")) else match[2]
    return text, ""


def _chosen(found: Sequence[int], choice: str) -> tuple[int, ...]:
    if not choice:
        return tuple(found)
    return tuple(hall for hall in found if _table()[hall].choice.lower() == choice.lower()) or tuple(found)


def _setting(hall: int) -> Setting:
    import spglib

    found = spglib.get_symmetry_from_database(hall)
    if found is None:
        raise BadInputError(f"spglib has no setting {hall}")
    entry = _table()[hall]
    kind = {"1": "origin choice 1", "2": "origin choice 2", "H": "hexagonal axes", "R": "rhombohedral axes"}
    called = kind.get(entry.choice, f"setting {entry.choice}" if entry.choice else "the standard setting")
    rotations = np.asarray(found["rotations"], dtype=np.int64)
    return Setting(rotations, np.asarray(found["translations"]), entry.number, called, entry.choice)


def _operations(block: CifBlock) -> Setting | None:
    """Operations that a block lists.

    Raises
    ------
    BadInputError
        If one cannot be read, or together they are no space group.
    """
    import spglib

    texts = block.column(*OPERATIONS)
    texts = [text for text in texts if text.strip() not in ("", ".", "?")]
    if not texts:
        if any("symop_magn" in tag for tag in (*block.columns, *block.values)):
            raise BadInputError("its symmetry is magnetic", suggestion="the operations of its space group")
        return None
    if len(texts) > MOST_OPERATIONS:
        raise BadInputError(f"it has {len(texts)} operations, no space group has more than {MOST_OPERATIONS}")
    read = [_operation(text) for text in texts]
    rotations = np.array([rotation for rotation, _ in read])
    translations = np.array([translation for _, translation in read])
    if len(read) == 1:
        return Setting(rotations, translations, 1, "the operations")
    kind = None
    if _is_group(rotations, translations):
        kind = spglib.get_spacegroup_type_from_symmetry(rotations, translations)
    if kind is None:
        raise BadInputError(f"its {len(read)} operations are no space group", suggestion="all operations, each once")
    return Setting(rotations, translations, int(kind.number), "the operations")


def _is_group(rotations: NDArray[np.int64], translations: NDArray[np.float64]) -> bool:
    """Whether the product of two operations always is one of them, up to lattice translations."""
    known = set(_keys(rotations, translations))
    if len(known) != len(rotations):
        return False
    for rotation, translation in zip(rotations, translations, strict=True):
        if not set(_keys(rotation @ rotations, translations @ rotation.T + translation)) <= known:
            return False
    return True


def _operation(text: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rotation and translation of ``-x, y+1/2, z``."""
    matrix, shift = parse_triplet(text)
    rotation = np.array([[int(amount) for amount in row] for row in matrix], dtype=np.int64)
    if abs(round(float(np.linalg.det(rotation)))) != 1 or abs(rotation).max() > 1:
        raise BadInputError(f"the operation {text[:60]!r} is no symmetry", suggestion="as x, y, z or -x, y+1/2, -z")
    return rotation, np.round(np.array(shift, dtype=np.float64) * 24) / 24
