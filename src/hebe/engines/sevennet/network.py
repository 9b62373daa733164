"""The model of the package sevenn on the union of the graphs of several cells."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pymatgen.io.ase import AseAtomsAdaptor

from hebe.engines.ase import without_properties
from hebe.engines.protocol import Evaluation
from hebe.exceptions import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from hebe.engines.chgnet.device import Device

_TENSOR: Final = ((0, 3, 5), (3, 1, 4), (5, 4, 2))
"""Places of xx, yy, zz, xy, yz, zx, the order of the package, in a symmetric matrix."""


class Network:
    """A model with the modal and the device that it is evaluated with.

    Parameters
    ----------
    weights
        Checkpoint, which is unpickled.
    modal
        One of its modals, None where it has none.

    Raises
    ------
    ValueError
        If it has no such modal, or needs one.
    """

    def __init__(self, weights: Path, modal: str | None, device: Device) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch
            from sevenn.util import load_checkpoint

            torch.set_num_threads(1)
            model = load_checkpoint(str(weights)).build_model()
        known = list(model.modal_map or {})
        if (modal is None) == bool(known) or (modal is not None and modal not in known):
            raise ValueError(f"its modals are {', '.join(known)}" if known else "it has no modals")
        model.set_is_batch_data(True)
        self.model: Any = model.to(device).eval()
        self.modal, self.device = modal, device

    def evaluate(self, structures: Sequence[Structure]) -> list[Evaluation]:
        """Energy (eV), forces (eV/A) and stress (eV/A^3) of each structure, in float32 like the model.

        Energies of the atoms are added in double precision.

        Raises
        ------
        EngineError
            If one of them has an element that the model does not know.
        """
        import sevenn._keys as key

        self._refuse_unknown(structures)
        sizes = np.cumsum([len(structure) for structure in structures])[:-1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            output = self.model(self._union(structures))
        energies = np.split(_array(output[key.ATOMIC_ENERGY]).reshape(-1), sizes)
        forces = np.split(_array(output[key.PRED_FORCE]), sizes)
        stresses = -_array(output[key.PRED_STRESS])
        return [
            Evaluation(float(energy.sum()), force, stress[np.array(_TENSOR)])
            for energy, force, stress in zip(energies, forces, stresses, strict=True)
        ]

    def _union(self, structures: Sequence[Structure]) -> Any:
        """Graphs of the package as one whose parts do not touch."""
        import sevenn._keys as key
        from sevenn.atom_graph_data import AtomGraphData
        from sevenn.train.dataload import unlabeled_atoms_to_graph
        from torch_geometric.data import Batch

        graphs = []
        for structure in structures:
            atoms = AseAtomsAdaptor.get_atoms(without_properties(structure), msonable=False)
            graph = AtomGraphData.from_numpy_dict(unlabeled_atoms_to_graph(atoms, self.model.cutoff))
            if self.modal is not None:
                graph[key.DATA_MODALITY] = self.modal
            graphs.append(graph)
        return Batch.from_data_list(graphs).to(self.device)

    def _refuse_unknown(self, structures: Sequence[Structure]) -> None:
        for structure in structures:
            unknown = sorted({e.symbol for e in structure.composition.elements if e.Z not in self.model.type_map})
            if unknown:
                reason = f"the model does not know {', '.join(unknown)}"
                raise EngineError("sevennet", reason, deterministic=True)


def _array(tensor: Any) -> NDArray[np.float64]:
    found: NDArray[np.float64] = tensor.detach().cpu().numpy().astype(np.float64)
    return found
