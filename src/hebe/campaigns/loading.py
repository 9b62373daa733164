"""Campaign files: reading one, and checking it against its host family."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.registry import all_quantities, source_of
from hebe.campaigns.asked import with_options
from hebe.campaigns.checks import check_stages, complete_stages
from hebe.campaigns.entries import check_entries
from hebe.config.campaign import Campaign, SublatticeSpec
from hebe.config.family import family_names, load_family
from hebe.config.family_sites import VACANCY
from hebe.config.reading.refusal import bad_key
from hebe.config.reading.wording import KeyPath, RefusedValueError, nearest, shown, suggest
from hebe.config.reading.yamlfile import load_model, parse_yaml, read_bytes
from hebe.exceptions import BadInputError
from hebe.science.crystals.cif_blocks import read_content

if TYPE_CHECKING:
    from hebe.config.engines import EngineBlock
    from hebe.config.family import Family
    from hebe.config.mixing import EntryFile
    from hebe.config.structures import CellFile

_LIKE: Final = "layered-o3"


def load_campaign(path: str | Path) -> Campaign:
    """Campaign of a YAML file, checked against its family.

    Where the family has no working ion and the file names no analyses, the campaign has only ``mixing``. Structures of
    the Materials Project are fetched if the campaign asks for them and the project does not have them yet.

    Raises
    ------
    BadInputError
        If the file cannot be read or used; names file, line, key and the nearest valid name.
    HebeError
        If the Materials Project gives no structures.
    """
    document = parse_yaml(read_bytes(path), file=str(path))
    campaign = load_model(Campaign, document)
    campaign._source = document.source  # noqa: SLF001 - set by this module alone
    campaign = _with_weights(campaign, Path(path).parent)
    campaign = with_host_file(campaign, Path(path).parent)
    if campaign.host.crystal is None and campaign.host.family not in family_names():
        hint = suggest(campaign.host.family, family_names())
        raise bad_key(campaign, ("host", "family"), f"no host family is called {shown(campaign.host.family)}", hint)
    family = campaign.host.data
    _check_ion(campaign, family)
    campaign = _with_empty_sites(_with_vacancy_charges(campaign, family), family)
    _check_sublattices(campaign, family)
    _check_filters(campaign)
    campaign = with_options(campaign)
    campaign = complete_stages(_with_cells(campaign, Path(path).parent))
    check_stages(campaign, family)
    check_entries(campaign)
    _check_rank(campaign, family)
    if campaign.mixing.materials_project:
        from hebe.campaigns.materials_project import with_materials_project
        from hebe.config.settings import project_folder

        campaign = with_materials_project(campaign, project_folder(Path(path).absolute().parent))
    return campaign


def _with_weights(campaign: Campaign, folder: Path) -> Campaign:
    """Campaign whose engines know the files that they read, and what is in them."""
    stages = []
    for number, stage in enumerate(campaign.stages):
        key: KeyPath = ("stages", number)
        engine = _with_files(campaign, stage.engine, folder, (*key, "engine"))
        update: dict[str, Any] = {} if engine is stage.engine else {"engine": engine}
        if stage.calibrate is not None:
            reference = _with_files(campaign, stage.calibrate.engine, folder, (*key, "calibrate", "engine"))
            committee = tuple(
                _with_files(campaign, block, folder, (*key, "calibrate", "committee", at))
                for at, block in enumerate(stage.calibrate.committee)
            )
            update["calibrate"] = stage.calibrate.model_copy(update={"engine": reference, "committee": committee})
        stages.append(stage.model_copy(update=update) if update else stage)
    return campaign.model_copy(update={"stages": tuple(stages)})


def _with_files(campaign: Campaign, engine: EngineBlock, folder: Path, key: KeyPath) -> EngineBlock:
    try:
        return engine.with_files(folder)
    except RefusedValueError as err:
        raise bad_key(campaign, (*key, err.key or ""), str(err), err.suggestion) from err


def with_host_file(campaign: Campaign, folder: Path) -> Campaign:
    """Campaign whose host is the crystal of its file; sublattices that it does not name keep what the file has.

    Raises
    ------
    BadInputError
        If the file cannot be used; names file, line and key.
    """
    host, key = campaign.host, ("host", "file")
    if host.file is None:
        return campaign
    if host.like is not None and host.like not in family_names():
        raise bad_key(
            campaign,
            ("host", "like"),
            f"no host family is called {shown(host.like)}",
            suggest(host.like, family_names()),
        )
    from hebe.science.crystals.crystal import parse_crystal
    from hebe.science.crystals.host_file import coarser_steps, host_of_crystal, own_composition

    text = _text(campaign, host.file, folder, key, crystal=True)
    named = {name: spec.species for name, spec in host.sublattices.items()}
    try:
        crystal = parse_crystal(text)
        found = host_of_crystal(crystal, host.working_ion, named, load_family(host.like or _LIKE))
        own = {name: own_composition(found, name) for name in found.fractions}
    except BadInputError as err:
        raise bad_key(campaign, key, f"{shown(host.file.file)}: {err.reason}", err.suggestion) from err
    fields = {"family": found.family.name, "file": None, "like": None, "crystal": found.family.model_dump(mode="json")}
    read = host.model_copy(update={**fields, "sublattices": {**own, **host.sublattices}})
    usual = None if host.like is None else load_family(host.like).synthesis
    fired_at = campaign.firing_temperature
    if fired_at is None and usual is not None:
        fired_at = usual.temperature
    campaign = campaign.model_copy(update={"host": read, "firing_temperature": fired_at})
    coarser = [remark for name in own if (remark := coarser_steps(found, own[name], name)) is not None]
    said = (*crystal.remarks, *coarser)
    campaign._remarks = tuple(f"{host.file.file}: {remark}" for remark in said)  # noqa: SLF001 - set by this module alone
    return campaign


def _text(campaign: Campaign, cell: CellFile | EntryFile, folder: Path, key: KeyPath, *, crystal: bool = False) -> str:
    """Content of a file, of a `crystal` as it may be written; its path is relative to the folder of the campaign."""
    try:
        if crystal or cell.file.lower().endswith(".cif"):
            return read_content(folder / cell.file)
        return read_bytes(folder / cell.file).decode("utf-8-sig")
    except (BadInputError, UnicodeDecodeError) as err:
        reason = err.reason if isinstance(err, BadInputError) else "it is no text"
        raise bad_key(campaign, key, f"{shown(cell.file)} cannot be used: {reason}") from err


def _check_ion(campaign: Campaign, family: Family) -> None:
    host, ions = campaign.host, family.working_ions
    key: KeyPath = ("host", "working_ion")
    if host.working_ion is None and ions and not family.ion_optional:
        raise bad_key(campaign, key, f"{family.called} needs a working ion", f"one of {', '.join(ions)}")
    if host.working_ion is not None and not ions:
        raise bad_key(campaign, key, f"{family.called} has no working ion, got {host.working_ion}", "remove the key")
    if host.working_ion is not None and host.working_ion not in ions:
        reason = f"{host.working_ion} is no working ion of {family.called}"
        raise bad_key(campaign, key, reason, f"one of {', '.join(ions)}")
    own = [n for n in family.working_shared if host.working_ion in getattr(host.sublattices.get(n), "species", ())]
    if host.working_ion is not None and not family.working_own and not own:
        reason = f"{host.working_ion} is no species of {', '.join(family.working_shared)}, where it would stand"
        raise bad_key(campaign, key, reason, f"add {host.working_ion} to the species, or remove the key")
    if host.x_made is not None and not 0 <= host.x_made <= family.x_full:
        reason = f"expected 0 to {family.x_full} working ions per formula unit, got {shown(str(host.x_made))}"
        raise bad_key(campaign, ("host", "x_made"), reason)
    if host.primary is not None and host.primary not in family.mixed:
        reason = f"{shown(host.primary)} is no sublattice of {family.called} on which species mix"
        raise bad_key(campaign, ("host", "primary"), reason, suggest(host.primary, family.mixed))


def _with_vacancy_charges(campaign: Campaign, family: Family) -> Campaign:
    """Campaign in which empty sites that lack units of other sublattices carry what those leave, also if it says 0."""
    changed = {}
    for name, spec in campaign.host.sublattices.items():
        known = family.sublattices[name].species.get(VACANCY) if name in family.sublattices else None
        if known is not None and known.instead and spec.species.get(VACANCY) == (0,):
            changed[name] = spec.model_copy(update={"species": {**spec.species, VACANCY: known.valences}})
    if not changed:
        return campaign
    sublattices = {**campaign.host.sublattices, **changed}
    return campaign.model_copy(update={"host": campaign.host.model_copy(update={"sublattices": sublattices})})


def _with_empty_sites(campaign: Campaign, family: Family) -> Campaign:
    """Campaign in which sublattices that it does not name are empty, where they may be: interstitial sites."""
    left_out = [name for name in family.mixed if name not in {*campaign.host.sublattices, *family.anions}]
    pools = {name: family.sublattices[name].species for name in left_out}
    empty = [name for name, pool in pools.items() if VACANCY in pool and not pool[VACANCY].instead]
    if not empty:
        return campaign
    spec = SublatticeSpec(species={VACANCY: (0,)}, grid=1)
    sublattices = {**campaign.host.sublattices, **dict.fromkeys(empty, spec)}
    return campaign.model_copy(update={"host": campaign.host.model_copy(update={"sublattices": sublattices})})


def _check_sublattices(campaign: Campaign, family: Family) -> None:
    for name, spec in campaign.host.sublattices.items():
        key: KeyPath = ("host", "sublattices", name)
        if name not in family.sublattices:
            hint = suggest(name, family.mixed, known="species mix on")
            raise bad_key(campaign, key, f"{family.called} has no sublattice {shown(name)}", hint)
        if name not in family.mixed:
            reason = f"species do not mix on {name} of {family.called}: its role is {family.sublattices[name].role}"
            raise bad_key(campaign, key, reason, f"species mix on {', '.join(family.mixed)}")
        for element, valences in spec.species.items():
            _check_species(campaign, family, name, element, valences)
        _check_amounts(campaign, key, spec)
    for name in family.mixed:
        if name not in campaign.host.sublattices:
            reason = f"the sublattice {name} of {family.called} is missing"
            raise bad_key(campaign, ("host", "sublattices"), reason, f"add {name} with its species")


def _check_species(campaign: Campaign, family: Family, name: str, element: str, valences: tuple[int, ...]) -> None:
    key: KeyPath = ("host", "sublattices", name, "species", element)
    pool = family.sublattices[name].species
    if element not in pool:
        near = nearest(element, pool)
        hint = f"{'' if near is None else f'did you mean {near}? '}{name} holds {', '.join(pool)}"
        raise bad_key(campaign, key, f"{element} does not go on {name} of {family.called}", hint)
    known = pool[element].valences
    for valence in valences:
        if valence not in known:
            reason = f"{element} does not take the oxidation state {_charge(valence)} on {name} of {family.called}"
            hint = f"{element} takes {', '.join(map(_charge, known))}"
            raise bad_key(campaign, key, reason, hint)
    steps = {couple.reduced: couple.oxidised for couple in family.ladder if couple.element == element}
    for low, high in itertools.pairwise(valences):
        reached = low
        while reached < high and reached in steps:
            reached = steps[reached]
        if reached != high:
            reason = (
                f"the redox ladder of {family.called} does not say when {element} {_charge(low)} turns {_charge(high)}"
            )
            raise bad_key(campaign, key, reason, "give one oxidation state")


def _charge(valence: int) -> str:
    return f"{valence:+d}" if abs(valence) < 1000 else shown(valence)


def _check_amounts(campaign: Campaign, key: KeyPath, spec: SublatticeSpec) -> None:
    """Refuse bounds that no composition meets: n amounts k/grid within `fraction` must sum to 1."""
    least, most = 1, spec.grid
    if spec.fraction is not None:
        least = max(1, math.ceil(spec.fraction.low * spec.grid))
        most = math.floor(spec.fraction.high * spec.grid)
        if least > most:
            given = shown(f"{spec.fraction.low}..{spec.fraction.high}")
            raise bad_key(
                campaign, (*key, "fraction"), f"no multiple of 1/{spec.grid} above zero lies in {given}", "a finer grid"
            )
    fewest, highest = (1, len(spec.species)) if spec.n_species is None else (spec.n_species.low, spec.n_species.high)
    highest = min(highest, len(spec.species))
    if any(n * least <= spec.grid <= n * most for n in range(fewest, highest + 1)):
        return
    count = f"{fewest}" if fewest == highest else f"{fewest} to {highest}"
    reason = (
        f"{count} species with amounts of {Fraction(least, spec.grid)} to {Fraction(most, spec.grid)} each "
        f"in steps of 1/{spec.grid} never add up to 1"
    )
    at = "n_species" if spec.n_species is not None else "fraction" if spec.fraction is not None else "grid"
    raise bad_key(campaign, (*key, at), reason, "change n_species, fraction or grid")


def _check_filters(campaign: Campaign) -> None:
    filters, sublattices = campaign.filters, campaign.host.sublattices
    if filters.entropy is not None and filters.entropy.sublattice not in (None, *sublattices):
        given = filters.entropy.sublattice
        reason = f"no sublattice is called {shown(given)}"
        raise bad_key(campaign, ("filters", "entropy", "sublattice"), reason, suggest(given, sublattices))
    elements = list(dict.fromkeys(element for spec in sublattices.values() for element in spec.species))
    for name, given_elements in (("include", filters.include or ()), ("exclude", filters.exclude or ())):
        for index, element in enumerate(given_elements):
            if element not in elements:
                key: KeyPath = ("filters", name, index)
                reason = f"{element} is not among the species of the host"
                raise bad_key(campaign, key, reason, f"its species are {', '.join(elements)}")
    for index, element in enumerate(filters.exclude or ()):
        if element in (filters.include or ()):
            raise bad_key(campaign, ("filters", "exclude", index), f"{element} is included and excluded")


def _with_cells(campaign: Campaign, folder: Path) -> Campaign:
    """Campaign with the content of its structure files; their paths are relative to its own folder."""
    spec = campaign.structures

    def read(cell: CellFile, key: KeyPath) -> CellFile:
        return cell.model_copy(update={"text": _text(campaign, cell, folder, key)})

    brought = tuple(read(cell, ("mixing", "phases", i)) for i, cell in enumerate(campaign.mixing.phases))
    entries = tuple(
        file.model_copy(update={"text": _text(campaign, file, folder, ("mixing", "entries", i))})
        for i, file in enumerate(campaign.mixing.entries)
    )
    if brought or entries:
        mixing = campaign.mixing.model_copy(update={"phases": brought, "entries": entries})
        campaign = campaign.model_copy(update={"mixing": mixing})
    files = tuple(read(cell, ("structures", "files", i)) for i, cell in enumerate(spec.files))
    metal = None if spec.metal is None else read(spec.metal, ("structures", "metal"))
    if not files:
        return campaign
    return campaign.model_copy(update={"structures": spec.model_copy(update={"files": files, "metal": metal})})


def _check_rank(campaign: Campaign, family: Family) -> None:
    made = {name for stage in campaign.stages for name in stage.analyses}
    for direction, objectives in (("maximize", campaign.rank.maximize), ("minimize", campaign.rank.minimize)):
        for index, objective in enumerate(objectives):
            key: KeyPath = ("rank", direction, index)
            try:
                needed = source_of(objective)
            except BadInputError as err:
                raise bad_key(campaign, key, err.reason, err.suggestion) from err
            if all_quantities()[objective].of_working_ion and campaign.host.working_ion is None:
                raise bad_key(campaign, key, f"{family.called} has no working ion, so there is no {objective}")
            if needed is not None and needed not in made:
                reason = f"{objective} comes from the analysis {needed}, which no stage makes"
                raise bad_key(campaign, key, reason, f"add {needed} to analyses")
            if objective in objectives[:index]:
                raise bad_key(campaign, key, f"{objective} is listed twice")
