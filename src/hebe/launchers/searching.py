"""A regular expression of a user, searched in time: one that would take for ever is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from hebe.config.reading.wording import shown
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

LONGEST_S: Final = 1
"""Processor time in which all texts must have been searched, in seconds."""

_WAIT: Final = 10
"""How much longer than that it may take where the machine is busy, or does not bound processor time."""

_SEARCH: Final = """
import contextlib, json, re, sys
pattern, flags, texts, seconds = json.load(sys.stdin)
with contextlib.suppress(ImportError):
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
found = re.compile(pattern, flags)
json.dump([found.search(text) is not None for text in texts], sys.stdout)
"""


def search(pattern: re.Pattern[str], texts: Sequence[str], longest_s: int = LONGEST_S) -> list[bool]:
    """In which texts a pattern is found; a process of its own searches, which can be ended.

    Python's expressions backtrack, in a time that can double with each letter (Cox, "Regular expression matching can
    be simple and fast", 2007).

    Raises
    ------
    BadInputError
        If the search takes more processor time than `longest_s`, or fails.
    """
    if not texts:
        return []
    asked = json.dumps([pattern.pattern, pattern.flags, list(texts), longest_s])
    words = [sys.executable, "-I", "-S", "-c", _SEARCH]
    try:
        done = subprocess.run(  # noqa: S603 - fixed program
            words, input=asked, capture_output=True, text=True, timeout=_WAIT * longest_s, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as err:
        reason = f"searching {shown(pattern.pattern)} takes more than {longest_s:g} s"
        raise BadInputError(reason, suggestion="a simpler expression, without a repetition of a repetition") from err
    found: list[bool] = json.loads(done.stdout)
    return found
