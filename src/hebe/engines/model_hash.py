"""What a potential is made of, as a hash: the parameters of its torch modules and the files among its arguments.

Two files of weights under one name are two potentials, one file under two names is one.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any, Final

from hebe.config.engines.fingerprint import fingerprint

_DEPTH: Final = 3
"""How far below the calculator a module is looked for: calculator.potential.model is the deepest in use."""


def hash_files(arguments: Any) -> Any:
    """Copy of nested plain arguments with each path of a file replaced by ``sha256:`` and 16 digits of its content."""
    if isinstance(arguments, dict):
        return {key: hash_files(value) for key, value in arguments.items()}
    if isinstance(arguments, list):
        return [hash_files(value) for value in arguments]
    if isinstance(arguments, str) and _is_file(arguments):
        return f"sha256:{fingerprint(arguments)[:16]}"
    return arguments


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or with a zero byte
        return False


def hash_parameters(calculator: Any) -> str | None:
    """First 16 hex digits of the sha256 of the parameters and buffers of a calculator's torch modules.

    Modules are found among its attributes, and theirs, in lists, tuples and dictionaries. None when there is none.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    modules = list(_modules(calculator, torch.nn.Module, "", _DEPTH, set()))
    if not modules:
        return None
    digest = hashlib.sha256()
    for where, module in sorted(modules, key=lambda found: found[0]):
        for name, tensor in sorted(module.state_dict().items()):
            if isinstance(tensor, torch.Tensor):
                digest.update(f"{where}.{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
                digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


def _modules(value: Any, kind: type, where: str, depth: int, seen: set[int]) -> Any:
    """Modules below a value and where they were found; each once."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, kind):
        yield where, value
    elif depth:
        parts: dict[Any, Any] = {}
        if isinstance(value, dict):
            parts = value
        elif isinstance(value, list | tuple):
            parts = dict(enumerate(value))
        elif hasattr(value, "__dict__") and not isinstance(value, type):
            parts = vars(value)
        for name, part in parts.items():
            yield from _modules(part, kind, f"{where}/{name}", depth - 1, seen)
