"""Barriers of one configuration from the paths of its chosen hops: distribution, model of the others, connection."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.schemas.barriers import (
    BarrierDoc,
    BarriersDoc,
    BoundDoc,
    ConnectionDoc,
    EnvironmentDoc,
    FilledHopDoc,
    RestDoc,
)
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.hops import HopsDoc
from hebe.schemas.path import PathDoc
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.valence import assign_valences
from hebe.science.transport.hop_model import choose_model
from hebe.science.transport.hops import hop_net

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hebe.schemas.hops import HopDoc


_STAYED: Final = 0.4
"""An ion that moves by less than this share of the way of its hop did not stay where the hop begins and ends."""


@dataclass(frozen=True)
class HopInput:
    """Hops of a configuration, the cells between which the chosen ones lead (start, end, ...), and their paths.

    ``accept`` are verdicts on the topology of a cell that count as the host.
    """

    hops: HopsDoc
    ends: Sequence[CalculationDoc | None]
    paths: Sequence[PathDoc | None]
    accept: tuple[str, ...] = ()


def barriers_document(inputs: HopInput) -> BarriersDoc:
    """Barriers of a configuration; what is missing is a warning."""
    hops = inputs.hops
    document = BarriersDoc(n_hops=len(hops.hops), taken_out=hops.taken_out, warnings=list(hops.warnings))
    if not hops.chosen:
        document.warnings.append("no hop can be made from the cell as made")
        return document
    usable = {slot: path for slot in range(len(hops.chosen)) if (path := _path(inputs, slot, document)) is not None}
    high = _high(inputs)
    known = (*usable.values(), *high.values())
    ground = min((energy for path in known for energy in (path.energies_eV[0], path.energies_eV[-1])), default=0)
    above = {k: _bound(hops.hops[k], path, ground) for k, path in high.items()}
    computed: dict[int, BarrierDoc] = {}
    for slot, path in usable.items():
        place = passed(hops.hops, hops.chosen[slot], path)
        if place != hops.chosen[slot]:
            document.warnings.append(f"{_name(hops.hops[place])}: the path went by {hops.hops[place].environment}")
        computed[place] = _barrier(hops.hops[place], place, path, ground, inputs.ends[2 * slot])
    document.hops = [computed[place] for place in sorted(computed)]
    document.above = [above[place] for place in sorted(above)]
    document.environments = _environments(hops.hops, computed)
    if computed:
        _distribution(document)
        document.connections = _connections(hops.hops, _fill(hops.hops, computed, above, document), computed)
    return document


def _path(inputs: HopInput, slot: int, document: BarriersDoc) -> PathDoc | None:
    """Path of a chosen hop, None with a warning where it cannot be used."""
    hop = inputs.hops.hops[inputs.hops.chosen[slot]]
    name = _name(hop)
    ends = [inputs.ends[k] if k < len(inputs.ends) else None for k in (2 * slot, 2 * slot + 1)]
    for end in ends:
        if end is None or not end.usable:
            document.warnings.append(f"{name}: an end is {'missing' if end is None else end.status}")
            return None
        if not end.is_host(inputs.accept):
            document.warnings.append(f"{name}: an end is no longer the host ({end.topology})")
            return None
    path = inputs.paths[slot] if slot < len(inputs.paths) else None
    if path is not None and path.too_high:
        document.warnings.append(f"{name}: {path.bound_eV:.2f} eV above its start before it is relaxed: no band")
        return None
    if path is None or not path.usable:
        document.warnings.append(f"{name}: the path is {'missing' if path is None else path.status}")
        return None
    way = moving_ion(hop, path)
    if way is not None and float(np.linalg.norm(way[-1] - way[0])) < _STAYED * hop.length_A:
        document.warnings.append(f"{name}: the ion does not stay on its site when the ends relax")
        return None
    return path


def _high(inputs: HopInput) -> dict[int, PathDoc]:
    """Chosen hops that lie so high before they are relaxed that there is no band, by their position."""
    found = {}
    for slot, (place, path) in enumerate(zip(inputs.hops.chosen, inputs.paths, strict=False)):
        ends = inputs.ends[2 * slot : 2 * slot + 2]
        hold = [end is not None and end.usable and end.is_host(inputs.accept) for end in ends]
        if path is not None and path.too_high and len(ends) == 2 and all(hold):
            found[place] = path
    return found


def _bound(hop: HopDoc, path: PathDoc, ground: float) -> BoundDoc:
    top = max(path.energies_eV)
    return BoundDoc(
        first=hop.first,
        second=hop.second,
        environment=hop.environment,
        bound_eV=top - path.energies_eV[0],
        mean_eV=top - (path.energies_eV[0] + path.energies_eV[-1]) / 2,
        saddle_eV=top - ground,
    )


def gate_ions(hop: HopDoc, start: CalculationDoc | None) -> list[str]:
    """Cations in the gate of a hop with the charges that their moments tell; without where they tell none."""
    cell = None if start is None else start.structure
    sites = [] if cell is None else list(cell.site_properties.get("configuration_site", []))
    if start is None or cell is None or start.magmoms is None:
        return list(hop.gate)
    if len(hop.gate_sites) != len(hop.gate) or not set(hop.gate_sites) <= set(sites):
        return list(hop.gate)
    found = assign_valences(cell, start.magmoms)
    charges = [found[sites.index(site)].charge for site in hop.gate_sites]
    return [
        symbol if charge is None else str(Ion(symbol, charge)) for symbol, charge in zip(hop.gate, charges, strict=True)
    ]


def _name(hop: HopDoc) -> str:
    return f"hop {hop.first} to {hop.second}"


def moving_ion(hop: HopDoc, path: PathDoc) -> NDArray[np.float64] | None:
    """Where the ion of a hop is on each image (A), shape (m, 3); None where the images do not say which it is."""
    properties = path.images[0].site_properties if path.images else {}
    sites = list(properties.get("configuration_site", []))
    if hop.first not in sites:
        return None
    atom = sites.index(hop.first)
    return np.array([image.cart_coords[atom] for image in path.images])


def passed(hops: Sequence[HopDoc], chosen: int, path: PathDoc) -> int:
    """Position of the hop that a path really is: of those between its two sites, the one whose way is nearest.

    Two octahedra share two tetrahedra; a band that begins in one can end in the other.
    """
    hop, way = hops[chosen], moving_ion(hops[chosen], path)
    if hop.via is None or way is None:
        return chosen
    lattice = path.images[0].lattice
    middle = way[len(way) // 2] - (way[0] + way[-1]) / 2
    same = (hop.first, hop.second, hop.image)
    aside: dict[int, NDArray[np.float64]] = {
        k: lattice.get_cartesian_coords(np.array(other.via) - np.array(hop.via))
        for k, other in enumerate(hops)
        if other.via is not None and (other.first, other.second, other.image) == same
    }
    if len(aside) < 2:
        return chosen
    centre = np.mean(list(aside.values()), axis=0)
    return max(aside, key=lambda k: (round(float((aside[k] - centre) @ middle), 6), k == chosen))


def _barrier(hop: HopDoc, place: int, path: PathDoc, ground: float, start: CalculationDoc | None) -> BarrierDoc:
    top = max(path.energies_eV)
    return BarrierDoc(
        hop=place,
        first=hop.first,
        second=hop.second,
        environment=hop.environment,
        blocking=hop.blocking,
        length_A=hop.length_A,
        gate_area_A2=hop.gate_area_A2,
        bottleneck_A=hop.bottleneck_A,
        forward_eV=top - path.energies_eV[0],
        backward_eV=top - path.energies_eV[-1],
        saddle_eV=top - ground,
        steps=len(path.resting) + 1,
        rests=[
            RestDoc(along_A=path.lengths_A[k], energy_eV=path.energies_eV[k] - path.energies_eV[0])
            for k in path.resting
        ],
        anions=hop.anions,
        gate_ions=gate_ions(hop, start),
        bound_eV=path.bound_eV,
        moment_change=path.moment_change,
        path=path.key,
    )


def _environments(hops: Sequence[HopDoc], computed: Mapping[int, BarrierDoc]) -> list[EnvironmentDoc]:
    values: dict[str, list[float]] = defaultdict(list)
    for barrier in computed.values():
        values[barrier.environment].append(barrier.mean_eV)
    return [
        EnvironmentDoc(
            environment=name,
            n_hops=number,
            n_computed=len(values[name]),
            mean_eV=float(np.mean(values[name])) if values[name] else None,
            sd_eV=float(np.std(values[name], ddof=1)) if len(values[name]) > 1 else None,
        )
        for name, number in sorted(Counter(hop.environment for hop in hops).items())
    ]


def _distribution(document: BarriersDoc) -> None:
    """Weighted mean, standard deviation and quantiles: each environment counts as often as its hops occur."""
    of = {one.environment: one.n_hops / one.n_computed for one in document.environments if one.n_computed}
    rows = sorted((value, of[hop.environment]) for hop in document.hops for value in (hop.forward_eV, hop.backward_eV))
    values, weights = np.array(rows).T
    weights = weights / weights.sum()
    mean = float(weights @ values)
    document.mean_eV, document.lowest_eV, document.highest_eV = mean, float(values[0]), float(values[-1])
    document.median_eV = float(values[np.searchsorted(np.cumsum(weights), 0.5 - 1e-9)])
    if len(document.hops) > 1:
        document.sd_eV = float(np.sqrt(weights @ (values - mean) ** 2))


def _fill(
    hops: Sequence[HopDoc],
    computed: Mapping[int, BarrierDoc],
    above: Mapping[int, BoundDoc],
    document: BarriersDoc,
) -> NDArray[np.float64]:
    """Give hops that were not computed what the best model says of them; saddles (eV) of all, shape (n,).

    Hops above the limit have their bound, and hops of an environment of which only bounds are known its mean bound.
    """
    model = choose_model(hops, {k: barrier.mean_eV for k, barrier in computed.items()})
    means = model.fill(hops, {k: barrier.mean_eV for k, barrier in computed.items()})
    saddles = model.fill(hops, {k: barrier.saddle_eV for k, barrier in computed.items()})
    for k, (bound, saddle) in _bounds(hops, computed, above).items():
        means[k], saddles[k] = bound, saddle
    document.model, document.model_error_eV = model.name, model.error
    document.filled = [
        FilledHopDoc(hop=k, first=hop.first, second=hop.second, mean_eV=float(means[k]), saddle_eV=float(saddles[k]))
        for k, hop in enumerate(hops)
        if k not in computed
    ]
    return saddles


def _bounds(
    hops: Sequence[HopDoc], computed: Mapping[int, BarrierDoc], above: Mapping[int, BoundDoc]
) -> dict[int, tuple[float, float]]:
    """Height above both ends in the mean and above the lowest end (eV) of hops of which bounds alone are known."""
    own = {k: (one.mean_eV, one.saddle_eV) for k, one in above.items() if k not in computed}
    known = {one.environment for one in computed.values()}
    alike: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in above.values():
        if one.environment not in known:
            alike[one.environment].append((one.mean_eV, one.saddle_eV))
    means = {name: tuple(np.mean(values, axis=0).tolist()) for name, values in alike.items()}
    found = {k: means[hop.environment] for k, hop in enumerate(hops) if hop.environment in means}
    return found | own


def _connections(
    hops: Sequence[HopDoc], heights: NDArray[np.float64], computed: Mapping[int, BarrierDoc]
) -> list[ConnectionDoc]:
    """Where hops connect, by the heights of their saddles."""
    net = hop_net(hops, 1 + max(max(hop.first, hop.second) for hop in hops))
    return [
        ConnectionDoc(
            directions=one.directions,
            barrier_eV=one.value,
            first=hops[one.bond].first,
            second=hops[one.bond].second,
            computed=one.bond in computed,
        )
        for one in net.crossings(heights)
    ]
