"""What goes over the connection to the process of a device: a head of JSON and an array of numbers, never code."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.engines.protocol import Evaluation
from hebe.exceptions import EngineError, HebeError

if TYPE_CHECKING:
    from collections.abc import Mapping

Numbers = NDArray[np.float64]
Message = tuple[dict[str, Any], Numbers]

_LENGTHS = struct.Struct("!II")
_LARGEST = 1 << 28  # bytes: a million atoms
_CELL = 9
_SCALARS = 2


_BEGUN = "begun"


class GarbledError(HebeError):
    """What came over a connection is no message."""


def pack(head: Mapping[str, Any], numbers: Numbers) -> bytes:
    """Bytes of a message."""
    text, raw = json.dumps(head).encode(), np.ascontiguousarray(numbers, dtype=np.float64).tobytes()
    return _LENGTHS.pack(len(text), len(raw)) + text + raw


class Frames:
    """Cuts what arrives into messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Add bytes; return the messages that are complete now.

        Raises
        ------
        GarbledError
            If they are none.
        """
        self._bytes += data
        found: list[Message] = []
        while len(self._bytes) >= _LENGTHS.size:
            text, raw = _LENGTHS.unpack_from(self._bytes)
            if text > _LARGEST or raw > _LARGEST:
                raise GarbledError(f"a message of {text + raw} bytes")
            begin, middle, end = _LENGTHS.size, _LENGTHS.size + text, _LENGTHS.size + text + raw
            if len(self._bytes) < end:
                break
            try:
                head = json.loads(self._bytes[begin:middle])
                numbers = np.frombuffer(bytes(self._bytes[middle:end]), dtype=np.float64)
            except ValueError as err:
                raise GarbledError(str(err)) from err
            del self._bytes[:end]
            found.append((head, numbers))
        return found


def of_structure(structure: Structure) -> tuple[list[str], Numbers]:
    """Elements, and lattice (A) with fractional coordinates, bit by bit."""
    elements = [site.specie.symbol for site in structure]
    return elements, np.concatenate([structure.lattice.matrix.ravel(), structure.frac_coords.ravel()])


def to_structure(elements: list[str], numbers: Numbers) -> Structure:
    """The cell of `of_structure`, with nothing but elements, lattice and coordinates."""
    return Structure(numbers[:_CELL].reshape(3, 3), elements, numbers[_CELL:].reshape(-1, 3))


def of_begin() -> bytes:
    """Word that the evaluation of a cell begins: from now on it may be what the process dies of."""
    return pack({_BEGUN: True}, np.empty(0))


def is_begin(message: Message) -> bool:
    """Whether a message is that word, and the answer is still to come."""
    return _BEGUN in message[0]


def of_evaluation(found: Evaluation, cpu_s: float) -> bytes:
    """Answer with an evaluation, and the CPU time (s) that it took."""
    moments = np.empty(0) if found.magmoms is None else found.magmoms
    parts = [np.array([found.energy_eV, cpu_s]), found.stress.ravel(), found.forces.ravel(), moments]
    return pack({"moments": found.magmoms is not None}, np.concatenate(parts))


def of_error(err: Exception) -> bytes:
    """Answer that there is no energy, and why."""
    known = isinstance(err, EngineError)
    head = {
        "error": err.reason if isinstance(err, EngineError) else f"{type(err).__name__}: {err}",
        "deterministic": known and getattr(err, "deterministic", False),
    }
    return pack(head, np.empty(0))


def to_evaluation(engine: str, message: Message) -> tuple[Evaluation, float]:
    """The evaluation of an answer, and the CPU time (s) that it took.

    Raises
    ------
    EngineError
        If there is none.
    """
    head, numbers = message
    if "error" in head:
        raise EngineError(engine, head["error"], deterministic=head["deterministic"])
    energy, cpu_s = numbers[:_SCALARS]
    stress = numbers[_SCALARS : _SCALARS + _CELL].reshape(3, 3)
    rest = numbers[_SCALARS + _CELL :]
    atoms = len(rest) // (4 if head["moments"] else 3)
    moments = rest[3 * atoms :].copy() if head["moments"] else None
    return Evaluation(float(energy), rest[: 3 * atoms].reshape(-1, 3).copy(), stress.copy(), moments), float(cpu_s)
