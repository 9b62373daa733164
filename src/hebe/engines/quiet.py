"""Keeping what libraries say about their own files to themselves."""

from __future__ import annotations

import contextlib
import logging
import warnings
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOISY: Final = ("abipy", "atomate2", "custodian", "emmet", "pymatgen", "EarlyErrorHandler", "VasprunXMLValidator")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Neither warnings nor log messages; handlers that loggers are given inside are closed at the end."""
    loggers = [logging.getLogger(name) for name in (*_NOISY, "pymatgen.io.abinit")]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level, handlers in before:
            logger.setLevel(level)
            for handler in [h for h in logger.handlers if h not in handlers]:
                logger.removeHandler(handler)
                handler.close()
