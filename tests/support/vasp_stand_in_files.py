"""Files of the stand-in for VASP in tests. This is NOT VASP; see `vasp_stand_in`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTICE = "This is a stand-in for tests. It is NOT VASP."
VERSION = "6.4.3"
ENERGIES = np.linspace(-8.0, 4.0, 241)
"""Energies of the density of states (eV), the Fermi level at 0."""
BANDS = {"O": ("p", -3.0, 6), "F": ("p", -5.0, 6)}
"""Element -> orbital, centre (eV), electrons; all others have a band of d states at `D_CENTRE`."""
D_CENTRE = -1.5
GAP = (-0.5, 0.75)


@dataclass(frozen=True)
class Crystal:
    """A crystal as POSCAR has it."""

    lattice: NDArray[np.float64]
    groups: list[tuple[str, int]]
    coords: NDArray[np.float64]

    @property
    def symbols(self) -> list[str]:
        """Element of each site."""
        return [symbol for symbol, n in self.groups for _ in range(n)]

    def at(self, lattice: NDArray[np.float64], coords: NDArray[np.float64]) -> Crystal:
        """The same atoms elsewhere."""
        return replace(self, lattice=np.array(lattice), coords=np.array(coords))


@dataclass(frozen=True)
class Run:
    """Input of a run."""

    incar: dict[str, Any]
    crystal: Crystal
    titles: list[str]
    mesh: tuple[int, int, int]

    @classmethod
    def read(cls) -> Run:
        """From the files of the working folder."""
        incar = _incar(Path("INCAR").read_text())
        crystal = _poscar(Path("POSCAR").read_text())
        titles = re.findall(r"TITEL\s*=\s*(.+)", Path("POTCAR").read_text())
        elements = [title.split()[1].split("_")[0] for title in titles]
        if elements != [symbol for symbol, _ in crystal.groups]:
            raise SystemExit(f"ERROR: POTCAR is for {elements}, POSCAR has {crystal.groups}")
        return cls(incar, crystal, titles, _mesh(incar, crystal))

    @property
    def moments(self) -> list[float]:
        """Moments that the run ends with: those it begins with, closed shells without."""
        given = [float(m) for m in _expanded(self.incar.get("MAGMOM", ""))]
        return [m if abs(m) > 0.7 else 0.0 for m in given] or [0.0] * len(self.crystal.symbols)

    def xml_end(self, crystal: Crystal) -> str:
        """End of vasprun.xml."""
        return _structure("finalpos", crystal) + "</modeling>\n"


def _incar(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            plain = value.strip()
            found[key.strip()] = {"true": True, "false": False}.get(plain.strip(".").lower(), plain)
    return found


def _expanded(text: str) -> list[str]:
    out: list[str] = []
    for word in str(text).split():
        n, star, value = word.partition("*")
        out += [value] * int(n) if star else [word]
    return out


def _poscar(text: str) -> Crystal:
    lines = text.splitlines()
    lattice = float(lines[1]) * np.array([[float(x) for x in line.split()[:3]] for line in lines[2:5]])
    groups = list(zip(lines[5].split(), map(int, lines[6].split()), strict=True))
    n = sum(count for _, count in groups)
    coords = np.array([[float(x) for x in line.split()[:3]] for line in lines[8 : 8 + n]])
    return Crystal(lattice, groups, coords)


def _mesh(incar: dict[str, Any], crystal: Crystal) -> tuple[int, int, int]:
    if Path("KPOINTS").exists():
        first, second, third = (int(x) for x in Path("KPOINTS").read_text().splitlines()[3].split()[:3])
        return first, second, third
    lengths = np.linalg.norm(2 * np.pi * np.linalg.inv(crystal.lattice), axis=0)
    first, second, third = (max(1, int(np.ceil(length / float(incar.get("KSPACING", 0.5))))) for length in lengths)
    return first, second, third


def contcar(crystal: Crystal) -> str:
    """CONTCAR, or any POSCAR."""
    lines = [NOTICE, "1.0", *(_row(v, 16) for v in crystal.lattice)]
    lines += [" ".join(s for s, _ in crystal.groups), " ".join(str(n) for _, n in crystal.groups), "Direct"]
    lines += [_row(site, 16) for site in crystal.coords]
    return "\n".join([*lines, "", *("  0.0  0.0  0.0" for _ in crystal.coords)]) + "\n"


def _row(values: Any, digits: int = 8) -> str:
    return " ".join(f"{value:{digits + 6}.{digits}f}" for value in values)


def _structure(name: str | None, crystal: Crystal) -> str:
    attribute = "" if name is None else f' name="{name}"'
    reciprocal = np.linalg.inv(crystal.lattice).T
    basis = "".join(f"<v> {_row(v, 12)} </v>\n" for v in crystal.lattice)
    inverse = "".join(f"<v> {_row(v, 12)} </v>\n" for v in reciprocal)
    sites = "".join(f"<v> {_row(v, 12)} </v>\n" for v in crystal.coords)
    volume = abs(np.linalg.det(crystal.lattice))
    return (
        f'<structure{attribute}>\n<crystal>\n<varray name="basis">\n{basis}</varray>\n'
        f'<i name="volume"> {volume:.8f} </i>\n'
        f'<varray name="rec_basis">\n{inverse}</varray>\n</crystal>\n'
        f'<varray name="positions">\n{sites}</varray>\n</structure>\n'
    )


_TYPES = {bool: ' type="logical"', int: ' type="int"', float: "", str: ' type="string"'}


def _item(name: str, value: Any) -> str:
    if name == "MAGMOM" or (name.startswith("LDAU") and name != "LDAU" and name not in ("LDAUTYPE", "LDAUPRINT")):
        kind = ' type="int"' if name == "LDAUL" else ""
        return f'<v{kind} name="{name}"> {" ".join(_expanded(value))} </v>\n'
    if isinstance(value, bool):
        return f'<i type="logical" name="{name}"> {"T" if value else "F"} </i>\n'
    text = str(value)
    if re.fullmatch(r"-?\d+", text):
        return f'<i type="int" name="{name}"> {text}</i>\n'
    if re.fullmatch(r"-?[\d.]+(?:[eE][+-]?\d+)?", text):
        return f'<i name="{name}"> {float(text):.10f}</i>\n'
    return f'<i type="string" name="{name}">{text}</i>\n'


def _default(run: Run) -> dict[str, Any]:
    n = len(run.crystal.symbols)
    return {
        "NELM": 60, "NSW": 0, "IBRION": -1, "ISPIN": 1, "ISIF": 2, "EDIFF": "0.0001", "LDAU": False, "LHFCALC": False,
        "ISMEAR": 1, "SIGMA": "0.2", "NELECT": f"{8.0 * n:.1f}", "LUSE_VDW": False, "METAGGA": "--", "GGA": "PE",
    }  # fmt: skip


def xml_start(run: Run) -> str:
    """Begin vasprun.xml."""
    asked = "".join(_item(k, v) for k, v in run.incar.items())
    parameters = "".join(_item(k, v) for k, v in {**_default(run), **run.incar}.items())
    points = _points(run)
    listed = "".join(f"<v> {_row(p)} </v>\n" for p in points)
    weights = "".join(f"<v> {1 / len(points):.8f} </v>\n" for _ in points)
    atoms = "".join(
        f"<rc><c>{symbol:2s}</c><c> {kind}</c></rc>\n"
        for kind, (symbol, n) in enumerate(run.crystal.groups, 1)
        for _ in range(n)
    )
    types = "".join(
        f"<rc><c> {n}</c><c>{symbol:2s}</c><c> 10.0</c><c> 8.0</c><c>{title.strip()}</c></rc>\n"
        for (symbol, n), title in zip(run.crystal.groups, run.titles, strict=True)
    )
    fields = "".join(f"<field>{name}</field>\n" for name in ("element", "atomtype"))
    kinds = "".join(
        f"<field>{name}</field>\n" for name in ("atomspertype", "element", "mass", "valence", "pseudopotential")
    )
    return f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<!-- {NOTICE} -->
<modeling>
<generator>
<i name="program" type="string">vasp </i>
<i name="version" type="string">{VERSION} </i>
<i name="subversion" type="string">{NOTICE} </i>
<i name="platform" type="string">none </i>
<i name="date" type="string">2026 01 01 </i>
<i name="time" type="string">00:00:00 </i>
</generator>
<incar>
{asked}</incar>
<kpoints>
<generation param="Gamma">
<v type="int" name="divisions"> {run.mesh[0]} {run.mesh[1]} {run.mesh[2]} </v>
<v name="usershift"> 0.0 0.0 0.0 </v>
<v name="genvec1"> 1.0 0.0 0.0 </v>
<v name="genvec2"> 0.0 1.0 0.0 </v>
<v name="genvec3"> 0.0 0.0 1.0 </v>
<v name="shift"> 0.0 0.0 0.0 </v>
</generation>
<varray name="kpointlist">
{listed}</varray>
<varray name="weights">
{weights}</varray>
</kpoints>
<parameters>
{parameters}</parameters>
<atominfo>
<atoms> {len(run.crystal.symbols)} </atoms>
<types> {len(run.crystal.groups)} </types>
<array name="atoms">
<dimension dim="1">ion</dimension>
{fields}<set>
{atoms}</set>
</array>
<array name="atomtypes">
<dimension dim="1">type</dimension>
{kinds}<set>
{types}</set>
</array>
</atominfo>
{_structure("initialpos", run.crystal)}"""


def _points(run: Run) -> list[tuple[float, ...]]:
    """Two of the k points of the mesh, which is enough for a band gap."""
    return [(0.0, 0.0, 0.0), *([(1 / run.mesh[0], 0.0, 0.0)] if run.mesh[0] > 1 else [])]


def smearing(crystal: Crystal) -> float:
    """Energy (eV) by which the free one is below the extrapolated one, and that without entropy above it."""
    return 0.02 * len(crystal.symbols)


def xml_step(
    run: Run,
    crystal: Crystal,
    energy: float,
    forces: NDArray[np.float64],
    stress: NDArray[np.float64],
    n_scf: int,
    *,
    electrons: bool = False,
) -> str:
    """One calculation in vasprun.xml; stress in kB, positive under compression.

    As in VASP's own files the energies of a whole step but the free one are not what their names say.
    """
    spectrum = f"{_eigenvalues(run)}{_dos(run)}" if electrons else ""
    smeared = smearing(crystal)
    free = f'<i name="e_fr_energy"> {energy - smeared:.8f} </i>\n'
    inner = f'<i name="e_wo_entrp"> {energy + smeared:.8f} </i>\n<i name="e_0_energy"> {energy:.8f} </i>\n'
    scf = f"<scstep>\n<energy>\n{free}{inner}</energy>\n</scstep>\n" * n_scf
    values = f'{free}<i name="e_wo_entrp"> {energy:.8f} </i>\n<i name="e_0_energy"> {2 * smeared:.8f} </i>\n'
    pulls = "".join(f"<v> {_row(v)} </v>\n" for v in forces)
    pressure = "".join(f"<v> {_row(v)} </v>\n" for v in -stress * 1602.1766208)
    return (
        f'<calculation>\n{scf}{_structure(None, crystal)}<varray name="forces">\n{pulls}</varray>\n'
        f'<varray name="stress">\n{pressure}</varray>\n<energy>\n{values}</energy>\n{spectrum}</calculation>\n'
    )


def _eigenvalues(run: Run) -> str:
    rows = f"<r> -4.0 1.0 </r>\n<r> {GAP[0]} 1.0 </r>\n<r> {GAP[1]} 0.0 </r>\n"
    points = "".join(f'<set comment="kpoint {n}">\n{rows}</set>\n' for n, _ in enumerate(_points(run), 1))
    spins = "".join(f'<set comment="spin {n}">\n{points}</set>\n' for n in range(1, int(run.incar.get("ISPIN", 1)) + 1))
    return (
        '<eigenvalues>\n<array>\n<dimension dim="1">band</dimension>\n<dimension dim="2">kpoint</dimension>\n'
        '<dimension dim="3">spin</dimension>\n<field>eigene</field>\n<field>occ</field>\n'
        f"<set>\n{spins}</set>\n</array>\n</eigenvalues>\n"
    )


def _peak(centre: float) -> NDArray[np.float64]:
    """Smooth band of half width 1 eV that is zero elsewhere; symmetric, so its centre is exact."""
    inside = np.abs(ENERGIES - centre) < 1.0
    return np.asarray(np.where(inside, (1 - (ENERGIES - centre) ** 2) ** 2, 0.0))


def _dos(run: Run) -> str:
    n_spins = int(run.incar.get("ISPIN", 1))
    total = "".join(
        f'<set comment="spin {n}">\n' + "".join(f"<r> {e:.4f} 1.0 1.0 </r>\n" for e in ENERGIES) + "</set>\n"
        for n in range(1, n_spins + 1)
    )
    names = ("s", "py", "pz", "px", "dxy", "dyz", "dz2", "dxz", "x2-y2")
    fields = "".join(f"<field> {name} </field>\n" for name in ("energy", *names))
    ions = "".join(
        f'<set comment="ion {i}">\n' + "".join(_ion_dos(symbol, names, n) for n in range(1, n_spins + 1)) + "</set>\n"
        for i, symbol in enumerate(run.crystal.symbols, 1)
    )
    return (
        '<dos>\n<i name="efermi"> 0.0 </i>\n<total>\n<array>\n<dimension dim="1">gridpoints</dimension>\n'
        '<dimension dim="2">spin</dimension>\n<field>energy</field>\n<field>total</field>\n<field>integrated</field>\n'
        f"<set>\n{total}</set>\n</array>\n</total>\n<partial>\n<array>\n"
        '<dimension dim="1">gridpoints</dimension>\n<dimension dim="2">spin</dimension>\n'
        '<dimension dim="3">ion</dimension>\n'
        f"{fields}<set>\n{ions}</set>\n</array>\n</partial>\n</dos>\n"
    )


def _ion_dos(symbol: str, names: tuple[str, ...], spin: int) -> str:
    orbital, centre, _ = BANDS.get(symbol, ("d", D_CENTRE, 10))
    band = _peak(centre)
    own = [name.startswith(orbital) or (orbital == "d" and name == "x2-y2") for name in names]
    rows = "".join(
        f"<r> {e:.4f} " + " ".join(f"{value:.6f}" if mine else "0.0" for mine in own) + " </r>\n"
        for e, value in zip(ENERGIES, band, strict=True)
    )
    return f'<set comment="spin {spin}">\n{rows}</set>\n'


def outcar_start(run: Run, processes: int) -> str:
    """Begin OUTCAR."""
    potcars = "".join(f" POTCAR:    {title.strip()}\n" for title in run.titles)
    return (
        f" vasp.{VERSION} {NOTICE}\n running on {processes:4d} total cores\n{potcars}\n"
        "   k-points           NKPTS =      2   k-points in BZ     NKDIM =      2   number of bands    NBANDS=      3\n"
        f"   NELECT =   {8.0 * len(run.crystal.symbols):.4f}    total number of electrons\n"
        "  dimension x,y,z NGX =    10 NGY =   10 NGZ =   10\n"
        "   total plane-waves  NPLWV =   1000\n"
        "   IBRION =      2    ionic relax: 0-MD 1-quasi-New 2-CG\n"
        " maximum number of plane-waves:  1000\n"
    )


def outcar_step(
    run: Run,
    crystal: Crystal,
    energy: float,
    forces: NDArray[np.float64],
    stress: NDArray[np.float64],
    step: int,
    n_scf: int,
    seconds: float,
) -> str:
    """One ionic step in OUTCAR, which says that it took `seconds`."""
    scf = "".join(
        f"--------------- Iteration {step:5d}({n:4d})  ---------------\n    LOOP:  cpu time    0.0: real time    0.0\n"
        for n in range(1, n_scf + 1)
    )
    pressure = -stress * 1602.1766208
    row = _row(pressure[[0, 1, 2, 0, 1, 2], [0, 1, 2, 1, 2, 0]], 5)
    positions = crystal.coords @ crystal.lattice
    table = "".join(f" {_row(p, 5)}   {_row(f, 6)}\n" for p, f in zip(positions, forces, strict=True))
    moments = "".join(f"{i:5d}        0.000   0.000  {m:6.3f}  {m:6.3f}\n" for i, m in enumerate(run.moments, 1))
    charge = "".join(f"{i:5d}        1.000   2.000   3.000   6.000\n" for i, _ in enumerate(run.moments, 1))
    head = "# of ion       s       p       d       tot\n------------------------------------------\n"
    magnetization = (
        f"\n magnetization (x)\n\n{head}{moments}--------------------------------------------------\n"
        f"tot          0.000   0.000   {sum(run.moments):6.3f}   {sum(run.moments):6.3f}\n\n"
        if int(run.incar.get("ISPIN", 1)) == 2
        else ""
    )
    return (
        f"{scf} number of electron  {8.0 * len(run.crystal.symbols):.7f} magnetization  {sum(run.moments):.7f}\n"
        f"------------------------ aborting loop because EDIFF is reached ----------------------------------------\n"
        f" total charge\n\n{head}{charge}--------------------------------------------------\n"
        f"tot          1.000   2.000   3.000   6.000\n\n{magnetization}"
        f" E-fermi :   0.0000     XC(G=0):  -1.0000     alpha+bet : -1.0000\n"
        f"  in kB  {row}\n  external pressure = {np.trace(pressure) / 3:12.2f} kB  Pullay stress =        0.00 kB\n"
        " POSITION                                       TOTAL-FORCE (eV/Angst)\n"
        f" ------------------------------\n{table}"
        " ------------------------------\n"
        "    total drift:                                0.000000      0.000000      0.000000\n"
        f"  free  energy   TOTEN  = {energy - smearing(crystal):18.8f} eV\n\n"
        f"  energy  without entropy= {energy + smearing(crystal):18.8f}  energy(sigma->0) = {energy:18.8f}\n"
        f"     LOOP+:  cpu time {seconds:.1f}: real time {seconds:.1f}\n"
    )


def outcar_end(run: Run) -> str:
    """End of OUTCAR."""
    del run
    return (
        "\n General timing and accounting informations for this job:\n ========================================\n"
        "                  Total CPU time used (sec):        1.500\n"
        "                            User time (sec):        1.400\n"
        "                          System time (sec):        0.100\n"
        "                         Elapsed time (sec):        1.600\n"
        "                   Maximum memory used (kb):       10000.\n"
        "                   Average memory used (kb):           0.\n"
    )
