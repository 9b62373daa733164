"""CIFs written in random dialects of a known crystal, damaged ones and ones with other values; decided by a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

_RANDOM_VALUES: Final = (
    ".", "?", "nan", "inf", "-1", "0", "1e300", "1e-300", "9" * 60, "1/0", "0.333(", "''", ";", "loop_", "data_y",
    "_atom_site_label", "Va", "NH4", "Ni2+", "O2-", "0.5", "1.001", "'P 1'", "\x00", "é", "#", "x,y,z", "save_", "166",
)  # fmt: skip

PARTS: Final = (
    {"Ni": "0.333", "Mn": "0.667"},
    {"Ni": "0.33", "Fe": "0.33", "Mn": "0.33"},
    {"Ni": "0.5", "Mn": "0.5"},
    {"Ni": "0.798", "Co": "0.102", "Mn": "0.1"},
    {"Ni": "0.3333(4)", "Ti": "0.6667(4)"},
    {"Ni": "0.25", "Mn": "0.5", "Va": "0.25"},
)


def written(random: Random, part: dict[str, str]) -> str:
    """A rock salt with a part on its metal sites, written in a random dialect."""
    a = f"{random.uniform(3.9, 4.6):.3f}"
    edge = random.choice([a, f"{a}(2)"])
    symmetry = random.choice(
        [
            "_symmetry_space_group_name_H-M 'F m -3 m'",
            "_space_group_name_H-M_alt 'F m 3 m'",
            "_space_group_name_Hall '-F 4 2 3'",
            "_symmetry_Int_Tables_number 225",
            "_space_group_IT_number 225\n_space_group_name_H-M_alt Fm-3m",
        ]
    )
    cell = "".join(f"_cell_length_{axis} {edge}\n" for axis in "abc")
    if random.random() < 0.5:
        cell += "".join(
            f"_cell_angle_{angle} {random.choice(['90', '90.0', '90.', '?'])}\n" for angle in ("alpha", "beta")
        )
    columns = ["label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy"]
    rows = [[f"{e}1", e, "0", "0.0", "0", x] for e, x in part.items()]
    rows.append(
        ["O1", random.choice(["O", "O2-", "O-2"]), "0.5", ".5", "1/2", random.choice(["1", ".", "1.0", "1.000(2)"])]
    )
    order = random.sample(range(6), 6)
    loop = "loop_\n" + "".join(f"_atom_site_{columns[k]}\n" for k in order)
    loop += "".join(" ".join(row[k] for k in order) + "\n" for row in rows)
    blocks = [cell, symmetry + "\n", loop]
    random.shuffle(blocks)
    text = "data_" + random.choice(["x", "1", "NiO"]) + "\n" + "".join(blocks)
    if random.random() < 0.3:
        text = text.replace("_atom_site_", "_atom_site.")
    if random.random() < 0.3:
        text = "\n".join(line.upper() if line.startswith("_cell") else line for line in text.split("\n"))
    if random.random() < 0.3:
        text = "# a remark\n_x_y 'before'\n".replace("_x_y 'before'\n", "") + text.replace("\n_", "\n\n_")
    return text.replace("\n", random.choice(["\n", "\r\n"]))


def damaged(random: Random, text: str) -> str:
    """A text with one to four lines, words or characters changed."""
    for _ in range(random.randint(1, 4)):
        lines = text.split("\n")
        at = random.randrange(len(lines))
        kind = random.randrange(6)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, lines[random.randrange(len(lines))])
        elif kind == 2:
            words = lines[at].split(" ")
            words[random.randrange(len(words))] = random.choice(_RANDOM_VALUES)
            lines[at] = " ".join(words)
        elif kind == 3:
            lines = lines[: at + 1]
        elif kind == 4:
            lines[at] = lines[at][: random.randint(0, len(lines[at]))]
        else:
            middle = random.randint(0, len(lines[at]))
            lines[at] = (
                lines[at][:middle] + chr(random.choice([9, 32, 34, 39, 59, 64, 95, 233, 8243])) + lines[at][middle:]
            )
        text = "\n".join(lines)
    return text


_WORDS: Final = (
    "0", "0.5", "1/3", "0.333", "0.667", "0.25", "-0.25", "0.1(1)", "1", "1.2", "0.02", ".", "?", "Ni", "Cu3+", "O2-",
    "Va", "Zn", "Na1", "Na", "1e9", "nan",
)  # fmt: skip
_NUMBERS: Final = ("2.97", "4.2", "8.1(2)", "16.0", "90", "120", "60", "1", "-3", "1e6", "0", "inf", "?")
_SYMBOLS: Final = (
    "'P 1'", "'F m -3 m'", "'R -3 m'", "'R -3 m :R'", "'F d -3 m'", "'P 63/m m c'", "'C 2/m'", "'P n m a'", "225",
)  # fmt: skip


def misstated(random: Random, text: str) -> str:
    """A text that stays a CIF, one to three of its values others."""
    lines = text.replace("\r", "").split("\n")
    tags = [i for i, line in enumerate(lines) if line.startswith("_") and len(line.split()) > 1]
    rows = [i for i, line in enumerate(lines) if line and not line.startswith(("_", "#", "loop_", "data_"))]
    for _ in range(random.randint(1, 3)):
        at = random.choice([random.choice(tags), random.choice(rows)])
        words = lines[at].split()
        if at in rows:
            words[random.randrange(len(words))] = random.choice(_WORDS)
        elif "_cell" in words[0].lower():
            words[1] = random.choice(_NUMBERS)
        elif random.random() < 0.5:
            words[1:] = [random.choice(_SYMBOLS)]
        else:
            words = ["_space_group_name_Hall", f"\n;\n{hall_symbol(random)}\n;"]
        lines[at] = " ".join(words)
    return "\n".join(lines)


def hall_symbol(random: Random) -> str:
    """A random word in the grammar of Hall symbols, or nearly."""
    words = [random.choice(["", "-"]) + random.choice("PABCIRSTFPPFIQ")]
    for _ in range(random.choice([1, 1, 2, 2, 3, 4])):
        order = random.choice("1223446") if random.random() < 0.95 else random.choice("057x")
        axis = random.choice(["", "", "", "x", "y", "z", "*", "'", '"'])
        screw = random.choice(["", "", "", "1", "2", "5"])
        shift = "".join(random.sample("abcnuvwd", random.choice([0, 0, 1, 2])))
        words.append(random.choice(["", "", "-"]) + order + axis + screw + shift)
    changes = ("(0 0 1)", "(3 3 0)", "(x-y,x+y,z)", "(z,x,y)", "(x,y,z+1/8)", "(1/2*x+1/2*y,y,z)", "(-x,x,z)", "(0 0")
    return " ".join([*words, *random.choice([(), (), (random.choice(changes),)])])
