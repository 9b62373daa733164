"""The place of the crystal viewer on a page, with its states and the files that a structure is saved as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.browse.frame import address, link
from hebe.report.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILES = (("cif", "CIF"), ("poscar", "POSCAR"), ("extxyz", "extended XYZ"))


def viewer(states: Sequence[tuple[str, str]], working_ion: str | None) -> Markup:
    """Viewer of one or several structures.

    Parameters
    ----------
    states
        Name of each structure, and the id of its document.
    working_ion
        The ion that moves, drawn in a colour of its own.
    """
    buttons = [
        tag(
            "button",
            name,
            type="button",
            data_cell=address("/structure", {"id": key, "ion": working_ion}),
            data_at=str(at),
            aria_pressed="true" if at == 0 else "false",
        )
        for at, (name, key) in enumerate(states)
    ]
    files = [
        tag("p", f"{name}: ", *_links(key), class_="files note", data_at=str(at), **({} if at == 0 else {"hidden": ""}))
        for at, (name, key) in enumerate(states)
    ]
    return tag(
        "section",
        tag("div", *buttons, class_="states", role="group", aria_label="states"),
        tag("canvas", width="640", height="480", tabindex="0", aria_label="crystal structure, turned with the mouse"),
        tag("p", "", class_="legend note", role="status"),
        *files,
        class_="crystal",
    )


def _links(key: str) -> list[object]:
    links: list[object] = []
    for kind, name in _FILES:
        links += [link(name, address("/structure", {"id": key, "as": kind})), " "]
    return links
