"""Run commands of Hebe as if packages were not installed: ``python absent.py PACKAGE[,PACKAGE] < commands.json``.

Prints one JSON line for each command. Neither an import, nor a look whether there is something to import, nor a
question for the version finds what is absent.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import traceback
from typing import Any


class Without:
    """A finder of Python that does not find some packages."""

    def __init__(self, finder: Any, absent: set[str]) -> None:
        self.finder, self.absent = finder, absent

    def find_spec(self, name: str, *places: Any) -> Any:
        """Where a module is."""
        return None if name.partition(".")[0] in self.absent else self.finder.find_spec(name, *places)

    def find_distributions(self, *wanted: Any) -> Any:
        """Which packages are installed."""
        found = self.finder.find_distributions(*wanted) if hasattr(self.finder, "find_distributions") else ()
        return (one for one in found if (one.metadata["Name"] or "").lower().replace("-", "_") not in self.absent)

    def invalidate_caches(self) -> None:
        """Part of the protocol."""
        getattr(self.finder, "invalidate_caches", lambda: None)()


def answer(command: list[str]) -> dict[str, Any]:
    """Exit code and words of a command."""
    from hebe.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code: int | str = main(command)
        except BaseException:  # noqa: BLE001 - told, whatever it is
            code = traceback.format_exc()
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


if __name__ == "__main__":
    sys.meta_path[:] = [Without(finder, set(sys.argv[1].split(","))) for finder in sys.meta_path]
    for one in json.load(sys.stdin):
        print(json.dumps(answer(one)), flush=True)  # noqa: T201 - a script
