"""The pretrained model as the CHGNet package ships it: its file, its hash, the model itself."""

from __future__ import annotations

import hashlib
import importlib.util
import warnings
from functools import cache
from pathlib import Path
from typing import Any, Final

from hebe.exceptions import MissingDependencyError

MODEL: Final = "0.3.0"


@cache
def model_file() -> Path:
    """File of the pretrained weights, found without importing the package.

    Raises
    ------
    MissingDependencyError
        If chgnet is not installed.
    """
    spec = importlib.util.find_spec("chgnet")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError("chgnet", "engine chgnet", "mlip")
    folder = Path(next(iter(spec.submodule_search_locations))) / "pretrained" / MODEL
    return next(folder.glob("*.pth.tar"))


@cache
def model_hash() -> str:
    """First 16 hex digits of the sha256 of the weights file."""
    return hashlib.sha256(model_file().read_bytes()).hexdigest()[:16]


@cache
def load_model() -> Any:
    """The package's own model, on one thread and without gradients of its parameters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from chgnet.model import CHGNet

        torch.set_num_threads(1)
        model = CHGNet.load(model_name=MODEL, use_device="cpu", verbose=False).eval()
    for parameter in model.parameters():
        parameter.requires_grad = False
    return model
