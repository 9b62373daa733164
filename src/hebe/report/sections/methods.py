"""How it was computed, as a paragraph for an article, with what it cites as text and as BibTeX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hebe
from hebe.report.citations import all_citations, cited_by
from hebe.report.conventions import window_text
from hebe.report.markup import Markup, details, tag
from hebe.report.sections.section import Section
from hebe.report.versions import package_versions
from hebe.science.choosing.sample import MIDDLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hebe.config.campaign import Campaign
    from hebe.config.engines.base import EngineBlock
    from hebe.report.citations import Citation
    from hebe.report.data import Page


def methods_text(page: Page) -> str:
    """The paragraph; numbers in brackets are those of `references`."""
    campaign, cited = page.campaign, cited_by(page.campaign, _scales(page))
    number = {name: at for at, name in enumerate(cited, start=1)}
    sentences = [
        f"Candidates were screened with Hebe {hebe.__version__} [{number['hebe']}].",
        _space(page),
        _cells(campaign, number),
        *(_stage(campaign, at, number) for at in range(len(campaign.stages))),
        _energies(page, number),
        _properties(page, number),
        _packages(number),
    ]
    return " ".join(filter(None, sentences))


def _packages(number: Mapping[str, int]) -> str:
    return (
        f"Workflows were built with jobflow [{number['jobflow']}] and stored with maggma [{number['maggma']}]; "
        f"structures were handled with pymatgen [{number['pymatgen']}], ASE [{number['ase']}] and spglib "
        f"[{number['spglib']}], numbers with NumPy [{number['numpy']}] and SciPy [{number['scipy']}]."
    )


def _space(page: Page) -> str:
    campaign, family = page.campaign, page.campaign.host.data
    text = f"The host is {family.title} ({family.citation})."
    funnel = page.funnel
    if funnel is None:
        return text
    filters = ", ".join(name.replace("_", " ") for name in funnel.by_filter)
    left = min(funnel.by_filter.values(), default=funnel.size)
    kept = f", of which {left:,} passed the filters ({filters})" if filters else ""
    how = f"{campaign.select.method} selection"
    return (
        f"{text} There are {funnel.size:,} charge-neutral compositions{kept}; {funnel.selected:,} were taken by {how}."
    )


def _cells(campaign: Campaign, number: Mapping[str, int]) -> str:
    cells = campaign.structures
    if cells.method == "explicit":
        return "The ordered cells were given."
    cited = f" [{number['sqs']}]" if "sqs" in number else ""
    what = {"sqs": "special quasirandom structures"}.get(cells.method, f"cells of the method {cells.method}")
    number_of = f"{cells.per_candidate} {what}{cited} per composition with {cells.cations} mixed sites"
    return f"Disorder is represented by {number_of}."


def _stage(campaign: Campaign, at: int, number: Mapping[str, int]) -> str:
    stage = campaign.stages[at]
    if stage.calibrate is not None:
        engines = " and ".join(_engine(campaign, block, number) for block in stage.calibrate.engines)
        return f"Its errors on mixing enthalpies were calibrated with small cells that were computed with {engines}."
    task = {"relax": "Cells were relaxed", "relax-ions": "Positions were relaxed", "static": "Energies were computed"}
    start = task[stage.task] if at == 0 else f"In stage {at + 1} {task[stage.task][:1].lower()}{task[stage.task][1:]}"
    last = "" if stage.task == "static" else f" until the largest force was below {stage.engine.fmax:g} eV/Å"
    return f"{start} with {_engine(campaign, stage.engine, number)}{last}."


def _engine(campaign: Campaign, block: EngineBlock, number: Mapping[str, int]) -> str:
    """Name of an engine with its versions, its preset and its reference."""
    packages = package_versions(campaign)
    versions = [f"{name} {packages[name]}" for name in block.traits.packages if name in packages]
    name = str(block.name)
    keys = (name, *all_citations()[name].together) if name in all_citations() else (name,)
    cited = ", ".join(str(number[key]) for key in keys if key in number)
    preset = getattr(block, "preset", None)
    parts = [f" ({', '.join(versions)})" if versions else "", f", preset {preset}" if preset else ""]
    return f"{block.title}{''.join(parts)}{f' [{cited}]' if cited else ''}"


def _scales(page: Page) -> list[str]:
    return sorted({candidate.energy_scale for candidate in page.candidates})


def _energies(page: Page, number: Mapping[str, int]) -> str:
    cited = f" [{number['mp2020']}]" if "mp2020" in number else ""
    vibrating = f" Harmonic vibrations were computed with phonopy [{number['phonopy']}]." if "phonopy" in number else ""
    return f"Energies are on the scale {', '.join(_scales(page))}{cited}.{vibrating}"


def _properties(page: Page, number: Mapping[str, int]) -> str:
    campaign = page.campaign
    asked = dict.fromkeys(name for stage in campaign.stages for name in stage.analyses)
    parts = []
    if "voltage" in asked and campaign.host.working_ion is not None:
        parts.append(
            f"Average voltages are taken against {campaign.host.working_ion} metal of the same engine"
            f"{window_text(campaign)}."
        )
    if "mixing" in asked:
        parts.append(
            "Mixing temperatures follow from the free-energy hull of competing phases with ideal entropies of mixing."
        )
    if page.ranked_by:
        cited = f" [{number['fronts']}]" if "fronts" in number else ""
        parts.append(
            f"Candidates are ranked by non-dominated fronts{cited}; the ranking is repeated over draws of the known "
            f"errors, and intervals hold the middle {MIDDLE} of them."
        )
    return " ".join(parts)


def bibtex(cited: Mapping[str, Citation]) -> str:
    """All entries as one BibTeX file."""
    return "\n\n".join(one.bibtex(name) for name, one in cited.items())


def _sources(campaign: Campaign) -> list[str]:
    """Sources of the data of the family beside its own citation."""
    family = campaign.host.data
    lattices = [f"lattice with {ion}: {given.source}" for ion, given in family.lattice.items()]
    usual = family.synthesis
    return [*lattices, *([] if usual is None else [f"firing: {usual.source}"])]


def _render(page: Page) -> Iterable[Markup]:
    cited = cited_by(page.campaign, _scales(page))
    yield tag("p", methods_text(page))
    yield tag("ol", *(tag("li", one.short) for one in cited.values()), class_="references")
    sources = _sources(page.campaign)
    if sources:
        yield tag("p", f"Data of the host: {'; '.join(sources)}.", class_="note")
    yield details("BibTeX", tag("pre", bibtex(cited)))


SECTION = Section(title="Methods", render=_render)
