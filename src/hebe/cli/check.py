"""``hebe check``: whether the cells that stand for a candidate are large enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.analyses.printing import DASH
from hebe.cli.arguments import Commands, add_json, positive, wants_json
from hebe.cli.output import new_table, write_json, write_table
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


def add_commands(commands: Commands) -> None:
    """Declare ``check``."""
    group = Commands(commands.add("check", show_checks, "checks of what results depend on"))
    parser = group.add(
        "sqs",
        check_sqs,
        "one candidate in cells of several sizes: energy and mixing temperature against size",
        "Runs what is not finished; run again to resume.",
    )
    parser.add_argument("candidate", metavar="ID", help="candidate id")
    parser.add_argument("campaign", metavar="CAMPAIGN", help="campaign file that has the candidate")
    parser.add_argument(
        "--sites", metavar="N", nargs="+", type=positive, default=[12, 24, 48], help="mixed sites (default: 12 24 48)"
    )
    parser.add_argument("--configurations", metavar="N", type=positive, default=2, help="cells per size (default: 2)")
    parser.add_argument("--workers", metavar="N", type=positive, help="worker processes (default: the processors)")
    add_json(parser)


def show_checks(options: argparse.Namespace) -> int:
    """Refuse ``hebe check`` without a word for what.

    Raises
    ------
    BadInputError
        Always.
    """
    del options
    raise BadInputError("hebe check: expected what to check", suggestion="hebe check sqs ID CAMPAIGN")


def check_sqs(options: argparse.Namespace) -> int:
    """Run a candidate in every size and show what depends on it."""
    from hebe.campaigns import api
    from hebe.campaigns.loading import load_campaign
    from hebe.campaigns.place import start_of
    from hebe.campaigns.selection import with_selection
    from hebe.campaigns.size_check import size_campaign
    from hebe.cli.running import exit_code

    campaign, code, rows = load_campaign(options.campaign), 0, []
    campaign = with_selection(campaign, start_of(campaign, None))
    sized = [size_campaign(campaign, options.candidate, n, options.configurations) for n in options.sites]
    for n, one in zip(options.sites, sized, strict=True):
        code = max(code, exit_code(api.run(one, workers=options.workers).as_dict()))
        rows += [_row(n, document) for document in api.results(one).candidates]
    document = {"candidate_id": options.candidate, "campaign": campaign.name, "sizes": rows}
    if wants_json(options):
        write_json(document)
    else:
        _print(rows)
    return code


def _row(sites: int, document: Mapping[str, Any]) -> dict[str, Any]:
    """What one size gave; the enthalpies of all sizes refer to the same competing phases."""
    mixing = document["mixing"]
    return {
        "cations": sites,
        "n_configurations": document["n_configurations"],
        "dH_eV_per_site": mixing["competing"]["dH_eV_per_site"],
        "dH_sd_eV_per_site": mixing["dH_sd_eV_per_site"],
        "T_mix_K": mixing["competing"]["T_mix_K"],
        "T_mix_sd_configurations_K": mixing["T_mix_sd_configurations_K"],
        "warnings": document["warnings"],
    }


def _print(rows: list[dict[str, Any]]) -> None:
    table = new_table(["mixed sites", "cells", "dH / meV per site", "sd", "T_mix / K", "sd"], right=(0, 1, 2, 3, 4, 5))
    for row in rows:
        energies = [_shown(row[name], 1000) for name in ("dH_eV_per_site", "dH_sd_eV_per_site")]
        temperatures = [_shown(row[name]) for name in ("T_mix_K", "T_mix_sd_configurations_K")]
        table.add_row(str(row["cations"]), str(row["n_configurations"]), *energies, *temperatures)
    write_table(table)


def _shown(value: float | None, factor: float = 1.0) -> str:
    return DASH if value is None else f"{factor * value:.1f}"
