"""What all tests share: one compute thread, no deadlines, skips that a gate may not have.

The profile ``endurance`` of hypothesis (``--hypothesis-profile endurance``) tries twenty times as many examples, other
ones every time.
"""

from __future__ import annotations

import os
import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a script: what tests start inherits it
    signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ.setdefault("OMP_NUM_THREADS", "1")
# modules of the tests are code of the one who runs them; whoever tests trust takes the variable away
os.environ.setdefault("HEBE_TRUST", "support,test_executor_faults,test_launchers")

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Generator

settings.register_profile("hebe", deadline=None, derandomize=True)
settings.register_profile("endurance", deadline=None, max_examples=2000)
settings.load_profile("hebe")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Where everything is installed (HEBE_TEST_CI), a test that is skipped for a missing package has failed."""
    report = yield
    reason = str(call.excinfo.value) if call.excinfo is not None else ""
    if report.skipped and os.environ.get("HEBE_TEST_CI") and "needs the package" in reason:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {reason}"
    return report
