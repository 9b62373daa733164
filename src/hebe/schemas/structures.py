"""Built configurations and chosen orderings: documents of their own, so that they are made once."""

from __future__ import annotations

from pydantic import Field
from pymatgen.core import Structure

from hebe.schemas.base import Document, Status


class SQSQuality(Document):
    """How close the pair correlations of a cell are to random.

    ``largest`` and ``total`` run over unlike pairs against the finite-cell target
    ``alpha_ij = 1 - P_ij / (N/(N-1) x_i x_j)`` (largest and sum of the absolute values);
    ``total_all_pairs`` is the unweighted sum over i <= j against ``x_i x_j``, the metric other codes print;
    ``random_total`` is the mean of ``total`` over random arrangements of the same cell.
    """

    largest: float
    total: float
    total_all_pairs: float
    random_total: float
    shells: list[float]
    n_sites: int


class SearchDoc(Document):
    """How the search for an arrangement ended.

    ``cost`` is the weighted objective, ``bound`` the lowest cost that whole pair counts allow (null with an
    electrostatic term). ``certified``: the cost is that of the bound. ``converged``: so, or several rounds from random
    starts ended with the same cost.
    """

    cost: float
    bound: float | None
    steps: int
    certified: bool
    converged: bool


class ConfigurationDoc(Document):
    """One ordered supercell standing for a disordered composition.

    ``structure`` holds all working-ion sites, occupied ones first decided by ``x``; site property
    ``sublattice`` names the sublattice of each site. ``composition`` is the target, ``realised`` what the
    cell holds (element -> fraction of the sublattice as text); ``deviation`` the largest difference.
    """

    key: str
    status: Status = "converged"
    label: str = ""
    structure: Structure | None = None
    n_fu: int = 0
    composition: dict[str, dict[str, str]] = Field(default_factory=dict)
    realised: dict[str, dict[str, str]] = Field(default_factory=dict)
    deviation: float = 0.0
    quality: dict[str, SQSQuality] = Field(default_factory=dict)
    search: SearchDoc | None = None
    method: str = "sqs"
    seed: int = 0


class OrderingDoc(Document):
    """Orderings of the working ion at one x, lowest electrostatic energy first.

    ``occupied`` holds, per ordering, the site indices of the configuration that stay occupied;
    ``energies_eV`` the Ewald energy of the charge-compensated cell, rounded to 1e-6 eV. The last ``n_random`` were
    drawn at random.
    """

    key: str
    status: Status = "converged"
    label: str = ""
    x: float
    n_candidates: int = 0
    exhaustive: bool = True
    anion_oxidation: float = 0.0
    occupied: list[list[int]] = Field(default_factory=list)
    energies_eV: list[float] = Field(default_factory=list)
    n_random: int = 0
