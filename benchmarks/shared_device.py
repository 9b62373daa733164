"""Evaluations per second where several relaxations share a device, beside one that computes for itself.

    OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/shared_device.py [--members 1 4 16] [--repeat 1] [--seconds 20]

Each member is a process that relaxes displaced cells of O3-NaMnO2 and NaNiO2 (4 atoms, times `--repeat`) one after the
other with CHGNet, as the workers of a launch do. Without a CUDA device the process of the device runs on the same
processor as its members (with `taskset`), so that what counts there is CPU time. Loading is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from pymatgen.core import Lattice, Structure

from hebe.engines import get_engine
from hebe.engines.sharing.line import LINE
from hebe.launchers.devices import Device, DeviceProcess, cuda_devices
from hebe.science.structures.configuration import displaced

ALONE: Final = "alone"


def cells(number: int, repeat: int) -> list[Structure]:
    """Cells of a member."""
    sites = np.outer([0, 0.5, 0.235, 0.765], [1, 1, 1])
    made = []
    for metal in ("Mn", "Ni"):
        cell = Structure(Lattice.rhombohedral(5.65, 30.5), [metal, "Na", "O", "O"], sites)
        made += [displaced(cell * (repeat, 1, 1), 0.08, f"{metal} {number} {k}") for k in range(5)]
    return made


def work(number: int, path: str, kind: str, arguments: argparse.Namespace) -> None:
    """Be a member: say when all is loaded, and relax for some time when told to."""
    if path != ALONE:
        LINE.use(path, cast("Any", kind), {})
    engine, starts = get_engine("chgnet"), cells(number, arguments.repeat)
    engine.evaluate(starts[0], magmoms=True)
    print("ready", flush=True)
    sys.stdin.readline()
    LINE.cpu_s, began, done, number = 0.0, time.process_time(), 0, 0
    end = time.monotonic() + arguments.seconds
    while time.monotonic() < end:
        done += engine.relax(starts[number % len(starts)], fmax=0.01, steps=40).n_steps
        number += 1
    print(json.dumps([done, time.process_time() - began, LINE.cpu_s]), flush=True)


def measure(members: int, device: DeviceProcess | None, arguments: argparse.Namespace) -> str:
    """Have members work at the same time; a line of results."""
    place = [ALONE, "cpu"] if device is None else [device.path, device.device.kind]
    words = [sys.executable, __file__, "--seconds", str(arguments.seconds), "--repeat", str(arguments.repeat)]
    processes = [
        subprocess.Popen(
            [*words, "--be", str(number), *place], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(members)
    ]
    pipes = [(cast("Any", process.stdin), cast("Any", process.stdout)) for process in processes]
    for _, told in pipes:
        while told.readline().strip() != "ready":
            pass
    for tells, _ in pipes:
        tells.write("\n")
        tells.flush()
    began = time.monotonic()
    found = [json.loads(told.readline()) for _, told in pipes]
    wall_s = time.monotonic() - began
    done, own_s, device_s = (sum(column) for column in zip(*found, strict=True))
    for process in processes:
        process.wait()
    per_device = f"{done / device_s:8.1f}" if device_s else "       -"
    return f"{done:7d} {done / wall_s:9.1f} {done / (own_s + device_s):12.1f} {per_device}"


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--members", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--be", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.be:
        number, path, kind = arguments.be
        work(int(number), path, kind, arguments)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    device = next(iter(cuda_devices()), Device("cpu"))
    print(f"{device.kind} {device.name}, cells of {4 * arguments.repeat} atoms")
    print("members   done    per s    per CPU s  per CPU s of the device")
    print(f"{ALONE:>7} {measure(1, None, arguments)}", flush=True)
    for members in arguments.members:
        with tempfile.TemporaryDirectory() as folder:
            process = DeviceProcess(device, Path(folder) / "device.log", None)
            try:
                print(f"{members:7d} {measure(members, process, arguments)}", flush=True)
            finally:
                process.close()


if __name__ == "__main__":
    main()
