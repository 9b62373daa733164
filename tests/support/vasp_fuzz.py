"""Finished folders of VASP with damage as it occurs: numbers that do not fit, halves of files, lost files."""

from __future__ import annotations

import bz2
import gzip
import re
import shutil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

FILES: Final = (
    "vasprun.xml",
    "vasprun.xml",
    "vasprun.xml",
    "OUTCAR",
    "OUTCAR",
    "POSCAR",
    "INCAR",
    "CONTCAR",
    "KPOINTS",
)
"""Those that matter most several times."""
_NUMBER: Final = re.compile(rb"-?\d+\.\d+(?:[eED][+-]?\d+)?|(?<=[ >])-?\d+(?=[ <\n])")
_VALUES: Final = (
    b"****************", b"NaN", b"nan", b"Infinity", b"-Infinity", b"inf", b"1e400", b"-1.0-200.5", b"", b"-",
    b"0.1E", b"1.0D+03", b"9" * 400, b"-0.0", b"1e308", b"0", b"true", b"\xff\xfe", b"1,5", b"1.0 2.0", b"1 2 3 4 5 6",
)  # fmt: skip


def _number(random: Random, data: bytes) -> bytes:
    """One to twenty numbers that are none, or others."""
    found = list(_NUMBER.finditer(data))
    if not found:
        return data
    value = random.choice(_VALUES)
    for match in sorted(random.sample(found, min(len(found), random.choice([1, 1, 3, 20]))), key=lambda m: -m.start()):
        data = data[: match.start()] + value + data[match.end() :]
    return data


def _energies(random: Random, data: bytes) -> bytes:
    """All energies of one name."""
    name = random.choice([b"e_0_energy", b"e_fr_energy", b"e_wo_entrp"])
    return re.sub(rb'(<i name="' + name + rb'">)[^<]*(</i>)', rb"\1 " + random.choice(_VALUES) + rb" \2", data)


def _lines(random: Random, data: bytes) -> bytes:
    """Lines lost, doubled, swapped or cut."""
    lines = data.split(b"\n")
    for _ in range(random.randint(1, 4)):
        at, other = random.randrange(len(lines)), random.randrange(len(lines))
        kind = random.randrange(4)
        if kind == 0 and len(lines) > 1:
            del lines[at]
        elif kind == 1:
            lines.insert(other, lines[at])
        elif kind == 2:
            lines[at], lines[other] = lines[other], lines[at]
        else:
            lines[at] = lines[at][: random.randint(0, len(lines[at]))]
    return b"\n".join(lines)


def _tags(random: Random, data: bytes) -> bytes:
    """A tag renamed, a single number written as an array, or an array as a single number."""
    old, new = random.choice(
        [(b"<i ", b"<v "), (b"</i>", b"</v>"), (b"<v>", b"<i>"), (b"<set>", b""), (b"varray", b"array"), (b'"', b"'"),
         (b"<calculation>", b"<calculation/>"), (b"structure", b"struct"), (b"<c>", b"<c>r"), (b"</modeling>", b"")]
    )  # fmt: skip
    return data.replace(old, new, random.choice([1, -1]))


def _half(random: Random, data: bytes) -> bytes:
    """What was written when the disk was full."""
    return data[: random.randint(0, len(data))]


def _bytes(random: Random, data: bytes) -> bytes:
    """Bytes that another program, or a bad disk, has left."""
    at = random.randint(0, len(data))
    return data[:at] + random.choice([b"\x00" * 100, b"\xff" * 9, b"&lol;", b"<<<", b"]]>", b"\r\r\n"]) + data[at:]


_CONTENT: Final[tuple[Callable[[Random, bytes], bytes], ...]] = (
    _number,
    _number,
    _energies,
    _lines,
    _tags,
    _half,
    _bytes,
)


def damage(random: Random, folder: Path) -> None:
    """Change one to three files of a folder, their names or what they are packed in."""
    for _ in range(random.choice([1, 1, 2, 3])):
        file = folder / random.choice(FILES)
        if not file.is_file():
            continue
        kind = random.randrange(10)
        if kind < 7:
            file.write_bytes(random.choice(_CONTENT)(random, file.read_bytes()))
        elif kind == 7:
            _pack(random, file)
        elif kind == 8:
            file.rename(
                folder / f"{file.name}{random.choice(['.relax1', '.relax2', '.orig', '.relax1.gz', '.bz2', '~'])}"
            )
        else:
            file.unlink()
            if random.random() < 0.3:
                file.mkdir()
    if random.random() < 0.2:
        _double(random, folder)


def _pack(random: Random, file: Path) -> None:
    module, ending = random.choice([(gzip, ".gz"), (bz2, ".bz2")])
    data = module.compress(file.read_bytes())
    cut = random.choice([len(data), len(data), len(data) // 2, 5, 0])
    file.with_name(file.name + ending).write_bytes(data[:cut])
    file.unlink()


def _double(random: Random, folder: Path) -> None:
    """As custodian leaves a double relaxation of which the second run may not have ended."""
    for file in [path for path in folder.iterdir() if path.is_file()]:
        shutil.copy(file, folder / f"{file.name}.relax1")
        if random.random() < 0.5:
            file.rename(folder / f"{file.name}.relax2")
