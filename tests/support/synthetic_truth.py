"""Campaigns with known true energies: six sodium layer oxides, an engine with errors, small cells that calibrate it.

Sizes of the errors are those of CHGNet against DFT (docs/science.md, "Uncertainties"): an equimolar pair of ions is off
by 16 meV/atom about a mean of -11, together 19; competing phases by 5 meV/atom. They stay here: what judges the
candidates sees energies, and documented errors that are fitted to other cells of the same engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from hebe.science.chemistry.ions import Ion
from hebe.science.constants import BOLTZMANN
from hebe.science.errors.calibration import calibrated
from hebe.science.errors.entry_errors import EntryErrors
from hebe.science.errors.mixing_cells import pair_terms, second_difference
from hebe.science.errors.pair_fit import Difference, fit_pairs
from hebe.science.errors.small_cells import SmallCell, choose_cells
from hebe.science.hulls.hull import PhaseEntry
from hebe.science.mixing.competition import Competition, HostEntry
from hebe.science.mixing.formation import Judgement, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hebe.science.errors.entry_errors import Vector

Kind = Literal["right", "triplets", "tails"]

FIRING: Final = 1173.0
ATOMS: Final = 4
PAIR_SD: Final = 0.016 * ATOMS * 4
"""``w`` of which an equimolar pair, ``w / 4``, is off by 16 meV/atom (eV per mixed site)."""
BIAS: Final = -0.011 * ATOMS * 4
REMAINDER: Final = 0.002 * ATOMS
PHASE_SD: Final = 0.005
INDEPENDENT: Final = 0.019 * ATOMS
"""Error of each candidate, were they independent (eV per mixed site)."""
TRIPLET_SD: Final = 1.0
"""Of a term ``t x_i x_j x_k`` (eV per mixed site): 9 meV/atom at a third each."""
DOCUMENTED: Final = ("Al3+", "Co3+", "Cr3+", "Ga3+", "V3+")
"""Ions of the 30 cells that the documented errors are fitted to, every two at a quarter, half and three quarters."""
N_PHASES: Final = 12
N_SMALL: Final = 10

TWO, THREE, FOUR = ("Ni2+", "Cu2+", "Mg2+"), ("Fe3+", "Mn3+"), ("Mn4+", "Ti4+")
DEMO: Final = (
    {"Fe3+": 5, "Mn3+": 1, "Mn4+": 2, "Cu2+": 1, "Mg2+": 1, "Ni2+": 1, "Ti4+": 1},
    {"Ti4+": 4, "Ni2+": 3, "Cu2+": 2, "Fe3+": 2, "Mn4+": 1},
    {"Ti4+": 4, "Fe3+": 3, "Cu2+": 2, "Mg2+": 2, "Mn3+": 1},
    {"Mn3+": 4, "Mn4+": 1, "Fe3+": 2, "Ti4+": 2, "Cu2+": 1, "Mg2+": 1, "Ni2+": 1},
    {"Ti4+": 4, "Mn3+": 2, "Mn4+": 1, "Mg2+": 2, "Ni2+": 2, "Cu2+": 1},
    {"Cu2+": 3, "Mn3+": 2, "Mn4+": 1, "Ti4+": 3, "Fe3+": 2, "Ni2+": 1},
)
"""Twelfths of the six candidates of the demo (README.md) with the oxidation states that make them neutral."""
PHASES: Final = {
    "NiO": {"Ni": 1, "O": 1},
    "CuO": {"Cu": 1, "O": 1},
    "MgO": {"Mg": 1, "O": 1},
    "Na2TiO3": {"Na": 2, "Ti": 1, "O": 3},
    "Na2MnO3": {"Na": 2, "Mn": 1, "O": 3},
    "beta-NaFeO2": {"Na": 1, "Fe": 1, "O": 2},
    "zigzag-NaMnO2": {"Na": 1, "Mn": 1, "O": 2},
}

Ions = dict[str, Fraction]


def label(ions: Mapping[str, Fraction]) -> str:
    """Name of a composition."""
    return " ".join(f"{ion}{n}" for ion, n in sorted(ions.items()))


def candidates() -> list[Ions]:
    """The six of the demo."""
    return [{ion: Fraction(n, 12) for ion, n in parts.items()} for parts in DEMO]


def half(one: str, other: str) -> Ions:
    """Half and half."""
    return {one: Fraction(1, 2), other: Fraction(1, 2)}


def corners() -> list[Ions]:
    """Members with the fewest species: of one trivalent ion, and of a divalent with a tetravalent one."""
    return [{three: Fraction(1)} for three in THREE] + [half(two, four) for two in TWO for four in FOUR]


def small_members() -> list[tuple[Ions, list[tuple[Fraction, Ions]]]]:
    """Members of two to four formula units, with the corners that they balance against."""
    found = [(half(*THREE), [(Fraction(1, 2), {three: Fraction(1)}) for three in THREE])]
    for two in combinations(TWO, 2):
        found += [(_blend([half(a, four) for a in two]), _evenly([half(a, four) for a in two])) for four in FOUR]
    for a in TWO:
        found.append((_blend([half(a, four) for four in FOUR]), _evenly([half(a, four) for four in FOUR])))
    third = Fraction(1, 3)
    for a in TWO:
        for four in FOUR:
            for three in THREE:
                parts = [(third, {three: Fraction(1)}), (2 * third, half(a, four))]
                found.append(({a: third, three: third, four: third}, parts))
    return found


def _evenly(parts: Sequence[Ions]) -> list[tuple[Fraction, Ions]]:
    return [(Fraction(1, len(parts)), part) for part in parts]


def _blend(parts: Sequence[Ions]) -> Ions:
    found: Ions = {}
    for n, part in _evenly(parts):
        for ion, x in part.items():
            found[ion] = found.get(ion, Fraction(0)) + n * x
    return found


def triplets(ions: Mapping[str, Fraction]) -> dict[str, float]:
    """``x_i x_j x_k`` of every three ions."""
    return {
        " ".join(three): float(ions[three[0]] * ions[three[1]] * ions[three[2]])
        for three in combinations(sorted(ions), 3)
    }


@dataclass(frozen=True, kw_only=True)
class Truth(EntryErrors):
    """The true errors, as a sample of one draw.

    Parameters
    ----------
    generator
        Of what is drawn when it is asked for.
    kind
        ``right``: what the model assumes; ``triplets``: terms of three ions; ``tails``: Student's t with 2 degrees of
        freedom for pairs and phases.
    noise
        Factor on all sizes.
    drawn
        What was drawn, by name.
    """

    generator: np.random.Generator
    kind: Kind = "right"
    noise: float = 1.0
    drawn: dict[str, float] = field(default_factory=dict)

    def pair(self, name: str) -> float:
        """``w`` (eV per mixed site)."""
        return self._once(f"pair {name}", lambda: self.noise * (BIAS + PAIR_SD * self._deviate()))

    def remainder_of(self, ions: Mapping[str, Fraction], size: str = "large") -> float:
        """What pairs do not explain of a member (eV per mixed site), in a cell of one size."""
        own = self._once(
            f"{size} cell {label(ions)}", lambda: self.noise * REMAINDER * self.generator.standard_normal()
        )
        if self.kind == "triplets":
            scale = self.noise * TRIPLET_SD
            for three, x in triplets(ions).items():
                own += x * self._once(f"three {three}", lambda: scale * self.generator.standard_normal())
        return own

    def phase(self, name: str) -> float:
        """Error of a phase (eV per atom)."""
        return self._once(f"phase {name}", lambda: self.noise * PHASE_SD * self._deviate())

    def pair_draws(self, names: Sequence[str], n: int = 1) -> Vector:
        """The true ``w``."""
        return np.tile([self.pair(name) for name in names], (n, 1))

    def remainder_draws(self, entry: str, n: int = 1) -> Vector:
        """The true remainder of a member."""
        return np.full(n, self.remainder_of(parsed(entry)))

    def phase_draws(self, phase: str, n: int = 1) -> Vector:
        """The true error of a phase."""
        return np.full(n, self.phase(phase))

    def difference(self, ions: Ions, vertices: Sequence[tuple[Fraction, Ions]]) -> Difference:
        """True less computed mixing enthalpy of a small cell; it and its vertices are cells of their own."""
        terms = second_difference(
            pair_terms({"TM": ions}), [(float(n), pair_terms({"TM": part})) for n, part in vertices]
        )
        members = {label(ions): 1.0, **{label(part): -float(n) for n, part in vertices}}
        value = sum(n * self.pair(name) for name, n in terms.items())
        value += sum(n * self.remainder_of(parsed(name), "small") for name, n in members.items())
        return Difference(label(ions), value, terms, members)

    def _deviate(self) -> float:
        return float(self.generator.standard_t(2) if self.kind == "tails" else self.generator.standard_normal())

    def _once(self, name: str, draw: Callable[[], float]) -> float:
        if name not in self.drawn:
            self.drawn[name] = float(draw())
        return self.drawn[name]


def parsed(name: str) -> Ions:
    """Composition from its name."""
    return {part[: part.index("+") + 1]: Fraction(part[part.index("+") + 1 :]) for part in name.split()}


def documented(truth: Truth) -> EntryErrors:
    """Errors of the engine as its documentation would have them: fitted to cells and phases of other ions."""
    rows = [
        truth.difference({one: x, other: 1 - x}, [(x, {one: Fraction(1)}), (1 - x, {other: Fraction(1)})])
        for one, other in combinations(DOCUMENTED, 2)
        for x in (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
    ]
    fit = fit_pairs(rows)
    phases = np.array([truth.phase(f"documented {i}") for i in range(N_PHASES)])
    return EntryErrors(
        bias=fit.bias,
        sd=fit.spread.pairs,
        bias_sd=fit.bias_sd,
        remainder=fit.spread.remainder,
        phase_sd=float(np.sqrt(np.mean(phases**2))),
        freedom=float(len(rows) - 1),
    )


@dataclass(frozen=True)
class SyntheticCampaign:
    """One campaign.

    Parameters
    ----------
    seed
        Of everything that is drawn.
    kind, noise
        Of its errors, see `Truth`.
    n_draws
        Of every sample.
    solution
        Whether other compositions of the host compete.
    """

    seed: int
    kind: Kind = "right"
    noise: float = 1.0
    n_draws: int = 400
    solution: bool = True

    @cached_property
    def truth(self) -> Truth:
        """True errors."""
        generator = np.random.default_rng(self.seed)
        return Truth(bias=0, sd=0, remainder=0, generator=generator, kind=self.kind, noise=self.noise)

    @cached_property
    def prior(self) -> EntryErrors:
        """Documented errors."""
        return documented(self.truth)

    @cached_property
    def computed(self) -> dict[str, float]:
        """Energies of the engine (eV per formula unit) of members and phases, by name."""
        generator = np.random.default_rng(10_000_000 + self.seed)
        ions = (*TWO, *THREE, *FOUR)
        w = {" ".join(sorted(pair)): generator.normal(0.15, 0.05) for pair in combinations(ions, 2)}
        found = {
            label(member): sum(n * w[pair] for pair, n in pair_terms({"TM": member}).items())
            for member in (*corners(), *candidates())
        }
        for name, amounts in PHASES.items():
            found[name] = generator.normal(0.02, 0.01) * sum(amounts.values()) / 2
        return found

    def case(self, number: int, errors: EntryErrors | None, *, n_draws: int | None = None) -> Competition:
        """A candidate and what it competes with."""
        own, *rest = [self._entry(ions) for ions in (candidates()[number], *corners())]
        others = [self._entry(ions) for i, ions in enumerate(candidates()) if i != number]
        phases = [PhaseEntry(name, dict(n), self.computed[name], "engine") for name, n in PHASES.items()]
        hosts = [*(replace(entry, corner=True) for entry in rest), *others]
        draws = self.n_draws if n_draws is None else n_draws
        return Competition(own, hosts, phases, 1.0, {"TM": 1.0}, errors, self.solution, draws)

    @cached_property
    def small(self) -> list[Difference]:
        """All small cells with their true differences."""
        return [self.truth.difference(*member) for member in small_members()]

    def judged(self, errors: EntryErrors) -> list[Judgement]:
        """All candidates under given errors."""
        return [judge(self.case(number, errors), FIRING) for number in range(len(DEMO))]

    @cached_property
    def true(self) -> list[Judgement]:
        """All candidates with the true energies: the second row of each sample."""
        return [judge(self.case(number, self.truth, n_draws=1), FIRING) for number in range(len(DEMO))]

    def calibrated(self, uncalibrated: Sequence[Judgement], *, greedy: bool = True) -> EntryErrors:
        """Errors after the small cells that matter most for the order, or after as many at random."""
        sensitivities = [one.sensitivity for one in uncalibrated]
        if greedy:
            cells = [SmallCell(one.cell, one.terms, one.members) for one in self.small]
            chosen = choose_cells(cells, sensitivities, self.prior, N_SMALL)
        else:
            random = np.random.default_rng(20_000_000 + self.seed)
            chosen = [int(i) for i in random.choice(len(self.small), N_SMALL, replace=False)]
        asked = {name for one in sensitivities for name in one}
        return calibrated(self.prior, [self.small[i] for i in chosen], pairs=asked).errors

    def _entry(self, ions: Ions) -> HostEntry:
        name = label(ions)
        amounts: dict[str, float] = {"Na": 1.0, "O": 2.0}
        for ion, n in ions.items():
            element = Ion.parse(ion).element
            amounts[element] = amounts.get(element, 0.0) + float(n)
        held = [n for element, n in amounts.items() if element not in ("Na", "O")]
        entropy = -BOLTZMANN * sum(n * float(np.log(n)) for n in held)
        split = {"TM": {ion: float(n) for ion, n in ions.items()}}
        return HostEntry(name, name, split, amounts, self.computed[name], entropy)
