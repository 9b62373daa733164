"""Site energies of one configuration from cells that lack one ion each: spread, sublattices, windows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy
from pymatgen.core import Structure

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.site_energies import SiteDoc, SiteEnergiesDoc, SiteEnergyDoc, SiteKindDoc, SitesDoc
from hebe.science.transport.hops import find_hops, hop_net

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class SiteInput:
    """Sites of a configuration, and the cells that lack the ion on each chosen one, relaxed and with no atom moved.

    ``structure`` is the configuration; ``accept`` are verdicts on the topology of a cell that count as the host.
    """

    sites: SitesDoc
    relaxed: Sequence[CalculationDoc | None]
    fixed: Sequence[CalculationDoc | None]
    structure: Structure | None = None
    accept: tuple[str, ...] = ()


def site_energies_document(inputs: SiteInput) -> SiteEnergiesDoc:
    """Site energies of a configuration; what is missing is a warning."""
    sites = inputs.sites
    document = SiteEnergiesDoc(n_sites=len(sites.sites))
    relaxed = _energies(sites, inputs.relaxed, inputs.accept, document)
    if not relaxed:
        document.warnings.append("no cell without an ion has an energy: no site energies")
        return document
    weights = _weights(sites, relaxed)
    energies, still = _against_mean(relaxed, weights), _fixed(inputs, weights)
    document.sites = [
        SiteEnergyDoc(
            site=sites.sites[k].site,
            sublattice=sites.sites[k].sublattice,
            environment=sites.sites[k].environment,
            weight=weights[k],
            energy_eV=energies[k],
            fixed_eV=still.get(k),
        )
        for k in sorted(energies)
    ]
    document.sublattices = _kinds(sites.sites, document.sites, lambda one: one.sublattice)
    document.environments = _kinds(sites.sites, document.sites, lambda one: f"{one.sublattice}: {one.environment}")
    document.sd_eV, document.fixed_sd_eV = _sd(energies, weights), _sd(still, weights)
    document.range_eV = max(energies.values()) - min(energies.values()) if len(energies) > 1 else None
    _separate(document)
    document.window_eV = _window(inputs, document)
    return document


def _energies(
    sites: SitesDoc, cells: Sequence[CalculationDoc | None], accept: tuple[str, ...], document: SiteEnergiesDoc
) -> dict[int, float]:
    """Energy (eV) of the ion on each chosen site up to a constant: what the cell without it lacks."""
    found = {}
    for k, cell in zip(sites.chosen, cells, strict=False):
        name = f"site {sites.sites[k].site}"
        if cell is None or not cell.usable:
            document.warnings.append(
                f"{name}: the cell without its ion is {'missing' if cell is None else cell.status}"
            )
        elif not cell.is_host(accept):
            document.warnings.append(f"{name}: the cell without its ion is no longer the host ({cell.topology})")
        else:
            found[k] = -cell.energy
    return found


def _fixed(inputs: SiteInput, weights: Mapping[int, float]) -> dict[int, float]:
    """The same with no atom moved, against its own mean; empty unless all are there."""
    chosen = dict(zip(inputs.sites.chosen, inputs.fixed, strict=False))
    known = {k: -cell.energy for k in weights if (cell := chosen.get(k)) is not None and cell.usable}
    return _against_mean(known, weights) if len(known) == len(weights) else {}


def _weights(sites: SitesDoc, known: Mapping[int, float]) -> dict[int, float]:
    """How many sites each computed one stands for: those of its kind, shared out by how many symmetry makes of each."""
    equal = {k: sum(other.equivalent == sites.sites[k].equivalent for other in sites.sites) for k in known}
    of_kind: dict[str, int] = defaultdict(int)
    for k in known:
        of_kind[sites.sites[k].kind] += equal[k]
    total = {kind: sum(one.kind == kind for one in sites.sites) for kind in of_kind}
    return {k: equal[k] * total[sites.sites[k].kind] / of_kind[sites.sites[k].kind] for k in known}


def _against_mean(energies: Mapping[int, float], weights: Mapping[int, float]) -> dict[int, float]:
    mean = sum(weights[k] * value for k, value in energies.items()) / sum(weights[k] for k in energies)
    return {k: value - mean for k, value in energies.items()}


def _sd(energies: Mapping[int, float], weights: Mapping[int, float]) -> float | None:
    """Weighted standard deviation about zero mean; None for fewer than two."""
    if len(energies) < 2:
        return None
    total = sum(weights[k] for k in energies)
    return float(np.sqrt(sum(weights[k] * value**2 for k, value in energies.items()) / total))


def _kinds(
    sites: Sequence[SiteDoc], found: Sequence[SiteEnergyDoc], name_of: Callable[[SiteDoc | SiteEnergyDoc], str]
) -> list[SiteKindDoc]:
    result = []
    for name in sorted({name_of(one) for one in found}):
        part = [one for one in found if name_of(one) == name]
        values, weights = np.array([one.energy_eV for one in part]), np.array([one.weight for one in part])
        mean = float(np.average(values, weights=weights))
        sd = float(np.sqrt(np.average((values - mean) ** 2, weights=weights))) if len(part) > 1 else None
        number = sum(name_of(one) == name for one in sites)
        result.append(SiteKindDoc(name=name, n_sites=number, n_computed=len(part), mean_eV=mean, sd_eV=sd))
    return result


def _separate(document: SiteEnergiesDoc) -> None:
    """Gap and overlap of the lowest and the highest sublattice."""
    if len(document.sublattices) < 2:
        return
    low, high = (pick(document.sublattices, key=lambda one: one.mean_eV) for pick in (min, max))
    document.gap_eV = high.mean_eV - low.mean_eV
    if low.sd_eV and high.sd_eV:
        document.overlap = overlap((low.mean_eV, low.sd_eV), (high.mean_eV, high.sd_eV))


def overlap(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Share that two normal distributions, each by mean and standard deviation, have in common, from 0 to 1.

    Overlapping coefficient (Inman and Bradley, Commun. Stat. Theory Methods 18, 3851 (1989)), integrated numerically.
    """
    ends = [mean + sign * 8 * sd for mean, sd in (first, second) for sign in (-1, 1)]
    x = np.linspace(min(ends), max(ends), 20_001)
    common = np.minimum(scipy.stats.norm.pdf(x, *first), scipy.stats.norm.pdf(x, *second))
    return float(np.trapezoid(common, x))


def _window(inputs: SiteInput, document: SiteEnergiesDoc) -> float | None:
    """Least difference of neighbouring energies that connects; None where a kind has no energy, or nothing connects.

    Hops of a narrow cell from a site to its own image have no difference, whatever the energies: they are left out.
    """
    if inputs.structure is None:
        document.no_window = "no cell of the configuration"
        return None
    computed = {one.site: one.energy_eV for one in document.sites}
    of_kind = {kind.name: kind.mean_eV for kind in document.environments}
    energies = {one.site: computed.get(one.site, of_kind.get(one.kind)) for one in inputs.sites.sites}
    known = {site: value for site, value in energies.items() if value is not None}
    if len(known) < len(energies):
        kinds = sorted({one.kind for one in inputs.sites.sites if one.site not in known})
        document.no_window = f"no energy of the ion at {'; '.join(kinds)}"
        return None
    hops = [hop for hop in find_hops(inputs.structure, sorted(known)) if hop.first != hop.second]
    if not hops:
        return None
    crossings = hop_net(hops, len(inputs.structure)).crossings(
        [abs(known[hop.second] - known[hop.first]) for hop in hops]
    )
    return crossings[0].value if crossings else None
