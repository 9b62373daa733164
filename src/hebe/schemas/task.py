"""What the documents of all tasks of an engine have in common: one head, to which each adds its own results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from hebe.schemas.base import Document, ErrorInfo, Status

if TYPE_CHECKING:
    from pymatgen.core import Structure


class Correction(Document):
    """What was done about an error of a running calculation, and why.

    ``settings`` are those that were changed. A correction never changes what a converged result means: one that would
    (a wider smearing) only leads to a start from which the calculation is repeated with the settings asked for.
    """

    problem: str
    action: str
    settings: dict[str, Any] = Field(default_factory=dict)


class TaskDoc(Document):
    """Something that an engine did with a structure.

    ``n_steps`` counts evaluations and ``cpu_s`` processor time of all attempts that ended; ``run_dir`` is the folder
    with the files of engines that write some; ``corrections`` what was done about errors on the way.
    """

    key: str
    engine: str
    energy_scale: str
    settings: dict[str, Any] = Field(default_factory=dict)
    task: str
    status: Status
    label: str = ""
    n_steps: int = 0
    cpu_s: float = 0.0
    versions: dict[str, str] = Field(default_factory=dict)
    job_id: str | None = None
    run_dir: str | None = None
    corrections: list[Correction] = Field(default_factory=list)
    reused_from: str | None = None
    error: ErrorInfo | None = None

    @property
    def reached(self) -> Structure | None:
        """Structure from which another attempt goes on; None where it begins at the start."""
        return None
