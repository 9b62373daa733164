"""Campaign files with one mistake each, and what the message about it must say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GOOD: Final = """\
name: na-o3
host:
  family: layered-o3
  working_ion: Na
  sublattices:
    TM:
      species: {Ni: [2], Fe: [3], Mn: [3, 4], Ti: [4], Cu: [2], Mg: [2]}
      n_species: 5..6
      grid: 12
      fraction: 1/12..1/2
filters:
  entropy: {min: 1.5 R}
  size_mismatch: {max: 10 %}
select: {method: diverse, n: 6, seed: 7}
stages:
  - engine: chgnet
    x: [1, 2/3, 1/3]
    window: 1..1/3
    orderings: {keep: 2}
    analyses: [voltage, volume_strain, mixing]
rank: {maximize: [average_voltage], minimize: [mixing_temperature]}
"""

ROCKSALT: Final = """\
name: rost
host:
  family: rocksalt
  sublattices:
    M: {species: {Mg: 2, Co: 2, Ni: 2, Cu: 2, Zn: 2}, n_species: 5, grid: 5}
stages: [{engine: chgnet}]
"""


@dataclass(frozen=True)
class Broken:
    """A file, and the line, key and words of the message; words count in any order, case matters."""

    label: str
    data: bytes
    line: int | None
    key: str | None
    words: tuple[str, ...]


def _edit(label: str, old: str, new: str, line: int | None, key: str | None, *words: str, base: str = GOOD) -> Broken:
    if base.count(old) != 1:
        raise ValueError(f"{label}: {old!r} stands {base.count(old)} times in the good file")
    return Broken(label, base.replace(old, new).encode(), line, key, words)


def _later(label: str, stage: str, line: int, key: str, *words: str, base_keep: str | None = None) -> Broken:
    """A second stage with something wrong, or a first one that says what it keeps."""
    first = "  - engine: chgnet\n" if base_keep is None else f"  - engine: chgnet\n    {base_keep}\n"
    text = GOOD.replace("  - engine: chgnet\n", first).replace("rank:", f"  - {{{stage}}}\nrank:")
    return Broken(label, text.encode(), line, key, words)


def _raw(label: str, data: bytes, line: int | None, key: str | None, *words: str) -> Broken:
    return Broken(label, data, line, key, words)


_TM: Final = "host.sublattices.TM"
_LAUGHS: Final = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

NOT_YAML: Final = (
    _raw("empty", b"", 1, None, "empty"),
    _raw("only a comment", b"# nothing yet\n", 1, None, "empty"),
    _raw("list at the top", b"- name: x\n- host: y\n", 1, None, "mapping", "a list of 2"),
    _raw("text at the top", b"\n\njust words\n", 3, None, "mapping", "'just words'"),
    _raw(
        "latin-1", GOOD.replace("na-o3", "na-o3 # caf\u00e9").encode("latin-1"), 1, None, "UTF-8", "0xe9", "offset 17"
    ),
    _raw("utf-16", GOOD.encode("utf-16"), 1, None, "UTF-8", "0xff", "offset 0"),
    _raw("control character", b"name: x\nhost: \x00\n", 2, None, "U+0000"),
    _raw("10 MB of nonsense", b"lorem ipsum \n" * 800_000, None, None, "larger than 1000000 bytes"),
    _raw("1 MB of brackets", b"[" * 999_999, 1, None, "deeper than 20"),
    _raw("1 MB in a line", b"x" * 999_999, 1, None, "mapping", "999999 characters"),
    _raw("1 MB of items", b"name: [" + b"a," * 400_000 + b"]", 1, None, "50000 values"),
    _raw("1 MB of keys", b"".join(b"k%d:\n" % i for i in range(110_000)), 50_000, None, "50000 values"),
    _raw("many directives", b"".join(b"%%TAG !%d! b\n" % i for i in range(60_000)), 1, None, "directives"),
    _raw("deep nesting in flow style", b"name: " + b"{a: " * 500, 1, None, "deeper than 20"),
    _raw("deep nesting in block style", b"".join(b" " * i + b"a:\n" for i in range(500)), 21, None, "deeper than 20"),
    _raw("billion laughs", _LAUGHS.encode(), 1, "a", "anchors and aliases"),
    _edit("alias to nothing", "name: na-o3", "name: *x", 1, "name", "anchors and aliases"),
    _edit("merge", "    TM:\n", "    TM:\n      <<: {grid: 3}\n", 7, f"{_TM}.<<", "unknown key '<<'"),
    _edit(
        "python tag", "na-o3", "!!python/object/apply:os.system [ls]", 1, "name", "tags are not read", "python/object"
    ),
    _edit("own tag", "grid: 12", "grid: !foo 12", 9, f"{_TM}.grid", "tags are not read", "!foo"),
    _edit("tag on a key", "grid: 12", "!!str grid: 12", 9, _TM, "as key", "a tag or an anchor"),
    _edit("list as key", "grid: 12", "? [a]\n      : b", 9, _TM, "as key", "a list or mapping"),
    _edit("number as key", "grid: 12", "12: grid", 9, _TM, "as key", "got 12", "quotes"),
    _edit("key twice", "grid: 12", "grid: 12\n      grid: 6", 10, f"{_TM}.grid", "twice", "line 9"),
    _edit("two documents", "host:", "---\nhost:", 2, None, "second document"),
    _edit("tab", "      grid", "\tgrid", 9, None, "tab", "spaces"),
    _edit("open quote", "na-o3", "'na-o3", None, None, "not valid YAML", "starts in line 1"),
    _edit("open bracket", "[3, 4]", "[3, 4", 7, None, "not valid YAML", "while parsing a flow sequence"),
    _edit("colon lost", "    TM:", "    TM", 7, None, "not valid YAML", "mapping values are not allowed"),
)

NUMBERS: Final = (
    _edit("NaN", "grid: 12", "grid: .nan", 9, f"{_TM}.grid", "finite", "'.nan'"),
    _edit("infinite", "min: 1.5 R", "min: -.inf", 12, "filters.entropy.min", "finite"),
    _edit("infinite without a dot", "min: 1.5 R", "min: inf", 12, "filters.entropy.min", "a number", "R or J/mol/K"),
    _edit("1e400", "min: 1.5 R", "min: 1e400", 12, "filters.entropy.min", "hold", "'1e400'"),
    _edit("1e400 R", "min: 1.5 R", "min: 1e400 R", 12, "filters.entropy.min", "a number", "'1e400 R'"),
    _edit("5001 digits", "seed: 7", f"seed: 1{'0' * 5000}", 14, "select.seed", "18 digits", "5001"),
    _edit("5001 digits in quotes", "seed: 7", f"seed: '1{'0' * 5000}'", 14, "select.seed", "whole number", "5001 char"),
    _edit("huge exponent", "1/12..1/2", "1e-99999999..1/2", 10, f"{_TM}.fraction", "fraction such as", "'1e-99999999'"),
    _edit("seed too large", "seed: 7", "seed: 4294967296", 14, "select.seed", "less than 4294967296", "got 4294967296"),
    _edit("negative seed", "seed: 7", "seed: -1", 14, "select.seed", "at least 0", "-1"),
    _edit("sexagesimal", "seed: 7", "seed: 1:30", 14, "select.seed", "whole number", "'1:30'"),
    _edit("true as number", "n: 6", "n: true", 14, "select.n", "whole number", "true"),
    _edit("word as number", "grid: 12", "grid: twelve", 9, f"{_TM}.grid", "whole number", "'twelve'"),
    _edit("half a number", "keep: 2", "keep: 1.5", 19, "stages[0].orderings.keep", "whole number", "1.5"),
    _edit("zero grid", "grid: 12", "grid: 0", 9, f"{_TM}.grid", "at least 1", "got 0"),
    _edit("wrong unit", "10 %", "10 kJ", 13, "filters.size_mismatch.max", "%", "'10 kJ'"),
    _edit("zero below", "2/3", "2/0", 17, "stages[0].x[1]", "fraction such as 1/3", "'2/0'"),
    _edit("negative x", "2/3", "-2/3", 17, "stages[0].x", "between 0 and 1", "-2/3"),
    _edit("same x twice", "2/3", "2/6", 17, "stages[0].x", "twice"),
    _edit("negative bound", "max: 10 %", "max: -1 %", 13, "filters.size_mismatch.max", "nothing passes"),
    _edit("min over max", "min: 1.5 R", "min: 1.5 R, max: 1", 12, "filters.entropy.max", "max 1", "min 1.5"),
    _edit("no bound", "{min: 1.5 R}", "{convention: per-atom}", 12, "filters.entropy", "min or max"),
)

NAMES: Final = (
    _edit("typo at the top", "name: na", "nme: na", 1, "nme", "unknown key 'nme'", "did you mean name?"),
    _edit("typo below", "grid:", "gird:", 9, f"{_TM}.gird", "unknown key 'gird'", "did you mean grid?"),
    _edit("typo in a list", "keep: 2", "kep: 2", 19, "stages[0].orderings.kep", "did you mean keep?"),
    _edit("key of elsewhere", "keep: 2", "colour: red", 19, "stages[0].orderings.colour", "known keys: keep"),
    _edit("order of filters", "filters:", "filters:\n  order: [entropy]", 11, "filters", "order is not a key"),
    _edit("long key", "grid:", f"{'g' * 500}:", 9, f"{_TM}.{'g' * 40}...", "500 characters"),
    _edit("several mistakes", "grid: 12", "gird: 12\n      fractoin: 1", 9, f"{_TM}.gird", "and 1 more mistake"),
    _edit("name missing", "name: na-o3\n", "", 1, "name", "missing"),
    _edit("stages missing", GOOD[GOOD.index("stages") : GOOD.index("rank")], "", 1, "stages", "missing"),
    _edit("number as name", "na-o3", "12", 1, "name", "a text", "12", "quotes"),
    _edit("name with path parts", "na-o3", "../../etc/passwd", 1, "name", "letters, digits", "'../../etc/passwd'"),
    _edit("hidden name", "na-o3", ".hebe", 1, "name", "starts with a letter", "'.hebe'"),
    _edit("long name", "na-o3", "n" * 65, 1, "name", "64", "65 characters"),
    _edit("engine typo", "chgnet", "chgnt", 16, "stages[0].engine", "'chgnt'", "did you mean chgnet?"),
    _edit("engine without scale", "chgnet", "{ase: a.b:c}", 16, "stages[0].engine", "energy_scale"),
    _edit("method typo", "diverse", "divers", 14, "select.method", "'divers'", "did you mean diverse?"),
    _edit("method of elsewhere", "diverse", "bayes", 14, "select.method", "'bayes'", "known: all, random, diverse"),
    _edit("random without n", "diverse, n: 6", "random", 14, "select", "needs n"),
    _edit("n of all", "diverse", "all", 14, "select.n", "takes every candidate"),
    _edit(
        "objective typo", "average_voltage", "avrage_voltage", 21, "rank.maximize[0]", "did you mean average_voltage?"
    ),
    _edit("both ways", "mixing_temp", "average_voltage, mixing_temp", 21, "rank", "average_voltage cannot be both"),
    _edit(
        "text for a list", "[average_voltage]", "average_voltage", 21, "rank.maximize", "a list", "'average_voltage'"
    ),
    _edit("list for a mapping", "{keep: 2}", "[2]", 19, "stages[0].orderings", "a mapping", "a list of 1"),
    _edit("nothing for a mapping", "{method: diverse, n: 6, seed: 7}", "", 14, "select", "a mapping", "nothing"),
    _edit("no analyses", "[voltage, volume_strain, mixing]", "[]", 20, "stages[0].analyses", "at least 1"),
)

CHEMISTRY: Final = (
    _edit("family typo", "layered-o3", "layerd-o3", 3, "host.family", "'layerd-o3'", "did you mean layered-o3?"),
    _edit("family of elsewhere", "layered-o3", "../secret", 3, "host.family", "known: amorphous-alloy, "),
    _edit("ion missing", "  working_ion: Na\n", "", 2, "host.working_ion", "needs a working ion", "Li, Na"),
    _edit("ion of elsewhere", "working_ion: Na", "working_ion: K", 4, "host.working_ion", "K is no", "Li, Na"),
    _edit(
        "ion as species", "working_ion: Na", "working_ion: Na+", 4, "host.working_ion", "element", "did you mean Na?"
    ),
    _edit("sublattice typo", "TM:", "Tm:", 6, "host.sublattices.Tm", "'Tm'", "did you mean TM?"),
    _edit("anion sublattice", "TM:", "O:", 6, "host.sublattices.O", "anion", "species mix on TM"),
    _edit("no species", GOOD[GOOD.index("{Ni") : GOOD.index("      n_sp")], "{}\n", 7, f"{_TM}.species", "at least 1"),
    _edit("small letters", "Ni: [2]", "ni: [2]", 7, f"{_TM}.species.ni", "'ni'", "did you mean Ni?"),
    _edit("ion as element", "Ni: [2]", "Ni2+: [2]", 7, f"{_TM}.species.Ni2+", "symbol", "did you mean Ni?"),
    _edit("nobelium", "Ni: [2]", "No: [2]", 7, f"{_TM}.species.No", "No does not go on TM", "TM holds Li, Mg, Ca"),
    _edit("element typo", "Mn: [3, 4]", "Mm: [3]", 7, f"{_TM}.species.Mm", "did you mean Mn?", "TM holds"),
    _edit("impossible charge", "Ni: [2]", "Ni: [7]", 7, f"{_TM}.species.Ni", "+7", "Ni takes +2, +3, +4"),
    _edit("negative charge", "Ti: [4]", "Ti: -4", 7, f"{_TM}.species.Ti", "-4", "Ti takes +3, +4"),
    _edit("charge of 18 digits", "Ni: [2]", f"Ni: [{'9' * 18}]", 7, f"{_TM}.species.Ni", "9" * 18),
    _edit("charge as text", "Ni: [2]", "Ni: 2+", 7, f"{_TM}.species.Ni", "whole number", "'2+'"),
    _edit("true as charge", "Ni: [2]", "Ni: [true]", 7, f"{_TM}.species.Ni[0]", "whole number", "true"),
    _edit("no charge", "Ni: [2]", "Ni: []", 7, f"{_TM}.species", "Ni", "oxidation states"),
    _edit("same charge twice", "[3, 4]", "[3, 3]", 7, f"{_TM}.species", "Mn", "3, 3"),
    _edit("primary typo", "  family", "  primary: TN\n  family", 3, "host.primary", "'TN'", "did you mean TM?"),
    _edit("too much made", "  family", "  x_made: 1.5\n  family", 3, "host.x_made", "0 to 1", "3/2"),
    _edit("species of elsewhere", "filters:", "filters:\n  include: [Co]", 12, "filters.include[0]", "Co", "Ni, Fe"),
    _edit(
        "entropy of nothing",
        "{min: 1.5 R}",
        "{min: 1, sublattice: T}",
        12,
        "filters.entropy.sublattice",
        "did you mean TM?",
    ),
)

AMOUNTS: Final = (
    _edit("too many species", "5..6", "7..8", 8, f"{_TM}.n_species", "6 elements", "7"),
    _edit("no species at all", "5..6", "0..3", 8, f"{_TM}.n_species", "between 1", "0"),
    _edit("halves of species", "5..6", "5.5..6", 8, f"{_TM}.n_species", "whole numbers", "'5.5..6'"),
    _edit("negative fraction", "1/12..1/2", "-1/12..1/2", 10, f"{_TM}.fraction", "between 0 and 1", "-1/12..1/2"),
    _edit("fraction over one", "1/12..1/2", "1/12..2", 10, f"{_TM}.fraction", "between 0 and 1", "1/12..2"),
    _edit("between the steps", "1/12..1/2", "1/11..1/8", 10, f"{_TM}.fraction", "no multiple of 1/12", "1/11..1/8"),
    _edit("too little of each", "1/12..1/2", "1/12", 8, f"{_TM}.n_species", "5 to 6 species", "1/12", "never add up"),
    _edit("too much of each", "1/12..1/2", "1/4..1/2", 8, f"{_TM}.n_species", "1/4 to 1/2", "never add up"),
    _edit("grid too coarse", "grid: 12", "grid: 4", 8, f"{_TM}.n_species", "1/4", "never add up"),
    _edit("list for a range", "1/12..1/2", "[1/12, 1/2]", 10, f"{_TM}.fraction", "a range such as", "a list of 2"),
)

STAGES: Final = (
    _edit("window off the x", "1..1/3", "1..1/2", 18, "stages[0].window", "1/2", "1/3, 2/3, 1"),
    _edit("window of one point", "1..1/3", "1", 18, "stages[0].window", "voltage needs two", "x = 1"),
    _edit("one x", "x: [1, 2/3, 1/3]\n    window: 1..1/3", "x: [1]", 17, "stages[0].x", "voltage needs two", "x = 1"),
    _edit(
        "objective without analysis",
        "strain, mixing]",
        "strain]",
        21,
        "rank.minimize[0]",
        "analysis mixing",
        "add mixing",
    ),
    _later("later stage without keep", "engine: chgnet", 21, "stages[1].keep", "how many", "20 %"),
    _later("keep of the first stage", "engine: chgnet, keep: 2", 17, "stages[0].keep", "before", base_keep="keep: 3"),
    _later("keep nothing", "engine: chgnet, keep: 0", 21, "stages[1].keep", "at least 1", "0"),
    _later("keep in words", "engine: chgnet, keep: the best", 21, "stages[1].keep", "20 %", "'the best'"),
    _later("keep more than all", "engine: chgnet, keep: 120 %", 21, "stages[1].keep", "at most 1"),
    _later("front of what", "engine: chgnet, keep: pareto(entropy)", 21, "stages[1].keep", "entropy", "no objective"),
    _later("front of nonsense", "engine: chgnet, keep: pareto(voltage)", 21, "stages[1].keep", "'voltage'"),
    _later("later stage at another x", "engine: chgnet, keep: 2, x: [1, 1/2]", 21, "stages[1].x[1]", "1/2", "2/3"),
    _later(
        "more orderings later", "engine: chgnet, keep: 2, orderings: {keep: 3}", 21, "stages[1].orderings.keep", "2"
    ),
    _later(
        "more configurations later", "engine: chgnet, keep: 2, configurations: 5", 21, "stages[1].configurations", "2"
    ),
    _later("calibration that keeps some", "calibrate: {engine: gpaw}, keep: 2", 21, "stages[1].keep", "all candidates"),
    _later("calibration by two", "calibrate: {engine: gpaw}, engine: gpaw", 21, "stages[1].engine", "no engine"),
    _later("nothing to calibrate", "calibrate: {engine: chgnet}", 21, "stages[1].calibrate.engine", "energy scale"),
    _later("calibration by nobody", "calibrate: {n: 3}", 21, "stages[1].calibrate.engine", "'engine' is missing"),
    _later("calibration by gpw", "calibrate: {engine: gpw}", 21, "stages[1].calibrate.engine", "did you mean gpaw?"),
    _later("no small cells", "calibrate: {engine: gpaw, n: 0}", 21, "stages[1].calibrate.n", "at least 2", "0"),
    _later(
        "key of no calibration", "calibrate: {engine: gpaw, m: 3}", 21, "stages[1].calibrate.m", "known keys: engine"
    ),
    _later(
        "a vertex alone",
        "calibrate: {engine: gpaw, cells: [NaFeO2, NaMnO2]}",
        21,
        "stages[1].calibrate.cells[0]",
        "fewest",
    ),
    _later(
        "a cell of another host",
        "calibrate: {engine: gpaw, cells: [NaCrO2, NaMnO2]}",
        21,
        "stages[1].calibrate.cells[0]",
        "Cr",
    ),
    _later(
        "cells and their number",
        "calibrate: {engine: gpaw, n: 5, cells: [NaFe1/2Mn1/2O2]}",
        21,
        "stages[1].calibrate.n",
        "nothing to choose",
    ),
    _later("one cell", "calibrate: {engine: gpaw, cells: [NaFe1/2Mn1/2O2]}", 21, "stages[1].calibrate.cells", "2", "1"),
    _later("large small cells", "calibrate: {engine: gpaw, sizes: 2..40}", 21, "stages[1].calibrate.sizes", "2..40"),
    _edit(
        "calibration first",
        "  - engine: chgnet\n",
        "  - calibrate: {engine: gpaw}\n",
        16,
        "stages[0].calibrate",
        "no stage before",
        "ordinary stage",
    ),
    _edit(
        "calibration without mixing",
        "analyses: [voltage, volume_strain, mixing]",
        "analyses: [voltage]\n  - calibrate: {engine: gpaw}",
        21,
        "stages[1].calibrate",
        "mixing",
        "stage 1",
    ),
    _edit(
        "calibration of statics",
        "analyses: [voltage, volume_strain, mixing]",
        "analyses: [mixing]\n  - {engine: vasp, keep: 2, task: static}\n  - calibrate: {engine: gpaw}",
        22,
        "stages[2].calibrate",
        "task: relax",
    ),
    _later("cut-off too low", "engine: {name: gpaw, preset: ci}, keep: 2", 21, "stages[1].engine", "400 eV", "600 eV"),
    _later("task of another kind", "engine: chgnet, keep: 2, task: optimise", 21, "stages[1].task", "'optimise'"),
    _edit(
        "first stage static", "engine: chgnet", "engine: chgnet\n    task: static", 17, "stages[0].task", "relax first"
    ),
    _edit("no stages", "[{engine: chgnet}]", "[]", 6, "stages", "at least 1", base=ROCKSALT),
    _edit(
        "ion in rock salt",
        "  family",
        "  working_ion: Li\n  family",
        3,
        "host.working_ion",
        "has no working ion",
        base=ROCKSALT,
    ),
    _edit(
        "voltage of rock salt",
        "chgnet}",
        "chgnet, analyses: [mixing, voltage]}",
        6,
        "stages[0].analyses[1]",
        "no working ion",
        "analyses: [mixing]",
        base=ROCKSALT,
    ),
    _edit("x in rock salt", "chgnet}", "chgnet, x: [1, 0]}", 6, "stages[0].x", "has no working ion", base=ROCKSALT),
    _edit("window in rock salt", "chgnet}", "chgnet, window: 0..1}", 6, "stages[0].window", "no window", base=ROCKSALT),
    _edit(
        "capacity of rock salt",
        "stages:",
        "rank: {maximize: [capacity_redox]}\nstages:",
        6,
        "rank.maximize[0]",
        "has no working ion",
        base=ROCKSALT,
    ),
)

BROKEN: Final = (*NOT_YAML, *NUMBERS, *NAMES, *CHEMISTRY, *AMOUNTS, *STAGES)
