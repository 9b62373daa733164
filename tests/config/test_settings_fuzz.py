"""Random settings, variables, expressions and quantities: read or refused in one line, at once; no secret is shown."""

from __future__ import annotations

import os
import time
import warnings
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from hebe.campaigns.results import Results
from hebe.config.reading import units
from hebe.config.reading.hiding import STEERING
from hebe.config.settings import Settings, StoreSettings, get_settings
from hebe.exceptions import BadInputError, HebeError
from support.report_results import ranked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NUMBER: Final = int(os.environ.get("SETTINGS_FUZZ", "150"))
"""Of each kind; ``make endurance`` tries more."""
LONGEST_S: Final = 2.0
SECRET: Final = "hunter2"  # noqa: S105 - whose showing would be the mistake

TEXTS: Final = (
    *("", " ", "local", "embedded", "mongodb", "maggma", "1", "-3", "1e400", "nan", ".inf", "yes", "~", "None", "0x10"),
    *(
        "auto",
        "cuda",
        "os:system",
        "a:b:c",
        "9" * 30,
        "1 h",
        "3 Ry",
        "10..20",
        "1/0",
        "1/3",
        "eV",
        "\u202e",
        "\x1b[31m",
    ),
    *("é" * 50, "a" * 3000, "/dev/zero", "../..", "~nobody/x", "a\x00b", "${HOME}", "%s%n", "{0}", "`touch PWNED`"),
    *("__import__('os').system('touch PWNED')", "!!python/object/apply:os.system [touch PWNED]", "\n\n", "\t"),
)
SECRETS: Final = (
    f"mongodb://me:{SECRET}@host/db",
    f"mongodb+srv://me:{SECRET}@host",
    f"mongodb://me:p@ss/{SECRET}@host:27017/db",
    f"http://me:{SECRET}@host",
    f"mongodb:/me:{SECRET}@host",
    f"s3://{SECRET}@bucket",
)
VALID: Final[dict[str, Any]] = {
    "workers": 2,
    "launcher": {"executor": "concurrent.futures:ProcessPoolExecutor", "arguments": {"max_workers": 2}},
    "project_dir": "x",
    "device": "cpu",
    "store": {"kind": "mongodb", "uri": "mongodb://host/db", "collection": "outputs"},
    "cluster": {
        "uri": "mongodb://host/db",
        "database": "x",
        "resources": {"default": {"queue": "main", "cores": 4, "walltime": "10 h", "before": ["module load x"]}},
    },
    "gpaw_processes": 4,
    "vasp_command": "mpirun vasp",
}


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project and a home of its own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def any_value(random: Random, depth: int = 0) -> Any:
    kind = random.randrange(9 if depth < 3 else 6)
    if kind < 3:
        return random.choice(TEXTS)
    if kind < 6:
        return random.choice([None, True, False, 0, -1, 10**17, 1.5, -0.0, 1e300, random.random()])
    if kind < 8:
        return [any_value(random, depth + 1) for _ in range(random.randrange(3))]
    return {
        mistyped(random, random.choice(TEXTS[:8])): any_value(random, depth + 1) for _ in range(random.randrange(3))
    }


def mistyped(random: Random, name: str) -> str:
    """Name with two letters exchanged, one lost or one too many."""
    at = random.randrange(len(name) + 1)
    return random.choice(
        [name[:at] + name[at + 1 :], name[:at] + "x" + name[at:], name[: at - 1][::-1] + name[at:], name]
    )


def places(value: Any) -> list[tuple[Any, Any]]:
    """All places in nested plain data, as container and key."""
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(value, key) for key, _ in items] + [place for _, inner in items for place in places(inner)]


def mutated(random: Random, *, secret: bool) -> dict[str, Any]:
    """Settings with some mistakes, one of which brings a URI with a password, wherever it stands."""
    found: dict[str, Any] = yaml.safe_load(yaml.safe_dump({k: v for k, v in VALID.items() if random.random() < 0.6}))
    found = found or {"workers": 1}
    for _ in range(random.randrange(1, 4)):
        container, key = random.choice(places(found))
        if isinstance(container, dict) and random.random() < 0.3:
            container[mistyped(random, str(key))] = container.pop(key)
        else:
            container[key] = any_value(random)
    if secret:
        value: Any = random.choice(SECRETS)
        for _ in range(random.randrange(3)):
            value = random.choice([[value], {random.choice(["uri", "url", "passwrod", "host"]): value}, [1, value]])
        container, key = random.choice(places(found) or [(found, "uri")])
        if isinstance(container, dict) and random.random() < 0.5:
            key = random.choice(["uri", "urn", "Uri", "password", "passwrod", value if isinstance(value, str) else "x"])
        container[key] = value
        block = random.choice(["store", "cluster", "launcher", "stroe", "clustre", "passwrod", "mongodb"])
        plain: Any = random.choice([SECRET, [SECRET], {"passwrod": SECRET}, [[{"uri": SECRET}]]])
        within = found.get(block)
        if isinstance(within, dict) and random.random() < 0.5:
            within[random.choice(["passwrod", "uri", "kind", "spec", "password"])] = plain
        elif random.random() < 0.5:
            found[block] = plain
    return found


def refusal(read: Callable[[], Any], folder: Path, what: object) -> bool:
    """Read, and say whether it was refused: in one short line that shows no secret and steers no terminal."""
    began, message = time.process_time(), ""
    try:
        read()
    except HebeError as err:
        message = str(err)
    assert time.process_time() - began < LONGEST_S, what
    assert SECRET not in message, what
    assert not STEERING.search(message), what
    assert "\n" not in message, what
    assert len(message) < 900, what
    assert not (folder / "PWNED").exists(), what
    return bool(message)


@pytest.mark.parametrize("secret", [False, True])
def test_settings_are_read_or_refused_in_one_line(alone: Path, *, secret: bool) -> None:
    refused = 0
    for seed in range(NUMBER):
        random = Random(seed)
        text = yaml.safe_dump(mutated(random, secret=secret), sort_keys=False, allow_unicode=random.random() < 0.5)
        if random.random() < 0.3:
            at = random.randrange(len(text) + 1)
            text = (
                text[:at]
                + random.choice([":", "[", "}", "\t", "'", "&a ", "*a", "!!x ", "%", "\x07", ""])
                + text[at + 1 :]
            )
        (alone / "hebe.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        refusal(lambda: get_settings(alone), alone, text)
        try:
            get_settings(alone)
        except BadInputError:
            refused += 1
    assert refused > NUMBER / 2, "most of them are wrong"


def test_variables_are_read_or_refused_in_one_line(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"HEBE_{name.upper()}" for name in Settings.model_fields]
    names += [f"HEBE_STORE_{name.upper()}" for name in StoreSettings.model_fields]
    for seed in range(NUMBER):
        random = Random(seed)
        chosen = {random.choice(names): random.choice((*TEXTS, *SECRETS)).replace("\x00", "") for _ in range(3)}
        chosen = {name: value.encode("utf-8", "replace").decode() for name, value in chosen.items()}
        chosen[mistyped(random, random.choice(names)).replace("=", "")] = "1"
        with monkeypatch.context() as patch, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            for name, value in chosen.items():
                if name:
                    patch.setenv(name, value)
            refusal(lambda: get_settings(alone), alone, chosen)
        assert not any(SECRET in str(one.message) or STEERING.search(str(one.message)) for one in told), chosen


WORDS: Final = (
    *(
        "rank",
        "average_voltage_V",
        "formula",
        "composition.TM.Ti4_",
        "candidate_id.__class__",
        "nothing",
        "True",
        "None",
    ),
    *(
        "<",
        ">=",
        "==",
        "!=",
        "and",
        "or",
        "not",
        "in",
        "is",
        "(",
        ")",
        "[",
        "]",
        "+",
        "**",
        ",",
        ":=",
        "lambda x:",
        ".",
    ),
    *(
        "3",
        "-1",
        "1e999",
        "'a'",
        '"',
        "'",
        "0x",
        "9" * 400,
        "f'{rank}'",
        "__import__('os').system('touch PWNED')",
        "\x00",
    ),
)


def random_expression(random: Random) -> str:
    """An expression in which up to two words are others, or words in any order."""
    if random.random() < 0.3:
        return " ".join(random.choice((*WORDS, *WORDS, *TEXTS)) for _ in range(random.randrange(1, 12)))
    words = ["rank", "<", "4", random.choice(["and", "or"]), "average_voltage_V", random.choice(["<", ">="]), "2.5"]
    for _ in range(random.randrange(3)):
        words[random.randrange(len(words))] = random.choice((*WORDS, *TEXTS))
    return " ".join(words)


def test_expressions_columns_and_sorting_are_read_or_refused_in_one_line(alone: Path) -> None:
    known, refused = Results("c", ranked()), 0
    for seed in range(3 * NUMBER):
        random = Random(seed)
        text = random_expression(random)
        refused += refusal(partial(known.where, text), alone, text)
        refusal(partial(known.sort, text), alone, text)
    assert 0 < refused < 3 * NUMBER, "some are expressions, some are none"


READERS: Final = [getattr(units, name) for name in ("Voltage", "Force", "EnergyPerAtom", "Whole", "ExactFraction")]


@pytest.mark.parametrize("kind", READERS, ids=range(len(READERS)))
def test_quantities_are_read_or_refused_in_one_line(kind: Any, alone: Path) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    refused = 0
    for seed in range(NUMBER):
        random = Random(seed)
        text = random.choice(
            ["", "-", "1", "1e9", "9" * 40, "1/3", "0." + "0" * 30 + "1", "0x1", "1_0", "\u0663", "3 " * 9]
        )
        text += random.choice(["", " "]) + random.choice(["", "", "eV", "meV/A", "mV", "Ry/bohr", "kJ/mol", *TEXTS])

        def read(text: str = text) -> None:
            try:
                adapter.validate_python(text)
            except ValidationError as err:
                raise BadInputError(err.errors(include_url=False)[0]["msg"]) from None

        refused += refusal(read, alone, text)
    assert 0 < refused < NUMBER, "some are quantities, some are none"
