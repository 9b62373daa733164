"""What the methods of a campaign cite: entries of ``citations.yaml``, as text and as BibTeX."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.config.campaign import Campaign

_ALWAYS: Final = ("hebe", "pymatgen", "jobflow", "maggma", "ase", "numpy", "scipy", "spglib")
_LISTED: Final = 3
_ACCENTS: Final = {r"{\o}": "ø", r"{\'e}": "é", r"{\"u}": "ü"}


class Citation(ConfigModel):
    """One thing that is cited: authors as BibTeX wants them, ``checked`` says where the entry was read.

    ``together`` are names of others that are cited with it.
    """

    kind: Literal["article", "software"] = "article"
    authors: str
    title: str
    journal: str | None = None
    volume: int | None = None
    pages: str | None = None
    year: int | None = None
    doi: str | None = None
    url: str | None = None
    checked: str | None = None
    together: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """Authors, journal, volume, first page, year and DOI in one line."""
        names = [_turned(name) for name in self.authors.split(" and ")]
        some = [*names[:1], "et al."] if len(names) > _LISTED or names[-1] == "others" else names
        who = " ".join(some) if "et al." in some else ", ".join(some)
        first = (self.pages or "").partition("--")[0]
        where = " ".join(str(part) for part in (self.journal, self.volume) if part is not None)
        parts = [who, self.title if self.kind == "software" else "", ", ".join(filter(None, (where, first)))]
        text = ", ".join(filter(None, parts))
        text += f" ({self.year})" if self.year is not None else ""
        place = f"doi {self.doi}" if self.doi else self.url
        return _plain(f"{text}, {place}" if place else text)

    def bibtex(self, key: str) -> str:
        """Entry of a BibTeX file."""
        fields = {
            "author": self.authors,
            "title": f"{{{self.title}}}",
            "journal": self.journal,
            "volume": self.volume,
            "pages": self.pages,
            "year": self.year,
            "doi": self.doi,
            "url": self.url,
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value is not None]
        kind = "article" if self.kind == "article" else "misc"
        return "\n".join([f"@{kind}{{{key},", *lines, "}"])


class _Table(ConfigModel):
    """The file."""

    citations: dict[str, Citation]


@cache
def all_citations() -> dict[str, Citation]:
    """Entries by key."""
    return packaged(_Table, "hebe.report", "citations.yaml").citations


def cited_by(campaign: Campaign, scales: Iterable[str] = ()) -> dict[str, Citation]:
    """What a campaign has to cite.

    Parameters
    ----------
    scales
        Energy scales of its calculations.
    """
    known, names = all_citations(), list(_ALWAYS)
    names += ["sqs"] if campaign.structures.method == "sqs" else []
    engines = [str(block.name) for stage in campaign.stages for block in stage.engines]
    for name in (name for name in dict.fromkeys(engines) if name in known):
        names += [name, *known[name].together]
    names += ["mp2020"] if any("MP2020" in scale for scale in scales) else []
    names += ["phonopy"] if campaign.mixing.vibrations is not None else []
    names += ["fronts"] if len((*campaign.rank.maximize, *campaign.rank.minimize)) > 1 else []
    return {name: known[name] for name in dict.fromkeys(names)}


def _turned(name: str) -> str:
    """``Ong, Shyue Ping`` as ``S. P. Ong``."""
    family, comma, given = name.partition(", ")
    if not comma:
        return name
    return f"{' '.join(f'{part[0]}.' for part in re.split(r'[ -]+', given))} {family}"


def _plain(text: str) -> str:
    for code, sign in _ACCENTS.items():
        text = text.replace(code, sign)
    return text.replace("---", " – ").replace("{", "").replace("}", "")
