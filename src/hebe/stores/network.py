"""File systems that several hosts share: how to tell one, and the lock file that makes one process the only owner.

SQLite's shared memory and locks cannot be trusted there, so an embedded store on such a file system is opened by one
process alone.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hebe.exceptions import StoreError
from hebe.stores.owners import Owner

if TYPE_CHECKING:
    from collections.abc import Iterator

LEASE_S = 60.0
"""An owner on another host that has not renewed its lock file for this long is taken to be gone."""

SIMULATION = "HEBE_TEST_NETWORK_PATH"
"""Variable that names a folder to be treated as a network file system, for tests."""

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = {
    *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afs", "ncpfs", "9p", "lustre", "gpfs", "beegfs", "ceph"),
    *("glusterfs", "fuse.glusterfs", "fuse.sshfs", "fuse.ceph", "fuse.beegfs", "panfs", "pvfs2", "orangefs", "wekafs"),
}
_RENEWALS = 3
_PAUSE_S = 0.02


def is_network_path(path: str | os.PathLike[str]) -> bool:
    """Whether a file is, or would be, on a file system that other hosts may share.

    Parameters
    ----------
    path
        A file or folder; it need not exist.
    """
    resolved = Path(path).expanduser().resolve()
    simulated = os.environ.get(SIMULATION)
    if simulated and resolved.is_relative_to(Path(simulated).resolve()):
        return True
    return filesystem_type(resolved) in _NETWORK


def filesystem_type(path: Path) -> str | None:
    """Return the type of the file system that holds an absolute path; None when the system does not tell."""
    found = [(len(point.parts), kind) for point, kind in _mounts() if path.is_relative_to(point)]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _mounts() -> Iterator[tuple[Path, str]]:
    """Mount points and types, later mounts last; see the manual page proc(5)."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in reversed(lines):
        fields = line.split(" ")
        point = fields[1].encode("ascii", "surrogateescape").decode("unicode_escape")
        yield Path(point), fields[2]


class Ownership:
    """The right of one process to open a file, kept in a lock file beside it and renewed while it is held.

    Parameters
    ----------
    path
        The file that is owned; the lock file is ``PATH-owner``.
    lease_s
        How long the lock lasts without being renewed, in seconds.
    """

    def __init__(self, path: str, lease_s: float = LEASE_S) -> None:
        self.path = path
        self._lock = Path(f"{path}-owner")
        self._lease_s = lease_s
        self._owner = Owner.current()
        self._end = threading.Event()
        self.lost = False
        """Whether another process has taken the file over."""

    def acquire(self) -> None:
        """Become the owner.

        Raises
        ------
        hebe.exceptions.StoreError
            If another process owns the file; names its host and number.
        """
        while not self._create():
            found = live_owner(self.path)
            if found is not None:
                raise refusal(self.path, found)
            self._remove_ended()
        threading.Thread(target=self._keep, daemon=True, name="ownership").start()

    def release(self) -> None:
        """Give it up."""
        self._end.set()
        if not self.lost and _read(self._lock)[0] == self._owner:
            self._lock.unlink(missing_ok=True)

    def renew(self) -> None:
        """Lengthen the lease, unless somebody else has taken the file over."""
        if _read(self._lock)[0] != self._owner:
            self.lost = True
            return
        fresh = self._written()
        fresh.replace(self._lock)

    def _keep(self) -> None:
        while not self._end.wait(self._lease_s / _RENEWALS) and not self.lost:
            try:
                self.renew()
            except OSError:
                continue

    def _create(self) -> bool:
        """Make the lock."""
        return self._link(self._lock)

    def _link(self, name: Path) -> bool:
        """Link a complete file to a name, which one process alone can do, also on NFS; False if the name is taken."""
        fresh = self._written()
        try:
            name.hardlink_to(fresh)
        except FileExistsError:
            return False
        finally:
            fresh.unlink(missing_ok=True)
        return True

    def _written(self) -> Path:
        owner = self._owner
        fresh = Path(f"{self._lock}.{owner.host}.{owner.pid}")
        body = {"host": owner.host, "pid": owner.pid, "started": owner.started, "expires": time.time() + self._lease_s}
        fresh.write_text(json.dumps(body) + "\n", encoding="utf-8")
        return fresh

    def _remove_ended(self) -> None:
        """Remove a lock that has ended; a second lock lets one process at a time do so.

        Without it a process that read the ended lock could remove the one that another has put in its place.
        """
        guard = Path(f"{self._lock}.takeover")
        if not self._link(guard):
            _, expires = _read(guard)
            if expires <= time.time():
                guard.unlink(missing_ok=True)  # of a process that died while it had it
            time.sleep(_PAUSE_S)
            return
        try:
            if _has_ended(self._lock):
                self._lock.unlink(missing_ok=True)
        finally:
            guard.unlink(missing_ok=True)


def _has_ended(lock: Path) -> bool:
    """Whether there is a lock and nobody holds it; one that is not there has not ended."""
    if not lock.exists():
        return False
    owner, expires = _read(lock)
    if owner is None:
        return lock.exists()
    return not _is_alive(owner, expires)


def live_owner(path: str) -> Owner | None:
    """Return the process that owns a file exclusively, if one does and it is not this one."""
    owner, expires = _read(Path(f"{path}-owner"))
    if owner is None or owner == Owner.current() or not _is_alive(owner, expires):
        return None
    return owner


def refusal(path: str, owner: Owner) -> StoreError:
    """Error to raise when another process owns a file."""
    return StoreError(
        f"{path} is open in {owner}; on a network file system one process alone may open a store: "
        "wait until it has ended, or work on that host"
    )


def _is_alive(owner: Owner, expires: float) -> bool:
    return expires > time.time() and not owner.is_dead


def _read(lock: Path) -> tuple[Owner | None, float]:
    try:
        body = json.loads(lock.read_text(encoding="utf-8"))
        return Owner(str(body["host"]), int(body["pid"]), str(body["started"])), float(body["expires"])
    except FileNotFoundError:
        return None, 0.0
    except (ValueError, KeyError, TypeError):
        return None, 0.0
