"""Search of the path of least energy: a band is relaxed, and where it rests on its way, so is each part of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count, pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hebe.engines.band import Band, Steps
from hebe.exceptions import EngineError

Array = NDArray[np.float64]
Seen = list[Any]
"""Energy (eV), forces (eV/A) and moments of an image, None without these."""
Look = Callable[[Array], list[Seen]]
"""Evaluates images, shape (m, n, 3), and raises `NoTimeError` at a limit."""

REST: Final = 0.01
"""So deep (eV) a dip along a path is a resting place, and the path goes in several steps."""

_DISSOLVED: Final = 3.0
"""A band whose highest image is so many times as high as at first, and so many eV more, leads nowhere."""
_APART: Final = 0.1
"""A resting place is one if an atom of it is so far (A) from where it is in the places before and after."""
_ROUNDS: Final = 200
"""Steps after which a place does not settle, and a part of a path does not come to rest: it is not divided there."""
_DEPTH: Final = 2
"""How often parts are divided again."""


class NoTimeError(Exception):
    """A limit of an attempt: what was evaluated is written down."""


class _CameApartError(EngineError):
    """A band leads nowhere."""


@dataclass(frozen=True)
class Found:
    """A band as far as it is relaxed.

    ``seen`` is what is known of each image with the ends, ``residual`` (eV/A) its largest force across the path,
    ``bound_eV`` the height of its first images above the start. ``cut``: a limit ended it, else it is ``done`` or came
    to no rest in so many rounds.
    """

    positions: Array
    seen: list[Seen]
    bound_eV: float
    residual: float = np.inf
    done: bool = False
    cut: bool = False

    @property
    def band(self) -> Band:
        """Positions, energies and forces."""
        return Band(self.positions, np.array([one[0] for one in self.seen]), np.array([one[1] for one in self.seen]))

    @property
    def moments(self) -> Array | None:
        """Moments of all images (Bohr magnetons), shape (m, n), None where there are none."""
        return None if self.seen[0][2] is None else np.array([one[2] for one in self.seen])


def first_band(positions: Array, seen: list[Seen]) -> Found:
    """A band of which only the first images are known."""
    return Found(positions, seen, float(max(one[0] for one in seen) - seen[0][0]))


def relaxed_band(look: Look, found: Found, fmax: float, rounds: int | None = None) -> Found:
    """Band of least energy, or how far it came until a limit, or in so many rounds.

    Raises
    ------
    EngineError
        If the band leaves every path.
    """
    steps = Steps()
    for number in count():
        moving, residual = found.band.nudged()
        found = replace(found, residual=residual, done=residual < fmax)
        _refuse_dissolved(found)
        if found.done or number == rounds:
            break
        inner = found.positions[1:-1]
        inner = inner + steps.next(inner, moving)
        try:
            new = look(inner)
        except NoTimeError:
            return replace(found, cut=True)
        positions = np.concatenate([found.positions[:1], inner, found.positions[-1:]])
        found = replace(found, positions=positions, seen=[found.seen[0], *new, found.seen[-1]])
    return found


def divided(look: Look, whole: Found, fmax: float, depth: int = _DEPTH) -> Found:
    """The same path in parts between its resting places, each with as many images and a climbing one of its own.

    In one band for several steps only one image climbs, and it may be on the lower saddle. Images at which the path
    seems to rest are relaxed; those that come to rest in a place of their own divide it. Where a part comes to no rest
    the whole stays as it is; what a limit leaves unknown is cut.

    Parameters
    ----------
    look
        Evaluates images.
    whole
        A band that is relaxed.
    fmax
        Largest force (eV/A) across each part, and on the resting places.
    depth
        How often parts are divided again.
    """
    if not whole.done or depth == 0 or not whole.band.minima(REST):
        return whole
    try:
        nodes = _nodes(look, whole, fmax)
        parts = [_part(look, whole, ends, fmax, depth) for ends in pairwise(nodes)] if len(nodes) > 2 else []
    except NoTimeError:
        return replace(whole, done=False, cut=True)
    except _CameApartError:
        return whole
    is_divided = len(parts) > 1 and all(part.done for part in parts)
    return replace(_joined(parts), bound_eV=whole.bound_eV) if is_divided else whole


@dataclass(frozen=True)
class _Node:
    """A place between two parts: the image of the whole band that it comes from, and what is known of it."""

    image: int
    place: Array
    seen: Seen


def _nodes(look: Look, whole: Found, fmax: float) -> list[_Node]:
    """Start, places of rest, end."""
    last = len(whole.positions) - 1
    nodes, end = [_Node(0, whole.positions[0], whole.seen[0])], _Node(last, whole.positions[last], whole.seen[last])
    for image in whole.band.minima(REST):
        settled = _settled(look, _Node(image, whole.positions[image], whole.seen[image]), fmax)
        if settled is not None and all(_apart(settled, other) for other in (nodes[-1], end)):
            nodes.append(settled)
    return [*nodes, end]


def _apart(one: _Node, other: _Node) -> bool:
    return float(np.linalg.norm(one.place - other.place, axis=1).max()) > _APART


def _settled(look: Look, node: _Node, fmax: float) -> _Node | None:
    """The minimum below an image, None where it is not found."""
    steps, place, seen = Steps(), node.place, node.seen
    for _ in range(_ROUNDS):
        forces = np.array(seen[1])
        if float(np.linalg.norm(forces, axis=1).max()) < fmax:
            return _Node(node.image, place, seen)
        place = place + steps.next(place[None], forces[None])[0]
        (seen,) = look(place[None])
    return None


def _part(look: Look, whole: Found, ends: tuple[_Node, _Node], fmax: float, depth: int) -> Found:
    """The band between two nodes, which may be divided again."""
    first, last = ends
    inner = whole.positions[first.image + 1 : last.image]
    places = _evenly(np.concatenate([first.place[None], inner, last.place[None]]), len(whole.positions))
    seen = look(places[1:-1])
    found = relaxed_band(look, first_band(places, [first.seen, *seen, last.seen]), fmax, _ROUNDS)
    found = found if found.cut else divided(look, found, fmax, depth - 1)
    if found.cut:
        raise NoTimeError
    return found


def _evenly(places: Array, number: int) -> Array:
    """So many images at even distances along straight lines from image to image."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(places, axis=0), axis=(1, 2)))])
    wanted = np.linspace(0.0, lengths[-1], number)
    at = np.clip(np.searchsorted(lengths, wanted, side="right") - 1, 0, len(places) - 2)
    share = (wanted - lengths[at]) / np.maximum(lengths[at + 1] - lengths[at], np.finfo(float).tiny)
    return np.asarray(places[at] + share[:, None, None] * (places[at + 1] - places[at]))


def _joined(parts: list[Found]) -> Found:
    """Parts one after the other."""
    first, *others = parts
    positions = np.concatenate([first.positions, *(part.positions[1:] for part in others)])
    seen = [*first.seen, *(one for part in others for one in part.seen[1:])]
    return Found(positions, seen, first.bound_eV, max(part.residual for part in parts), done=True)


def _refuse_dissolved(found: Found) -> None:
    """Refuse a band that has left every path: its images climb far above where they began."""
    height = max(one[0] for one in found.seen) - found.seen[0][0]
    if height > _DISSOLVED * max(found.bound_eV, 0.0) + _DISSOLVED:
        reason = (
            f"the band came apart: an image is {height:.1f} eV above the start, it began at {found.bound_eV:.1f} eV"
        )
        raise _CameApartError("path", reason, deterministic=True)
