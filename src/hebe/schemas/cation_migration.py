"""Migration of cations: energies of those in empty sites of the working ion and swapped with working ions."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.defects import DefectEnergy, DefectKind, DefectStatistics  # noqa: TC001 - pydantic reads it
from hebe.schemas.result import ResultDoc


class MigrationDoc(ResultDoc):
    """Defects of the cations of one configuration.

    ``octahedral_eV``, ``tetrahedral_eV`` and ``antisite_eV`` are the lowest energies of a cation that stayed in an
    empty site of six (or five) or of four anions, and of one swapped with a working ion, at the lowest content ``x``;
    ``lowest_eV`` is the lowest of them, that of a cation ``element`` and of the kind ``kind``.
    """

    defects: list[DefectEnergy] = Field(default_factory=list)
    statistics: list[DefectStatistics] = Field(default_factory=list)
    x: float | None = None
    octahedral_eV: float | None = None
    tetrahedral_eV: float | None = None
    antisite_eV: float | None = None
    lowest_eV: float | None = None
    kind: DefectKind | None = None
    element: str | None = None
