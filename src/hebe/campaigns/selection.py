"""The selection of a campaign, kept in its project: which candidates it has is looked for once.

It stands in ``.hebe/selections/<campaign>.json.zst`` with the key of what decided it. `hebe run` and `hebe submit`
write it, whatever else knows a campaign reads it; a file that is damaged or of another key is looked past.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
import zstandard
from pydantic import ValidationError

from hebe.campaigns.place import has_store, project_root
from hebe.campaigns.prior import with_prior
from hebe.config.settings import STORE_FOLDER
from hebe.flows.campaign import campaign_members, members_of, screened, selection_key
from hebe.schemas.spec import MemberSpec
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.member import composition_of
from hebe.science.chemistry.space import CompositionSpace

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.config.campaign import Campaign
    from hebe.science.chemistry.candidate import Candidate
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.screening import Tell

_FOLDER: Final = "selections"
_MOST_BYTES: Final = 2**31


@dataclass(frozen=True)
class Kept:
    """A selection as it was kept: its key, the size of the space, what each filter left, and the candidates."""

    key: str
    size: int
    by_filter: dict[str, int]
    members: tuple[MemberSpec, ...]


def with_selection(
    campaign: Campaign, start: Path | None, *, writes: bool = False, tell: Tell | None = None
) -> Campaign:
    """Campaign that knows its candidates: those that the project keeps if they are of this content, else found anew.

    One that learns knows what its loop starts from, too.

    Parameters
    ----------
    campaign
        The campaign.
    start
        Folder from which the project is searched.
    writes
        Whether to keep what was found.
    tell
        Is told how far the search is.

    Raises
    ------
    BadInputError
        If there are no candidates; see `hebe.flows.campaign.screened`.
    """
    campaign = with_prior(campaign, start)
    root, key = project_root(start), selection_key(campaign)
    before, known = read_selection(root, campaign), campaign._selected  # noqa: SLF001 - set here alone
    if before is not None and before.key == key:
        return _knowing(campaign, before)
    if known is None or known.key != key:
        kept = _finished(campaign, before, start) if campaign.select.extend and before is not None else []
        result = screened(campaign, kept=kept, tell=tell)
        known = Kept(key, result.size, result.by_filter, tuple(members_of(campaign, result.selected)))
    if writes:
        _write(root, campaign, known)
    return _knowing(campaign, known)


def selected_ids(campaign: Campaign, start: Path | None) -> list[str]:
    """Ids of the candidates of a campaign, in the order of its selection."""
    plain = _read(project_root(start), campaign)
    if plain is not None and plain.get("key") == selection_key(campaign):
        with suppress(KeyError, TypeError):
            return [str(one["candidate_id"]) for one in plain["members"]]
    return [spec.candidate_id for spec in campaign_members(with_selection(campaign, start))]


def selected_candidates(campaign: Campaign, start: Path | None, tell: Tell | None = None) -> list[Candidate]:
    """Candidates of a campaign as the project of a folder keeps them, else found anew."""
    space = CompositionSpace.from_campaign(campaign)
    members = campaign_members(with_selection(campaign, start, tell=tell))
    found = []
    for spec in members:
        one = composition_of(spec)
        row = space.row(one)  # with elements in the order of the file, where it has one
        one = one if row is None else space.composition(row)
        candidate = make_candidate(space.with_content(one.x_own), one, spec.primary)
        if candidate is not None:
            found.append(candidate)
    return found


def _knowing(campaign: Campaign, found: Kept) -> Campaign:
    copy = campaign.model_copy()
    copy._selected = found  # noqa: SLF001 - set here alone
    return copy


def _file(root: Path, campaign: Campaign) -> Path:
    return root / STORE_FOLDER / _FOLDER / f"{campaign.name}.json.zst"


def read_selection(root: Path, campaign: Campaign) -> Kept | None:
    """Selection that a project keeps of a campaign of that name, of whatever content; None if it has none."""
    try:
        plain = _read(root, campaign) or {}
        brought = campaign.host.brought
        specs = (MemberSpec.model_validate(one) for one in plain["members"])
        members = tuple(spec if brought is None else spec.model_copy(update={"host": brought}) for spec in specs)
        return Kept(str(plain["key"]), int(plain["size"]), dict(plain["by_filter"]), members)
    except (ValidationError, KeyError, TypeError, ValueError):
        return None


def _read(root: Path, campaign: Campaign) -> dict[str, Any] | None:
    """What the file of a selection holds; None where there is none, or it is damaged."""
    try:
        raw = zstandard.ZstdDecompressor().decompress(_file(root, campaign).read_bytes(), max_output_size=_MOST_BYTES)
        plain = orjson.loads(raw)
    except (OSError, zstandard.ZstdError, orjson.JSONDecodeError):
        return None
    return plain if isinstance(plain, dict) else None


def _write(root: Path, campaign: Campaign, found: Kept) -> None:
    """Keep a selection; a reader sees the old file or the new one."""
    file = _file(root, campaign)
    members = [spec.model_dump(mode="json", exclude={"host"}) for spec in found.members]
    plain = {"key": found.key, "size": found.size, "by_filter": found.by_filter, "members": members}
    content = zstandard.ZstdCompressor(write_checksum=True).compress(orjson.dumps(plain))
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(file)


def _finished(campaign: Campaign, before: Kept, start: Path | None) -> list[HostComposition]:
    """Compositions of an earlier selection that have results in the project."""
    done = has_results(campaign, start)
    return [composition_of(spec) for spec in before.members if spec.candidate_id in done]


def has_results(campaign: Campaign, start: Path | None) -> set[str]:
    """Ids of the candidates of a campaign that have results in the project of a folder."""
    if not has_store(start):
        return set()
    from hebe.campaigns.results import update_candidates
    from hebe.stores.factory import open_store

    store = open_store(project_root(start))
    try:
        return set(update_candidates(store, campaign.name))
    finally:
        store.close()
