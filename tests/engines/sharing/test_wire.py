"""Messages to the process of a device: the same bits at the other end, and what is none is refused."""

from __future__ import annotations

import numpy as np
import pytest

from hebe.engines.protocol import Evaluation
from hebe.engines.sharing.wire import (
    Frames,
    GarbledError,
    of_error,
    of_evaluation,
    of_structure,
    pack,
    to_evaluation,
    to_structure,
)
from hebe.exceptions import EngineError
from support.batched_springs import oxide


def test_a_cell_arrives_bit_by_bit_in_whatever_pieces() -> None:
    cell = oxide(1, element="Fe")
    elements, numbers = of_structure(cell)
    raw, frames = 2 * pack({"elements": elements}, numbers), Frames()
    found = [message for k in range(0, len(raw), 7) for message in frames.feed(raw[k : k + 7])]
    assert len(found) == 2
    for head, received in found:
        there = to_structure(head["elements"], received)
        assert np.array_equal(there.lattice.matrix, cell.lattice.matrix)
        assert np.array_equal(there.frac_coords, cell.frac_coords)
        assert there.species == cell.species


@pytest.mark.parametrize("moments", [True, False])
def test_an_evaluation_arrives_bit_by_bit(moments: bool) -> None:  # noqa: FBT001
    draw = np.random.default_rng(3).normal
    sent = Evaluation(draw(), draw(size=(5, 3)), draw(size=(3, 3)), draw(size=5) if moments else None)
    (message,) = Frames().feed(of_evaluation(sent, 0.25))
    found, cpu_s = to_evaluation("springs", message)
    assert (found.energy_eV, cpu_s) == (sent.energy_eV, 0.25)
    assert np.array_equal(found.forces, sent.forces)
    assert np.array_equal(found.stress, sent.stress)
    if sent.magmoms is None:
        assert found.magmoms is None
    else:
        assert found.magmoms is not None
        assert np.array_equal(found.magmoms, sent.magmoms)


@pytest.mark.parametrize(
    ("error", "words", "final"),
    [
        (EngineError("springs", "no spring", deterministic=True), "springs: no spring", True),
        (ValueError("odd"), "springs: ValueError: odd", False),
    ],
)
def test_an_error_is_raised_at_the_other_end(error: Exception, words: str, final: bool) -> None:  # noqa: FBT001
    (message,) = Frames().feed(of_error(error))
    with pytest.raises(EngineError) as caught:
        to_evaluation("springs", message)
    assert str(caught.value) == words
    assert caught.value.deterministic == final


@pytest.mark.parametrize("raw", [b"GET / HTTP/1.1\r\n", b"\0\0\0\2\0\0\0\0no", b"\0\0\0\2\0\0\0\3{}abc"])
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(GarbledError):
        Frames().feed(raw)
