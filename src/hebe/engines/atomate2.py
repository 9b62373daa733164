"""Any force field of atomate2 as an engine: its `ForceFieldRelaxMaker` relaxes, in this process.

Ganose et al., Digital Discovery 4, 1944 (2025). The optimizer is the maker's own, by default FIRE under a Frechet
cell filter.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import tempfile
import warnings
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pymatgen.core import Structure

from hebe.config.engines.atomate2 import Atomate2Block
from hebe.config.engines.chgnet import DEFAULT_MODEL, ENERGY_SCALES
from hebe.config.reading.wording import RefusedValueError
from hebe.engines.ase import evaluate_calculator, without_properties
from hebe.engines.chgnet.pretrained import model_file
from hebe.engines.driving import Driven, require_order
from hebe.engines.model_hash import hash_files, hash_parameters
from hebe.engines.protocol import Evaluation, Relaxation, static_result
from hebe.exceptions import BadInputError, EngineError, MissingDependencyError
from hebe.science.keys import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_FORCE_FIELD: Final = "CHGNet"

MAKER_ARGUMENTS: Final = ("calculator_kwargs", "fix_symmetry", "optimizer_kwargs", "relax_kwargs", "symprec")
"""Fields of the maker that a campaign may set; what is relaxed, how far and how long is said elsewhere."""

_OF_THE_ENGINE: Final = ("fmax", "final_atoms_object_file", "traj_file", "verbose")
"""Keys of ``relax_kwargs`` that the engine sets or has no use for."""


class Atomate2Engine(Driven):
    """A force field by atomate2's name, with the arguments of its relaxation maker.

    Parameters
    ----------
    arguments
        ``force_field_name`` (default CHGNet) and any of `MAKER_ARGUMENTS`, plain JSON.
    energy_scale
        Name shared only by engines whose energies can be compared. CHGNet as it comes has that of the engine
        ``chgnet``, which is the same model; every other force field must name one.

    Raises
    ------
    BadInputError
        If an argument is unknown or the energy scale is missing.
    """

    name = "atomate2"

    def __init__(self, arguments: Mapping[str, Any] | None = None, energy_scale: str | None = None) -> None:
        given = dict(arguments or {})
        self.force_field = given.pop("force_field_name", DEFAULT_FORCE_FIELD)
        self.arguments = given
        _refuse_unknown(given)
        is_chgnet = self.force_field == DEFAULT_FORCE_FIELD
        self.capabilities = Atomate2Block.traits.capabilities | frozenset({"magmoms"} if is_chgnet else ())
        if energy_scale is None and is_chgnet and "calculator_kwargs" not in given:
            energy_scale = ENERGY_SCALES[DEFAULT_MODEL]
        if not energy_scale:
            raise BadInputError(
                f"atomate2's {self.force_field} needs energy_scale, a name shared only by comparable energies",
                key="stages.engine.energy_scale",
            )
        self.energy_scale = energy_scale

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings of the maker after its own defaults, hash of the model, energy scale and versions.

        A force field that cannot be made has no hash; it has no energies either, and says why when asked for one.
        """
        settings = {"force_field": self.force_field, "energy_scale": self.energy_scale, **self.versions}
        try:
            maker = self._maker
        except EngineError:
            return {**settings, "maker": hash_files(self.arguments)}
        package = type(maker.calculator).__module__.partition(".")[0]
        return {
            **settings,
            "maker": {name: hash_files(getattr(maker, name)) for name in MAKER_ARGUMENTS},
            "model_hash": hash_parameters(maker.calculator),
            package: metadata.version(package),
        }

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of atomate2 and ASE."""
        return {name: metadata.version(name) for name in ("ase", "atomate2")}

    def check(self) -> None:
        """See that atomate2 and, for its default force field, chgnet and torch are installed, without importing them.

        atomate2 would take another model of the same name where chgnet is missing.
        """
        for package in ("atomate2", *(["torch"] if self.force_field == DEFAULT_FORCE_FIELD else [])):
            if importlib.util.find_spec(package) is None:
                raise MissingDependencyError(package, "engine atomate2", "atomate2")
        if self.force_field == DEFAULT_FORCE_FIELD:
            model_file()

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:
        """Energy (eV), forces (eV/A), stress (eV/A^3) and, when asked, moments from the maker's calculator."""
        return evaluate_calculator(self.name, self._maker.calculator, structure, magmoms=magmoms)

    def relax(
        self,
        structure: Structure,
        *,
        fmax: float = 0.05,
        steps: int = 200,
        cell: bool = True,
        minimum: bool = False,  # noqa: ARG002 - it has an optimizer of its own
        folder: Path | None = None,
    ) -> Relaxation:
        """Relax as the maker does, in `folder` or one that is removed afterwards; two steps are too few to move."""
        require_order(self.name, structure)
        calculator = self._maker.calculator
        maker = dataclasses.replace(
            self._maker,
            relax_cell=cell,
            steps=max(steps - 1, 1),
            relax_kwargs={**self._maker.relax_kwargs, "fmax": fmax},
        )
        maker._calculator = calculator  # noqa: SLF001 - the maker's own cache: the model is loaded once
        with contextlib.ExitStack() as stack:
            if folder is None:
                place = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            else:
                folder.mkdir(parents=True, exist_ok=True)
                place = str(folder)
            stack.enter_context(contextlib.chdir(place))
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            try:
                document = type(maker).make.original(maker, without_properties(structure))
            except Exception as err:
                raise EngineError(self.name, f"{type(err).__name__}: {err}") from err
        return self._relaxation(structure, document)

    def _relaxation(self, start: Structure, document: Any) -> Relaxation:
        """The document as ours; what it says of the end is evaluated once more, in our units."""
        end = document.output.structure
        final = Structure(end.lattice, start.species, end.frac_coords, site_properties=start.site_properties)
        result = static_result(final, self.evaluate(final, magmoms="magmoms" in self.capabilities))
        converged = str(getattr(document.state, "value", document.state)) == "successful"
        energies = [float(step.energy) for step in document.output.ionic_steps]
        if len(energies) > 1:
            energies.pop()  # the maker lists the last step twice
        return dataclasses.replace(result, n_steps=len(energies), converged=converged, energies=energies)

    @cached_property
    def _maker(self) -> Any:
        """The maker, which holds its calculator."""
        self.check()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from atomate2.forcefields.jobs import ForceFieldRelaxMaker

            try:
                maker = ForceFieldRelaxMaker(force_field_name=self.force_field, **self.arguments)
                with contextlib.redirect_stdout(None):
                    _ = maker.calculator
            except Exception as err:
                raise EngineError(self.name, f"the force field cannot be made: {type(err).__name__}: {err}") from err
        return maker


def from_block(block: Atomate2Block) -> Atomate2Engine:
    """Engine of a campaign's block.

    Raises
    ------
    BadInputError
        If its arguments could bring code that nobody has said to trust.
    """
    try:
        block.with_files(Path())
    except RefusedValueError as err:
        raise BadInputError(str(err), key=f"stages.engine.{err.key}", suggestion=err.suggestion) from err
    return Atomate2Engine(block.arguments, block.energy_scale)


def _refuse_unknown(arguments: Mapping[str, Any]) -> None:
    key = "stages.engine.arguments"
    for name in arguments:
        if name not in MAKER_ARGUMENTS:
            raise BadInputError(
                f"{name!r} is no argument of engine atomate2",
                key=key,
                suggestion=f"known: force_field_name, {', '.join(MAKER_ARGUMENTS)}",
            )
    for name in _OF_THE_ENGINE:
        if name in arguments.get("relax_kwargs", {}):
            raise BadInputError(f"relax_kwargs.{name} belongs to the engine", key=key, suggestion="use fmax and steps")
    try:
        canonical_json(dict(arguments))
    except (TypeError, ValueError) as err:
        raise BadInputError(f"arguments of atomate2 must be plain values: {err}", key=key) from err
