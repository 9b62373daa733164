"""``hebe run`` and ``hebe status``: computing a campaign, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.cli.arguments import add_campaign, add_json, positive, wants_json
from hebe.cli.output import calibration_cost_text, new_table, write_by_hand, write_json, write_line, write_table
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from hebe.cli.arguments import Commands

_INTERRUPTED = 130


def add_commands(commands: Commands) -> None:
    """Declare ``run`` and ``status``."""
    running = commands.add(
        "run",
        run_campaign,
        "run a campaign to the end; run again to resume",
        "What is finished is not computed again. Exits 1 while a calculation is failed.",
    )
    add_campaign(running)
    running.add_argument("--workers", metavar="N", type=positive, help="jobs at a time (default: the processors)")
    running.add_argument("--launcher", metavar="NAME", help="what runs it (default: that of hebe.yaml, or local)")
    running.add_argument("--inline", action="store_true", help="one after the other in this process, for a debugger")
    running.add_argument("--dry-run", action="store_true", help="only say what would be computed")
    add_json(running)
    state = commands.add(
        "status", print_status, "jobs by status, rate, time left, failures by error class; also while a run goes on"
    )
    add_campaign(state, optional=True)
    add_json(state)


def run_campaign(options: argparse.Namespace) -> int:
    """Run a campaign and print its ranking."""
    from hebe.campaigns.loading import load_campaign

    campaign = load_campaign(options.campaign)
    from hebe.campaigns import api

    if not wants_json(options):
        from hebe.campaigns.place import start_of
        from hebe.campaigns.remarks import remarks
        from hebe.campaigns.selection import with_selection
        from hebe.cli.bar import bar
        from hebe.flows.campaign import campaign_members

        with bar("compositions") as tell:
            campaign = with_selection(campaign, start_of(campaign, None), tell=tell)
        for remark in remarks(campaign, campaign_members(campaign)):
            write_line(remark)
    if options.dry_run:
        return _print_plan(api.plan(campaign), json=wants_json(options))
    summary = api.run(campaign, workers=options.workers, launcher=_launcher(options))
    document = {"campaign": campaign.name, **summary.as_dict()}
    if wants_json(options):
        write_json(document)
        return exit_code(document)
    results = api.results(campaign)
    if results:
        from hebe.cli.ranking import write_results

        write_results(results)
    print_counts(document)
    if results:
        write_line(f"A page with figures: hebe report {options.campaign} -o report.html")
    return exit_code(document)


def _launcher(options: argparse.Namespace) -> str | None:
    if options.inline and options.launcher not in (None, "inline"):
        hint = f"leave out --launcher {options.launcher}"
        raise BadInputError("hebe run: --inline is a launcher, too", suggestion=hint)
    return "inline" if options.inline else options.launcher


def exit_code(document: Mapping[str, Any]) -> int:
    """Code of a run: 1 while a calculation or job is failed, 130 after an interruption."""
    if document["status"] == "interrupted":
        return _INTERRUPTED
    failed = document["calculations"]["failed"] or document["jobs"]["failed"]
    return 1 if failed or document["status"] == "failed" else 0


def _print_plan(plan: Mapping[str, Any], *, json: bool) -> int:
    if json:
        write_json(dict(plan))
        return 0
    table = new_table([f"campaign {plan['campaign']}", "all", "to run"], right=(1, 2))
    table.add_row("candidates", str(plan["candidates"]), "")
    table.add_row("calculations", str(plan["calculations"]), str(plan["calculations_to_run"]))
    table.add_row("jobs", str(plan["jobs"]), str(plan["to_run"]))
    write_table(table)
    hours = plan["cpu_hours_estimate"]
    cost = f"{hours:.1f} CPU hours" if hours >= 2 else f"{60 * hours:.0f} CPU minutes"
    write_line(f"About {cost} ({_basis(plan)}); nothing was started.")
    for calibration in plan.get("calibrations", ()):
        write_line(calibration_cost_text(calibration))
    if plan["not_counted"]:
        write_line(f"Not counted: what {', '.join(plan['not_counted'])} takes, of which nothing was measured here.")
    if plan["undecided_stages"]:
        numbers = ", ".join(str(number + 1) for number in plan["undecided_stages"])
        write_line(f"Not counted: stage {numbers}, whose candidates are known when the stage before has ended.")
    return 0


def _basis(plan: Mapping[str, Any]) -> str:
    """Where the estimate comes from."""
    if not plan["measured_calculations"]:
        return "an estimate: no calculation of this engine was measured here"
    rate, steps = plan["cpu_s_per_atom_step"], plan["steps_per_calculation"]
    return f"{plan['measured_calculations']} calculations here took {rate:.2g} s per atom and step, {steps:.0f} steps"


def print_status(options: argparse.Namespace) -> int:
    """Print how far a campaign, or everything in the store, is."""
    campaign = None
    if options.campaign is not None:
        from hebe.campaigns.loading import load_campaign

        campaign = load_campaign(options.campaign)
    from hebe.campaigns import api

    document = api.status(campaign)
    if wants_json(options):
        write_json(document)
        return 0
    print_counts(document)
    return 0


def print_counts(document: Mapping[str, Any]) -> None:
    """Print the counts of a run or status, and failures grouped by error."""
    name = document.get("campaign") or "all campaigns"
    jobs, calculations = document["jobs"], document["calculations"]
    for campaign, control in (document.get("controls") or {}).items():
        if document.get("campaign") in (None, campaign):
            write_line(f"{campaign} is {control}: hebe resume lets it go on")
    write_line(f"{name}: {document['status']}{_duration(document.get('elapsed_s'))}")
    write_line("  jobs          " + _counts(jobs, ("total", "completed", "failed", "running", "waiting", "reused")))
    write_line("  calculations  " + _counts(calculations, ("computed", "reused", "failed", "stored")))
    write_by_hand(document)
    _write_launches(document)
    if document.get("rate_per_s"):
        write_line(f"  rate          {_rate(document['rate_per_s'])}, about {_time(document['time_left_s'])} left")
    for job in document.get("running") or ():
        write_line(f"  runs          {job['name']} ({job['uuid'][:8]}) since {_time(job['seconds'])}")
    _write_campaigns(document)
    if document["failures"]:
        table = new_table(["failures", "count", "message"], right=(1,))
        for failure in document["failures"]:
            table.add_row(failure["error_class"], str(failure["count"]), failure["message"])
        write_table(table)
        for folder in dict.fromkeys(failure.get("run_dir") for failure in document["failures"]):
            if folder:
                write_line(f"  run folder    {folder}")
        first = next((job for failure in document["failures"] for job in failure["job_ids"]), None)
        if first is not None:
            write_line(f"  hebe show {first} shows the first of them")


def _write_launches(document: Mapping[str, Any]) -> None:
    """Say who runs something, where several do."""
    launches = document.get("launches") or ()
    for one in launches if len(launches) > 1 else ():
        write_line(f"  run           process {one['pid']} on {one['host']} since {_time(one['since_s'])}")


def _write_campaigns(document: Mapping[str, Any]) -> None:
    """Print the counts of every campaign of the project."""
    names = ("total", "completed", "failed", "running", "waiting")
    campaigns = document.get("campaigns") or ()
    if campaigns:
        table = new_table(["campaign", "status", *(f"jobs {name}" for name in names)], right=range(2, 7))
        for one in campaigns:
            table.add_row(one["campaign"], one["status"], *(f"{one['jobs'][name]:,}" for name in names))
        write_table(table)


def _counts(counts: Mapping[str, int], names: tuple[str, ...]) -> str:
    return ", ".join(f"{counts[name]:,} {name}" for name in names if name in counts)


def _rate(per_s: float) -> str:
    """Jobs per unit of time, in a unit that gives a number of at least one."""
    for seconds, unit in ((1, "s"), (60, "min"), (3600, "h")):
        if per_s * seconds >= 1:
            return f"{per_s * seconds:,.1f} jobs/{unit}"
    return f"{per_s * 86400:,.1f} jobs/d"


def _time(seconds: float) -> str:
    """Length of time with one or two units."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172800 else f"{seconds / 86400:.1f} d"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f" after {seconds:.1f} s" if seconds < 100 else f" after {seconds / 60:.1f} min"
