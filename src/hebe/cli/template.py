"""The campaign file that ``hebe init`` writes; its species come from the family."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from hebe.config.family import Family

_FAVOURITES: Final[tuple[str, ...]] = ("Ni", "Fe", "Mn", "Ti", "Cu", "Mg", "Co", "Zn", "Al", "Cr")
_N_SPECIES: Final = 5
_POOL: Final = 6
_NEARLY: Final = 0.25

Pool = dict[str, tuple[int, ...]]
"""Element -> oxidation states."""

_HEAD: Final = """\
# A campaign of Hebe: what to mix, what to keep, what to compute. Try it:
#   hebe space {file}      counts the compositions and what a run would cost
#   hebe run {file}        computes the selected ones; run again to resume
#   hebe results {file}    ranked candidates; hebe report {file} makes a page
name: {name}
host:
  family: {family}             # {title}
"""
_ION: Final = """\
  working_ion: {ion}               # {ions}
"""
_OPTIONAL: Final = """\
  working_ion: {ion}               # may be left out; x below is a fraction of what is made
"""
_GIVEN: Final = """\
    {sublattice}:
      # hebe families show {family} lists all species of the family
      species: {species}
"""
_SUBLATTICE: Final = """\
    {sublattice}:
      # oxidation states that each element may take when the material is made;
      # hebe families show {family} lists all species of the family
      species: {{{species}}}
      n_species: {low}..{high}          # distinct elements that share the sublattice
      grid: 12                 # amounts are multiples of 1/12 of its sites
      fraction: 1/12..{most}      # least and largest share of an element
"""
_ANIONS: Final = """\
    {sublattice}:
      species: {{{first}}}     # may be mixed: {species}
"""
_CHOICE: Final = """\
filters:
  size_mismatch: {max: 10 %}   # of the radii
  redox_compatible: true       # no species that would oxidise another
select: {method: diverse, n: 6, seed: 7}          # or: all, random, explicit with formulas
structures: {method: sqs, cations: 12, per_candidate: 2, seed: 7}   # supercells per candidate
"""
_REDOX: Final = "  redox_compatible: true       # no species that would oxidise another\n"
_ENTROPY: Final = """                       # applied in this order
  entropy: {min: 1.5 R, convention: mixed-site}   # per mixed site; R is the gas constant"""
_FIRING: Final = """\
firing_temperature: {temperature}   # does a candidate form there? Usual for the family, in {atmosphere}
"""
_ELECTRODE: Final = """\
stages:
  - engine: chgnet             # or {ase: package.module:factory, energy_scale: NAME}
    x: [{contents}]           # working-ion contents, fractions of {full}
    window: {window}             # what is ranked: the empty host is often unphysical
    orderings: {keep: 2}       # arrangements of the working ion relaxed per content
    analyses: [voltage, volume_strain, mixing]
rank: {maximize: [average_voltage], minimize: [max_volume_strain, mixing_temperature]}
"""
_ELECTROLYTE: Final = """\
stages:
  - engine: chgnet             # or {ase: package.module:factory, energy_scale: NAME}
    analyses:                  # no voltage: the ions of an electrolyte keep their charge
      - electrochemical_window
      - interface_reactions: {electrodes: [{electrode}]}   # more by name, or by formula
      - bottlenecks
      - mixing
rank: {maximize: [electrochemical_window, interface_reaction_energy], minimize: [mixing_temperature]}
"""
_MIXING: Final = """\
stages:
  - engine: chgnet             # or {ase: package.module:factory, energy_scale: NAME}
    analyses: [mixing]         # without a working ion there is no voltage
rank: {minimize: [mixing_temperature]}
"""


def campaign_text(family: Family, ion: str | None, name: str, file: str = "campaign.yaml") -> str:
    """Text of a campaign file for a family.

    Parameters
    ----------
    ion
        Working ion; the first of the family's if not given.

    Raises
    ------
    BadInputError
        If the family has no such working ion.
    """
    if ion is not None and ion not in family.working_ions:
        known = f"one of {', '.join(family.working_ions)}" if family.working_ions else "leave --ion away"
        raise BadInputError(f"{ion!r} is no working ion of {family.name}", key="--ion", suggestion=known)
    text = _HEAD.format(file=file, name=name, family=family.name, title=family.title)
    electrode = bool(family.working_ions)
    if electrode:
        line = _OPTIONAL if family.ion_optional else _ION
        text += line.format(ion=ion or family.working_ions[0], ions=" or ".join(family.working_ions))
    text += "  sublattices:\n"
    need = _mean_charge(family)
    pools = {sublattice: _pool(family, sublattice, need) for sublattice in family.mixed if not family.example}
    for sublattice in family.mixed:
        anions = sublattice in family.anions
        if sublattice in family.example:
            text += _example(family, sublattice)
        else:
            text += _anions(family, sublattice) if anions else _sublattice(family, sublattice, pools[sublattice])
    return text + _choice(family, pools) + _firing(family) + _stages(family, ion)


def _firing(family: Family) -> str:
    """Firing temperature of the family."""
    from hebe.config.reading.units import celsius

    usual = family.synthesis
    return "" if usual is None else _FIRING.format(temperature=celsius(usual.temperature), atmosphere=usual.atmosphere)


def _stages(family: Family, ion: str | None) -> str:
    """Stage that the role of a family asks for."""
    from hebe.science.hulls.electrodes import usual_electrode

    if not family.working_ions:
        return _MIXING
    usual = usual_electrode(ion or family.working_ions[0])
    if family.role == "electrolyte" and usual is not None:
        return _ELECTROLYTE.replace("{electrode}", usual)
    return _electrode(family)


def _electrode(family: Family) -> str:
    """Stage of an electrode: thirds of the full host, or single ions where a formula unit has several."""
    full, steps = int(family.x_full), int(family.x_full) if family.x_full > 2 else 3
    contents = [Fraction(n, steps) for n in range(steps, 0, -1)]
    made = family.x_made / family.x_full if full > 2 else contents[0]
    text = _ELECTRODE.replace("{contents}", ", ".join(map(str, contents)))
    what = "what is made" if family.working_shared else "the full host"
    return text.replace("{full}", what).replace("{window}", f"{made}..{contents[-1]}")


def _choice(family: Family, pools: dict[str, Pool]) -> str:
    """Filters and selection; the entropy of five elements only where there are as many."""
    text = _CHOICE
    if pools and max(map(len, pools.values())) >= _N_SPECIES:
        text = text.replace("filters:", f"filters:{_ENTROPY}", 1)
    wider = [given.size_mismatch for given in family.example.values() if given.size_mismatch is not None]
    if family.working_shared or wider:
        text = text.replace("max: 10 %", f"max: {100 * max(wider, default=0.2):g} %")  # lithium beside metals
    return text if family.ladder else text.replace(_REDOX, "")


def _example(family: Family, name: str) -> str:
    """Sublattice as the example of the family has it."""
    given = family.example[name]
    metal = not family.charged
    listed = [element if metal else f"{element}: {list(states)}" for element, states in given.species.items()]
    species = f"[{', '.join(listed)}]" if metal else f"{{{', '.join(listed)}}}"
    text = _GIVEN.format(sublattice=name, family=family.name, species=species)
    if given.n_species is not None:
        text += f"      n_species: {given.n_species}          # distinct elements that share the sublattice\n"
    text += f"      grid: {given.grid}                 # amounts are multiples of 1/{given.grid} of its sites\n"
    if given.fraction is not None:
        text += f"      fraction: {given.fraction}      # least and largest share of an element\n"
    return text


def _mean_charge(family: Family) -> float:
    """Charge that a site of a mixed sublattice must carry on average for the host to be neutral."""
    charge = float(family.x_made) if family.working_ions else 0.0
    for sub in family.sublattices.values():
        if sub.group is not None:
            charge += sub.multiplicity * family.groups[sub.group].charge
        elif sub.role in ("anion", "fixed"):
            charge += sub.multiplicity * next(data.valences[0] for data in sub.species.values())
    sites = sum(family.sublattices[name].multiplicity for name in family.mixed_cations)
    return -charge / sites


def _sublattice(family: Family, name: str, pool: Pool) -> str:
    species = ", ".join(f"{element}: {list(states)}" for element, states in pool.items())
    return _SUBLATTICE.format(
        sublattice=name,
        family=family.name,
        species=species,
        low=min(_N_SPECIES, len(pool)),
        high=min(_POOL, len(pool)),
        most="1/2" if len(pool) > 1 else "1",
    )


def _anions(family: Family, name: str) -> str:
    """Sublattice of the anions with the first of them, which makes the host neutral with the pool of cations."""
    species = [f"{e}: {list(data.valences)}" for e, data in family.sublattices[name].species.items()]
    return _ANIONS.format(sublattice=name, first=species[0], species=", ".join(species))


def _pool(family: Family, name: str, need: float) -> Pool:
    """Six elements whose states stand together on the redox ladder and can carry `need` per site.

    Couples below a level of the ladder are oxidised, those above are reduced, the one at the level may be either.
    The lowest level is taken at which equal shares carry nearly `need`.
    """
    sub = family.sublattices[name]
    known = [element for element in _FAVOURITES if element in sub.species]
    known += [element for element in sub.species if element not in known]
    pools = []
    for level in range(family.couples_before_anions + 1):
        states = {element: _states(family, element, sub.species[element].valences, level, need) for element in known}
        pools.append(_balanced(states, need))
    return min(pools, key=lambda pool: max(_NEARLY, abs(_mean(pool) - need)))


def _states(family: Family, element: str, valences: tuple[int, ...], level: int, need: float) -> tuple[int, ...]:
    """Oxidation states of an element when the ladder is filled up to `level`."""
    if not any(couple.element == element for couple in family.ladder):
        return (min(valences, key=lambda valence: abs(valence - need)),)
    state = min(valences)
    for position, couple in enumerate(family.ladder[: level + 1]):
        if couple.element == element and couple.reduced == state and couple.oxidised in valences:
            if position == level:
                return (state, couple.oxidised)
            state = couple.oxidised
    return (state,)


def _balanced(states: Pool, need: float) -> Pool:
    """First six elements; where all lie on one side of `need`, those that can have just that charge."""
    pool = dict(list(states.items())[:_POOL])
    if min(map(min, pool.values())) < need < max(map(max, pool.values())):
        return pool
    exact = {element: given for element, given in states.items() if need in given}
    return dict(list(exact.items())[:_POOL]) if len(exact) >= _N_SPECIES else pool


def _mean(pool: Pool) -> float:
    return sum(sum(states) / len(states) for states in pool.values()) / len(pool)
