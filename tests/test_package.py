"""What ``import hebe`` shows."""

from __future__ import annotations

import hebe


def test_the_public_names_are_listed_and_lead_somewhere() -> None:
    assert set(hebe.__all__) <= set(dir(hebe))
    for name in hebe.__all__:
        assert getattr(hebe, name) is not None
