"""Document of the bottlenecks of one configuration."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from hebe.schemas.bottlenecks import BottlenecksDoc, GatesDoc, WayDoc
from hebe.science.errors.spread import mean_and_sd
from hebe.science.structures.working import mobile_sites
from hebe.science.transport.bottlenecks import Bottleneck, anion_radii, bottleneck, relaxed_frame
from hebe.science.transport.hops import find_hops, hop_net

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

    from hebe.schemas.hops import HopDoc
    from hebe.schemas.spec import MemberSpec

Gate = tuple["HopDoc", Bottleneck]

_DIGITS: Final = 6
"""Of radii (A) that are told apart: those of hops that are alike differ in their last bits."""


def bottlenecks_document(spec: MemberSpec, ideal: Structure, made: Structure) -> BottlenecksDoc:
    """Bottlenecks of all hops of a configuration.

    Parameters
    ----------
    spec
        The member of the host.
    ideal
        Cell as built, with all working sites.
    made
        Relaxed cell as made.
    """
    frame, radii = relaxed_frame(ideal, made), anion_radii(ideal)
    document = BottlenecksDoc(anion_radii_A=radii)
    hops = find_hops(ideal, mobile_sites(spec, ideal))
    gates = [(hop, found) for hop in hops if (found := bottleneck(frame, hop, radii)) is not None]
    document.n_hops = len(gates)
    if not gates:
        document.warnings.append("no hop passes between anions whose radius is known")
        return document
    document.gates = _by_environment(gates)
    document.ways = _ways(gates, len(ideal))
    if document.ways:
        least = round(document.ways[-1].radius_A, _DIGITS)
        wide = [gate for _, gate in gates if round(gate.radius, _DIGITS) >= least]
        document.n_connecting = len(wide)
        document.radius_A, _ = mean_and_sd([gate.radius for gate in wide])
        document.area_A2, document.area_sd_A2 = mean_and_sd([gate.area for gate in wide])
    return document


def _ways(gates: Sequence[Gate], n_sites: int) -> list[WayDoc]:
    """Widest ways in one, two and three directions: hops are joined from the widest on."""
    found = hop_net([hop for hop, _ in gates], n_sites).crossings([-round(gate.radius, _DIGITS) for _, gate in gates])
    ways = []
    for one in found:
        hop, gate = gates[one.bond]
        ways.append(
            WayDoc(
                directions=one.directions,
                radius_A=gate.radius,
                area_A2=gate.area,
                first=hop.first,
                second=hop.second,
                environment=hop.environment,
            )
        )
    return ways


def _by_environment(gates: Sequence[Gate]) -> list[GatesDoc]:
    """Means over the hops of each environment, widest first."""
    alike: dict[str, list[Bottleneck]] = defaultdict(list)
    for hop, gate in gates:
        alike[hop.environment].append(gate)
    found = []
    for name, some in alike.items():
        radius, radius_sd = mean_and_sd([gate.radius for gate in some])
        area, area_sd = mean_and_sd([gate.area for gate in some])
        found.append(
            GatesDoc(
                environment=name, n=len(some), radius_A=radius, radius_sd_A=radius_sd, area_A2=area, area_sd_A2=area_sd
            )
        )
    return sorted(found, key=lambda one: (-one.radius_A, one.environment))
