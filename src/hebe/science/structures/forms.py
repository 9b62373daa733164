"""Other forms of a configuration at equal content: stackings of its slabs, and polymorphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.config.polymorphs import polymorphs
from hebe.config.stackings import stackings
from hebe.science.structures.polymorphs import polymorph, polymorph_spec
from hebe.science.structures.stackings import restack, stacked_spec

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc


def form_names() -> tuple[str, ...]:
    """Names of all stackings and polymorphs."""
    return (*stackings(), *polymorphs())


def formed_spec(spec: MemberSpec, name: str) -> MemberSpec:
    """A member of a host as one of the family of another form.

    Raises
    ------
    BadInputError
        If the host does not have it.
    """
    return polymorph_spec(spec, name) if name in polymorphs() else stacked_spec(spec, name)


def formed(spec: MemberSpec, configuration: ConfigurationDoc, name: str) -> ConfigurationDoc:
    """Configuration of a host in another form, all sites of its working ion occupied; ``absent`` without one.

    Raises
    ------
    BadInputError
        If the host does not have it, or the cell cannot be taken apart.
    """
    make = polymorph if name in polymorphs() else restack
    return make(spec, configuration, name)
