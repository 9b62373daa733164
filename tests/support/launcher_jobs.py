"""Small jobs for the tests of the launcher; what they did is told by files, not by their outputs."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import uuid
from pathlib import Path
from typing import Any

from jobflow import CURRENT_JOB, Flow, JobConfig, OnMissing, Response, job


def mark(folder: str, name: str) -> None:
    """Leave one file per execution."""
    Path(folder, f"{name}.{uuid.uuid4().hex}").touch()


def mark_process(folder: str) -> None:
    """Leave a file that bears the number of this process."""
    Path(folder, str(os.getpid())).touch()


def executions(folder: Path) -> dict[str, int]:
    """How often each name was executed."""
    counts: dict[str, int] = {}
    for path in folder.iterdir():
        name = path.name.rpartition(".")[0]
        counts[name] = counts.get(name, 0) + 1
    return counts


@job
def add(*values: float) -> float:
    """Sum."""
    return sum(values)


@job
def combine(name: str, folder: str, inputs: list[Any]) -> dict[str, Any]:
    """Hash-like combination of the inputs."""
    mark(folder, name)
    return {"name": name, "value": (sum(item["value"] for item in inputs) * 31 + len(name)) % 10007}


@job
def explode(message: str) -> None:
    """Raise."""
    raise ValueError(message)


@job(config=JobConfig(on_missing_references=OnMissing.NONE))
def count_present(items: list[Any]) -> int:
    """Number of inputs that are there."""
    return sum(item is not None for item in items)


@job
def document(folder: str, name: str, status: str, key: str | None = None, after: Any = None) -> dict[str, Any]:  # noqa: ARG001 - only an edge
    """A document like those of calculations."""
    mark(folder, name)
    error = {"error_class": "EngineError", "message": "exploded"} if status == "failed" else None
    return {"key": key or name, "energy_scale": "test", "status": status, "error": error}


@job
def finish_if(folder: str, name: str, flag: str) -> dict[str, Any]:
    """A document that is cut as long as a file is missing."""
    mark(folder, name)
    return {"key": name, "energy_scale": "test", "status": "converged" if Path(flag).exists() else "cut"}


@job
def refer(uuid_: str) -> Any:
    """Return a reference to another job's output."""
    from jobflow import OutputReference

    return OutputReference(uuid_)


@job
def replaced(depth: int, folder: str) -> Response[Any]:
    """Replace oneself by a flow, depth times."""
    mark(folder, f"replaced-{depth}")
    if depth == 0:
        return Response(output=1)
    inner = replaced(depth - 1, folder)
    total = add(inner.output, 1)
    return Response(replace=Flow([inner, total], output=total.output))


@job
def detoured(folder: str) -> Response[Any]:
    """Have a job run before the children."""
    mark(folder, "detoured")
    return Response(output=5, detour=note("detour", folder, 1))


@job
def adding(folder: str) -> Response[Any]:
    """Add a job to the flow."""
    mark(folder, "adding")
    return Response(output=7, addition=note("addition", folder, 2))


@job
def adding_if(folder: str, flag: str, value: dict[str, Any]) -> Response[Any]:
    """Add a job to the flow as long as a file is missing."""
    mark(folder, "adding")
    extra = note("addition", folder, 2)
    extra.set_uuid("addition")
    if Path(flag).exists():
        return Response(output=value["value"])
    return Response(output=value["value"], addition=Flow([extra]))


@job
def note(name: str, folder: str, value: Any) -> Any:
    """Pass a value on."""
    mark(folder, name)
    return value


@job
def name_of(folder: str, name: str, value: dict[str, Any]) -> str:
    """Key of a document."""
    mark(folder, name)
    return str(value["key"])


@job
def last(folder: str, value: Any) -> dict[str, Any]:
    """What had been executed when this ran."""
    return {"value": value, "before": sorted(executions(Path(folder)))}


@job
def stop_children(folder: str) -> Response[Any]:
    """Stop the children."""
    mark(folder, "stopper")
    return Response(output=1, stop_children=True)


@job
def stop_all() -> Response[Any]:
    """Stop everything."""
    return Response(output=1, stop_jobflow=True)


@job
def die(folder: str, times: int) -> int:
    """Kill the own process the first times."""
    mark(folder, "die")
    if executions(Path(folder))["die"] <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return times


@job
def pause(text: str) -> None:
    """Say something and stop at a breakpoint."""
    print(text)  # noqa: T201 - tests where it goes
    breakpoint()  # noqa: T100 - what this is for


@job
def leave_file(text: str) -> str:
    """Write a file into the job folder and talk."""
    print(text)  # noqa: T201 - tests where it goes
    Path("left.txt").write_text(text, encoding="utf-8")
    return str(Path.cwd())


@job
def process(pause_s: float = 0.0) -> dict[str, Any]:
    """Who runs this, and with how many threads, after a pause (s)."""
    threading.Event().wait(pause_s)
    return {"pid": os.getpid(), "threads": os.environ.get("OMP_NUM_THREADS")}


@job
def pass_structure(structure: Any, value: Any = None) -> Any:  # noqa: ARG001 - only an edge
    """Return what was given."""
    return structure


@job(config=JobConfig(expose_store=True))
def compute_once(folder: str, key: str) -> Any:
    """Compute under a claim, or refer to who did."""
    from jobflow import OutputReference

    from hebe.stores.cache import Claims, lookup_or_claim

    hit = lookup_or_claim(CURRENT_JOB.store, key, Claims(CURRENT_JOB.store))
    if hit is not None:
        return OutputReference(hit.uuid)
    mark(folder, key)
    return {"key": key, "energy_scale": "test", "status": "converged", "value": len(key)}


@job(config=JobConfig(expose_store=True))
def refer_to_itself(stored: Any) -> Any:
    """Return a reference to the output of the job itself, which another launch has stored meanwhile, if it has."""
    from jobflow import OutputReference

    own = CURRENT_JOB.job
    if stored is not None:
        document = {"uuid": own.uuid, "index": own.index, "output": stored, "metadata": {"of": "another launch"}}
        CURRENT_JOB.store.docs_store.update([document], key=["uuid", "index"])
    return OutputReference(own.uuid)


def calculated(key: str) -> int:
    """Value of a calculation, after some thousandths of a second."""
    value = sum(map(ord, key))
    for _ in range(100_000):
        value = (value * 48271) % 2147483647
    return value


@job(config=JobConfig(expose_store=True))
def calculate(folder: str, key: str) -> Any:
    """Compute under a claim, as makers do, or refer to who did; it is marked when it begins."""
    from jobflow import OutputReference

    from hebe.stores.cache import Claims, lookup_or_claim

    claims = Claims(CURRENT_JOB.store)
    hit = lookup_or_claim(CURRENT_JOB.store, key, claims)
    if hit is not None:
        return OutputReference(hit.uuid)
    with claims.hold(key):
        mark(folder, key)
        return {"key": key, "energy_scale": "test", "status": "converged", "value": calculated(key)}


def calculations(number: int, folder: str) -> Flow:
    """Calculations of which every one is asked for by two jobs; the uuids are always the same."""
    made: list[Any] = []
    for place in range(number):
        new = calculate(folder, f"key-{place // 2}")
        new.set_uuid(f"calculation-{place}")
        made.append(new)
    return Flow(made)


@job
def unstorable() -> Any:
    """Return something that no document can hold."""
    return object()


@job
def leak() -> int:
    """Take more and more memory."""
    taken = []
    while True:
        taken.append(bytearray(os.urandom(1 << 20)) * 8)


@job(config=JobConfig(manager_config={"timeout_s": 0.5}))
def hang() -> None:
    """Wait for ever."""
    threading.Event().wait()


@job(config=JobConfig(manager_config={"timeout_s": 0.5}))
def sleep_deaf(folder: str) -> None:
    """Wait for ever and hear nothing, as code does that does not return to Python."""
    mark(folder, "deaf")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    threading.Event().wait()


@job
def take_away(path: str, how: str, after: Any) -> dict[str, int]:  # noqa: ARG001 - only an edge
    """Remove the file of a store, or put a copy in its place, once."""
    once = Path(path).with_suffix(".taken")
    if not once.exists():
        once.touch()
        whole = Path(path).read_bytes()
        for ending in ("", "-wal", "-shm"):
            Path(path + ending).unlink(missing_ok=True)
        if how == "replaced":
            Path(path).write_bytes(whole)
    return {"value": 1}


@job
def leave(code: int) -> None:
    """Leave the process without a word."""
    os._exit(code)


@job
def crash() -> bytes:
    """Read from where nothing is."""
    return ctypes.string_at(0)


@job
def large(megabytes: int) -> list[str]:
    """Return a lot."""
    return ["x" * 10**6] * megabytes


@job
def start_child_and_hang(folder: str) -> None:
    """Start a process that would outlive this one, and wait for ever."""
    child = subprocess.Popen(["sleep", "100000"])
    path = Path(folder, "child")
    path.with_suffix(".new").write_text(str(child.pid), encoding="ascii")
    path.with_suffix(".new").rename(path)
    threading.Event().wait()


@job
def meet(writes: str, reads: str, gate: str, *, writes_first: bool, after: Any) -> int:  # noqa: ARG001 - only an edge
    """Meet another job at two named pipes, which open when both are there, then wait at a gate."""
    pipes = [(writes, "w"), (reads, "r")]
    for path, way in pipes if writes_first else reversed(pipes):
        Path(path).open(way, encoding="ascii").close()
    Path(gate).open(encoding="ascii").close()
    return os.getpid()


@job(data="table")
def tabulate(size: int, after: Any = None) -> dict[str, Any]:  # noqa: ARG001 - only an edge
    """A part of the output goes to an additional store."""
    return {"size": size, "table": list(range(size))}


@job
def keep_data() -> Response[int]:
    """Give the manager something to keep."""
    return Response(output=1, stored_data={"queue": "long", "cores": 4})


@job(config=JobConfig(on_missing_references=OnMissing.PASS))
def describe(value: Any) -> str:
    """What kind of value was passed."""
    return type(value).__name__


@job
def change(values: list[int]) -> list[int]:
    """Change the argument in place."""
    values.append(len(values))
    return values


@job
def work(name: str, folder: str, inputs: list[Any], rounds: int) -> dict[str, Any]:
    """Combine the inputs after some rounds of computing, about a microsecond each."""
    mark(folder, name)
    value = 1
    for _ in range(rounds):
        value = (value * 48271) % 2147483647
    return {"name": name, "value": (sum(item["value"] for item in inputs) * 31 + value) % 10007}


def campaign_like(candidates: int, folder: str) -> Flow:
    """Ten jobs per candidate, half of them long ones, as a campaign has them; the uuids are always the same."""
    made: list[Any] = []

    def add_job(name: str, parents: list[Any], rounds: int, candidate: int) -> Any:
        new = work(name, folder, [parent.output for parent in parents], rounds)
        new.set_uuid(f"job-{name}")
        new.metadata["priority"] = -candidate
        made.append(new)
        return new

    shared = add_job("shared", [], 300_000, 0)
    for number in range(candidates):
        build = add_job(f"{number}-build", [], 10, number)
        parent = add_job(f"{number}-made", [build], 200_000, number)
        orders = [add_job(f"{number}-order-{x}", [build], 10, number) for x in range(2)]
        states = [add_job(f"{number}-state-{x}", [parent, orders[x % 2]], 200_000, number) for x in range(3)]
        voltage = add_job(f"{number}-voltage", [parent, *states, shared], 10, number)
        strain = add_job(f"{number}-strain", [parent, *states], 10, number)
        add_job(f"{number}-candidate", [voltage, strain], 10, number)
    return Flow(made)
