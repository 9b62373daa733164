"""Printed keys of candidates, and the names by which they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.printing import factor
from hebe.analyses.registry import all_quantities
from hebe.campaigns.contract import INTERVAL, SPREADS, contract_keys, keys_of_quantities
from hebe.config.reading.units import unit_factors
from hebe.config.reading.wording import shown, suggest
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

Names = Mapping[str, str]

LISTS: Final = ("elements", "marks")
"""Keys of lists of texts in which one may be looked for."""

_LEAVES: Final = frozenset({str, int, float, bool, type(None), list})
_SUFFIXES: Final = frozenset({*SPREADS, *INTERVAL})


def flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values of a document by dotted path; mappings are opened, lists are not."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        if type(value) not in _LEAVES and isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def searchable(document: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a candidate by dotted path, without its calculations, whose labels are of that candidate alone.

    Parameters
    ----------
    document
        As it is printed, or as `in_columns` gives it.
    """
    left_out = ("results", "calculations")
    return flat({k: v for k, v in document.items() if k not in left_out and not k.startswith("results.")})


def in_columns(document: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a document as cells of a table, by dotted path; calculations by their labels are one cell."""
    together = {key: value for key, value in document.items() if key == "calculations"}
    return flat({key: value for key, value in document.items() if key not in together}) | together


def lookup(document: Mapping[str, Any], path: str) -> Any:
    """Value at a dotted path; None where the path ends early."""
    here: Any = document
    for part in path.split("."):
        if not isinstance(here, Mapping) or part not in here:
            return None
        here = here[part]
    return here


def key_names(keys: Iterable[str] = ()) -> dict[str, str]:
    """Names by which keys may be asked for: what all candidates have, names of quantities, and `keys` of some.

    In a key, what cannot stand in a name is written ``_``: ``entropy_R.mixed_site``.
    """
    known = dict.fromkeys([*contract_keys(), *LISTS, *keys])
    of_names = {name: path for name, path in keys_of_quantities().items() if name not in known}
    return {_identifier(key): key for key in known} | of_names


def scalar_keys(rows: Iterable[Mapping[str, Any]]) -> dict[str, None]:
    """Keys of flat documents whose values are no lists."""
    return {key: None for row in rows for key, value in row.items() if not isinstance(value, list)}


def key_of(name: str, known: Names) -> str:
    """Key that a name stands for.

    Raises
    ------
    BadInputError
        If there is none; names the nearest.
    """
    title = keys_of_titles().get(name.casefold())
    key = known.get(_identifier(name if title is None else title))
    if key is None:
        raise BadInputError(f"candidates have no key {shown(name)}", suggestion=suggest(_identifier(name), known))
    return key


@lru_cache(maxsize=1)
def keys_of_titles() -> dict[str, str]:
    """Names of quantities by their printed titles in lower case, the longest title first."""
    titles = {one.title.casefold(): name for name, one in all_quantities().items()}
    return dict(sorted(titles.items(), key=lambda item: -len(item[0])))


def in_unit(value: float, written: str, key: str) -> float:
    """Number of a value that is written with a unit, in the unit of a key.

    Raises
    ------
    BadInputError
        If the key has no such unit.
    """
    known = _units(key)
    if written not in known:
        units = " or ".join(unit for unit in known if unit)
        hint = f"{key} is in {units}" if units else f"{key} has no unit: write the number alone"
        raise BadInputError(f"{shown(written)} is no unit of {key}", suggestion=hint)
    factor, offset = known[written]
    return value * factor + offset


def _units(key: str) -> dict[str, tuple[float, float]]:
    """Units in which a value of a key may be written: factor and offset to the unit of the key."""
    quantity = next((q for q in all_quantities().values() if key in (q.key, q.path) or _is_spread(key, q.key)), None)
    if quantity is None:
        ending = next((unit for unit in ("K", "V") if key.endswith(f"_{unit}")), None)
        base = "R" if key.startswith("entropy_R") else ending
        return {} if base is None else unit_factors(base)
    found = unit_factors(quantity.unit)
    found.setdefault(quantity.shown.unit, (1.0 / factor(quantity), 0.0))
    if quantity.unit.startswith("eV"):
        found |= {f"m{quantity.unit}": (1e-3, 0.0)}
    return found


def _is_spread(key: str, of: str) -> bool:
    return key.startswith(f"{of}_") and key.removeprefix(f"{of}_") in _SUFFIXES


def _identifier(key: str) -> str:
    return "".join(c if c.isalnum() or c in "._" else "_" for c in key)
