"""``hebe export``: candidates, calculations and structures as files for other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hebe.campaigns.structure_files import STRUCTURE_FORMATS, SUFFIXES
from hebe.cli import archive
from hebe.cli.arguments import add_json, wants_json
from hebe.cli.output import json_text, plain, write_json, write_line
from hebe.config.reading.hiding import printable
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse

    from hebe.campaigns.results import Results
    from hebe.cli.arguments import Commands
    from hebe.config.campaign import Campaign
    from hebe.report.files import Table

FORMATS: Final = (*STRUCTURE_FORMATS, "json", "csv", "parquet", archive.FORMAT)
_CAMPAIGNS: Final = (".yaml", ".yml")


def add_commands(commands: Commands) -> None:
    """Declare ``export``."""
    parser = commands.add(
        "export",
        export,
        "candidates, calculations, structures or a whole campaign as files for other programs",
        "The structure of a candidate is its relaxed configuration of lowest energy as made.",
    )
    parser.add_argument("what", metavar="ID|CAMPAIGN", help="id of a candidate or job, key, or a campaign file")
    parser.add_argument("--format", metavar="F", choices=FORMATS, help=f"{', '.join(FORMATS)} (default: from FILE)")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="file; for structures of a campaign and crates a folder (default: print)"
    )
    archive.add_options(parser)
    add_json(parser, "print what was written as JSON")


def export(options: argparse.Namespace) -> int:
    """Write or print what was asked for."""
    output = None if options.output is None else Path(options.output)
    kind = _format(options.format, output)
    if kind == archive.FORMAT:
        return archive.export_crate(options, table_of)
    _check_target(kind, output, several=_is_campaign(options.what))
    found, campaign = _found(options.what)
    if kind in STRUCTURE_FORMATS:
        from hebe.campaigns.place import start_of

        start = None if campaign is None else start_of(campaign, None)
        written = _write_structures(kind, _documents(found), output, start, several=campaign is not None)
    elif kind == "json":
        written = _write_json(_documents(found), output, several=campaign is not None)
    else:
        written = _write_table(kind, found, output)
    if output is not None and wants_json(options):
        write_json({"format": kind, "output": str(output.absolute()), "documents": written})
    elif output is not None:
        write_line(f"{output} written: {written} documents")
    return 0


def _format(given: str | None, output: Path | None) -> str:
    if given is not None:
        return given
    suffix = "" if output is None else output.suffix.lower()
    kind = SUFFIXES.get(suffix, suffix.removeprefix("."))
    if kind not in FORMATS:
        raise BadInputError("hebe export: the format is not known", suggestion=f"--format {', '.join(FORMATS)}")
    return kind


def _check_target(kind: str, output: Path | None, *, several: bool) -> None:
    """Refuse what cannot be written before anything is read."""
    if output is None:
        if kind == "parquet":
            raise BadInputError("hebe export: parquet is not printed", suggestion="-o FILE.parquet")
        if kind in STRUCTURE_FORMATS and several:
            raise BadInputError("hebe export: structures of a campaign go to a folder", suggestion="-o FOLDER")
        return
    if kind in STRUCTURE_FORMATS and several and output.exists():
        if not output.is_dir():
            raise BadInputError("expected a folder, got a file", file=output)
    else:
        from hebe.report.files import check_target

        check_target(output)


def _is_campaign(what: str) -> bool:
    return Path(what).suffix.lower() in _CAMPAIGNS or Path(what).is_file()


def _found(what: str) -> tuple[list[dict[str, Any]] | Results, Campaign | None]:
    """What is exported, and the campaign if one was named."""
    if not _is_campaign(what):
        from hebe.campaigns import api

        return [api.show(what)], None
    from hebe.campaigns.loading import load_campaign

    campaign = load_campaign(what)
    from hebe.campaigns import api

    found = api.results(campaign)
    if not found:
        raise BadInputError("no candidate of this campaign is finished", file=what, suggestion=f"hebe run {what}")
    return found, campaign


def _documents(found: list[dict[str, Any]] | Results) -> list[dict[str, Any]]:
    return found if isinstance(found, list) else found.candidates


def _write_json(documents: list[dict[str, Any]], output: Path | None, *, several: bool) -> int:
    from hebe.report.files import unwritable

    content = documents if several else documents[0]
    if output is None:
        write_json(content)
        return len(documents)
    try:
        output.write_text(json_text(content) + "\n", encoding="utf-8")
    except OSError as err:
        raise unwritable(output, err) from err
    return len(documents)


def _write_table(kind: str, found: list[dict[str, Any]] | Results, output: Path | None) -> int:
    from hebe.report.files import csv_text, write_documents

    table = table_of(found)
    if output is None:
        import sys

        sys.stdout.write(csv_text(table))
    else:
        write_documents(table, output, f".{kind}")
    return len(found)


def table_of(found: list[dict[str, Any]] | Results) -> Table:
    """Cells of documents, or of the candidates of a campaign: columns that are kept, or rows of their documents."""
    columns = None if isinstance(found, list) else found.table()
    return table_rows(_documents(found)) if columns is None else columns


def table_rows(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Documents whose lists are texts, as cells of a table are; nothing in them steers a terminal."""
    from hebe.campaigns.keys import in_columns

    rows = [in_columns(plain(document)) for document in documents]
    return [{printable(key): _cell(value) for key, value in row.items()} for row in rows]


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value)
    return printable(value) if isinstance(value, str) else value


def _write_structures(
    kind: str, documents: list[dict[str, Any]], output: Path | None, start: Path | None, *, several: bool
) -> int:
    from hebe.campaigns.structure_files import structure_text
    from hebe.report.files import unwritable
    from hebe.report.structures import label_of, structure_of

    found = {label_of(document): structure_of(document, start=start) for document in documents}
    texts = {name: structure_text(structure, kind) for name, structure in found.items()}
    if output is None:
        write_line("\n".join(texts.values()).rstrip("\n"))
        return len(texts)
    try:
        if several:
            output.mkdir(exist_ok=True)
        for name, text in texts.items():
            path = output / f"{name}{STRUCTURE_FORMATS[kind]}" if several else output
            path.write_text(text, encoding="utf-8")
    except OSError as err:
        raise unwritable(output, err) from err
    return len(texts)
