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

LONGEST_S: Final = 10.0
"""Time in which all texts must have been searched, in seconds."""

_SEARCH: Final = """
import json, re, sys
pattern, flags, texts = json.load(sys.stdin)
found = re.compile(pattern, flags)
json.dump([found.search(text) is not None for text in texts], sys.stdout)
"""


def search(pattern: re.Pattern[str], texts: Sequence[str], longest_s: float = LONGEST_S) -> list[bool]:
    """In which texts a pattern is found; a process of its own searches, which can be ended.

    Python's expressions backtrack, in a time that can double with each letter (Cox, "Regular expression matching can
    be simple and fast", 2007).

    Raises
    ------
    BadInputError
        If the search takes longer than `longest_s`.
    """
    if not texts:
        return []
    asked = json.dumps([pattern.pattern, pattern.flags, list(texts)])
    words = [sys.executable, "-I", "-S", "-c", _SEARCH]
    try:
        done = subprocess.run(words, input=asked, capture_output=True, text=True, timeout=longest_s, check=True)  # noqa: S603 - fixed program
    except subprocess.TimeoutExpired as err:
        reason = f"searching {shown(pattern.pattern)} takes more than {longest_s:g} s"
        raise BadInputError(reason, suggestion="a simpler expression, without a repetition of a repetition") from err
    found: list[bool] = json.loads(done.stdout)
    return found
