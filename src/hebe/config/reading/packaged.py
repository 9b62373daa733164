"""Data files of this package, read as models."""

from __future__ import annotations

from importlib import resources
from typing import TypeVar

from hebe.config.model import ConfigModel
from hebe.config.reading.yamlfile import Document, load_model, parse_yaml

ModelT = TypeVar("ModelT", bound=ConfigModel)


def packaged(model: type[ModelT], package: str, name: str) -> ModelT:
    """A YAML file of a package, as a model.

    Raises
    ------
    hebe.exceptions.BadInputError
        If it is not what the model asks for.
    """
    return load_model(model, _read(package, name))


def packaged_rules(model: type[ModelT], package: str, name: str) -> dict[str, ModelT]:
    """A YAML file of a package that holds a model under each name.

    Raises
    ------
    hebe.exceptions.BadInputError
        If one is not what the model asks for.
    """
    document = _read(package, name)
    return {str(key): load_model(model, Document(dict(rule), document.source)) for key, rule in document.data.items()}


def _read(package: str, name: str) -> Document:
    return parse_yaml((resources.files(package) / name).read_bytes(), file=name)
