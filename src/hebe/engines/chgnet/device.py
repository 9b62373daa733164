"""Where CHGNet computes: on a CUDA device when there is one, else on the CPU."""

from __future__ import annotations

import importlib.util
import sys
from importlib import metadata

from hebe.config.settings import get_settings
from hebe.engines.sharing.line import LINE, Device
from hebe.exceptions import BadInputError

__all__ = ["Device", "choose_device", "cuda_available"]


def choose_device() -> Device:
    """Device that the settings ask for, ``auto`` takes CUDA when there is one; that which workers share where they do.

    Raises
    ------
    BadInputError
        If CUDA is asked for and torch finds none.
    """
    if LINE.kind is not None:
        return LINE.kind
    asked = get_settings().device
    if asked == "cpu":
        return "cpu"
    if cuda_available():
        return "cuda"
    if asked == "cuda":
        raise BadInputError("torch finds no CUDA device", key="device", suggestion="device: auto or cpu")
    return "cpu"


def cuda_available() -> bool:
    """Whether torch can compute on CUDA; torch is not imported where its build rules that out."""
    if importlib.util.find_spec("torch") is None or sys.platform == "darwin":
        return False
    if metadata.version("torch").endswith("+cpu"):
        return False
    import torch

    return bool(torch.cuda.is_available())
