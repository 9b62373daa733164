"""``hebe map mixing``: how well single cations mix into a host of low and a host of high entropy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.cli.arguments import Commands, add_json, positive, wants_json
from hebe.cli.output import new_table, percent, write_json, write_line, write_table
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from hebe.config.campaign import Campaign


def add_commands(commands: Commands) -> None:
    """Declare ``map``."""
    group = Commands(commands.add("map", show_maps, "maps over many cations"))
    parser = group.add(
        "mixing",
        map_mixing,
        "mixing temperature of single cations in hosts of low and high entropy",
        "Runs what is not finished; run again to resume.",
    )
    parser.add_argument("--host", metavar="HOST", default="drx", help="hosts of the map (default: drx)")
    parser.add_argument("--cations", metavar="ION", nargs="+", help="cations such as Mg2+ (default: those of the map)")
    parser.add_argument("--configurations", metavar="N", type=positive, default=1, help="supercells each (default: 1)")
    parser.add_argument("--workers", metavar="N", type=positive, help="worker processes (default: the processors)")
    parser.add_argument("--no-run", action="store_true", help="show what is finished, compute nothing")
    parser.add_argument("--write", metavar="FILE", help="write the campaign of the map to FILE and end")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="folder for the heat maps (SVG)")
    add_json(parser)


def show_maps(options: argparse.Namespace) -> int:
    """Refuse ``hebe map`` without a word for which.

    Raises
    ------
    BadInputError
        Always.
    """
    del options
    raise BadInputError("hebe map: expected what to map", suggestion="hebe map mixing")


def map_mixing(options: argparse.Namespace) -> int:
    """Run a map as far as it is not finished, and show it."""
    from hebe.campaigns.mixing_map import map_campaign
    from hebe.config.mixing_map import load_map
    from hebe.science.chemistry.ions import Ion

    definition = load_map(options.host)
    cations = list(dict.fromkeys(Ion.parse(text) for text in options.cations or definition.probes))
    campaign = map_campaign(definition, cations, configurations=options.configurations)
    if options.write is not None:
        return _write(campaign, Path(options.write))
    from hebe.campaigns import api
    from hebe.cli.running import exit_code
    from hebe.report.compatibility import map_document, map_figure, probability_figure

    code = 0
    if not options.no_run:
        code = exit_code(api.run(campaign, workers=options.workers).as_dict())
    document = map_document(definition, cations, api.results(campaign).candidates)
    if options.output is not None:
        for host in definition.hosts:
            for relative in (False, True):
                name = f"{definition.name}-{host.name}{'-normalised' if relative else ''}.svg"
                _save(Path(options.output), name, map_figure(document, cations, host.name, relative=relative))
            name = f"{definition.name}-{host.name}-forms.svg"
            _save(Path(options.output), name, probability_figure(document, cations, host.name))
    if wants_json(options):
        write_json(document)
    else:
        _print(document)
    return code


def _print(document: Mapping[str, Any]) -> None:
    hosts = [host["host"] for host in document["hosts"]]
    heads = ["cation", *(f"{host}, K" for host in hosts), *(f"{host} / mean" for host in hosts)]
    heads += [*(f"{host} forms, %" for host in hosts), "decomposes to"]
    table = new_table(heads, right=range(1, 1 + 3 * len(hosts)))
    rows: dict[str, dict[str, Any]] = {}
    for row in document["cations"]:
        rows.setdefault(row["cation"], {})[row["host"]] = row
    for cation, held in rows.items():
        last = held[hosts[-1]]
        products = " + ".join(part["formula"] for part in last["decomposition"]) or last["reason"] or ""
        cells = [_temperature(held[host]) for host in hosts]
        relative = [_number(held[host]["T_mix_normalised"]) for host in hosts]
        forms = [percent(held[host]["formation_probability"]) for host in hosts]
        table.add_row(cation, *cells, *relative, *forms, products)
    write_table(table)
    for host in document["hosts"]:
        if host["sd_T_mix_K"] is not None:
            write_line(
                f"{host['host']}: {host['n']} cations, mean {host['mean_T_mix_K']:.0f} K, "
                f"spread {host['sd_T_mix_K']:.0f} K ({100 * host['relative_sd']:.0f} % of the mean)"
            )
        if host["comparison"] is not None:
            first, second = host["comparison"]["groups"]
            write_line(
                f"  {first} above {second} in {100 * host['comparison']['chance_first_is_higher']:.0f} % of all pairs "
                f"(Mann-Whitney, one-sided p = {host['comparison']['p_value']:.2g})"
            )


def _temperature(row: Mapping[str, Any]) -> str:
    if row["T_mix_K"] is None:
        return "–"
    bound = ">=" if row["hull_grade"] in ("C", "D") else ""
    low, high = row["T_mix_low_K"], row["T_mix_high_K"]
    if low is None:
        return f"{bound}{row['T_mix_K']:.0f}"
    end = "never" if high is None else f"{max(0.0, high):.0f}"
    return f"{bound}{row['T_mix_K']:.0f} ({max(0.0, low):.0f} to {end})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _write(campaign: Campaign, path: Path) -> int:
    from hebe.report.files import unwritable

    try:
        path.write_text(campaign_yaml(campaign), encoding="utf-8")
    except OSError as err:
        raise unwritable(path, err) from err
    write_line(f"{path} written: hebe run {path}")
    return 0


def campaign_yaml(campaign: Campaign) -> str:
    """Campaign file of a map."""
    lines = [f"name: {campaign.name}", "host:", f"  family: {campaign.host.family}", "  sublattices:"]
    for name, spec in campaign.host.sublattices.items():
        species = ", ".join(f"{element}: {list(states)}" for element, states in spec.species.items())
        lines += [f"    {name}:", f"      species: {{{species}}}", f"      grid: {spec.grid}"]
    lines += ["select:", "  method: explicit", "  formulas:", *_listed(campaign.select.formulas)]
    cells = campaign.structures
    lines.append(f"structures: {{cations: {cells.cations}, per_candidate: {cells.per_candidate}, seed: {cells.seed}}}")
    lines.append(f"mixing: {{solution: {'true' if campaign.mixing.solution else 'false'}}}")
    lines += ["stages:", f"  - engine: {campaign.stages[0].engine.name}", "    analyses: [mixing]"]
    return "\n".join([*lines, "rank: {minimize: [mixing_temperature]}"]) + "\n"


def _listed(values: Sequence[str]) -> list[str]:
    return [f"    - {value}" for value in values]


def _save(folder: Path, name: str, content: str) -> None:
    from hebe.report.files import check_target, unwritable

    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_target(folder / name)
        (folder / name).write_text(content, encoding="utf-8")
    except OSError as err:
        raise unwritable(folder / name, err) from err
