"""The pretrained models as the CHGNet package ships them: the file of each, its hash, the model itself."""

from __future__ import annotations

import hashlib
import importlib.util
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.config.engines.chgnet import DEFAULT_MODEL
from hebe.exceptions import MissingDependencyError

if TYPE_CHECKING:
    from hebe.config.engines.chgnet import Model


@cache
def model_file(model: Model = DEFAULT_MODEL) -> Path:
    """File of the pretrained weights, found without importing the package.

    Raises
    ------
    MissingDependencyError
        If chgnet is not installed, or so old that it has no such model.
    """
    spec = importlib.util.find_spec("chgnet")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError("chgnet", "engine chgnet", "mlip")
    folder = Path(next(iter(spec.submodule_search_locations))) / "pretrained" / model
    found = next(folder.glob("*.pth.tar"), None)
    if found is None:
        raise MissingDependencyError(f"a chgnet with the model {model}", "engine chgnet", "mlip")
    return found


@cache
def model_hash(model: Model = DEFAULT_MODEL) -> str:
    """First 16 hex digits of the sha256 of the weights file."""
    return hashlib.sha256(model_file(model).read_bytes()).hexdigest()[:16]


@cache
def load_model(model: Model = DEFAULT_MODEL) -> Any:
    """The package's own model, on one thread and without gradients of its parameters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from chgnet.model import CHGNet

        torch.set_num_threads(1)
        loaded = CHGNet.load(model_name=model, use_device="cpu", verbose=False).eval()
    for parameter in loaded.parameters():
        parameter.requires_grad = False
    return loaded
