"""Comparison descriptors of one candidate: from its ordered tiles, and from pairs of its ions."""

from __future__ import annotations

from hebe.schemas.result import ResultDoc


class FormabilityDoc(ResultDoc):
    """Descriptors of one candidate, and what they were made of.

    ``n_tiles`` distinct tiles there are; ``n_tiles_used`` have an energy and are the host; ``tile_arrangements`` are
    counted, by degeneracy or, where ``tiles_sampled``, by draws. ``tile_spread_eV_per_atom`` is the standard deviation
    of their energies, ``tile_hull_distance_eV_per_atom`` their mean distance from the competing phases.
    ``n_pairs`` members of the host lie behind the pairwise values. Enthalpies are per mixed site of the primary
    sublattice. The ``*_reason`` say why values are null.
    """

    engine: str | None = None
    energy_scale: str | None = None
    n_tiles: int | None = None
    n_tiles_used: int = 0
    tile_arrangements: int = 0
    tiles_sampled: bool = False
    tile_spread_eV_per_atom: float | None = None
    tile_hull_distance_eV_per_atom: float | None = None
    entropy_forming_ability_atom_per_eV: float | None = None
    deed_atom_per_eV: float | None = None
    tiles_reason: str | None = None
    deed_reason: str | None = None
    n_pairs: int = 0
    pairwise_mixing_enthalpy_eV_per_site: float | None = None
    pairwise_reason: str | None = None
    relative_formation_eV_per_site: float | None = None
    relative_formation_spread_eV_per_site: float | None = None
    relative_formation_reason: str | None = None
