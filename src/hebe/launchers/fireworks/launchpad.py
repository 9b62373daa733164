"""The jobs of a LaunchPad: claimed, given back, completed, lost and rerun, each step a few atomic updates.

The documents are FireWorks' own, so that ``lpad`` and its web pages show them. FireWorks itself reads and writes the
whole workflow under a lock for every change of a job, which costs 40 to 47 commands a job; here a change touches the
job and one field of its workflow, and needs no lock.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING, ReturnDocument

from hebe.launchers.fireworks.claimed_job import ClaimedJob, Document
from hebe.launchers.fireworks.hand import by_hand, due, is_forced
from hebe.launchers.fireworks.workflow_states import ENDED, is_stuck, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from fireworks import LaunchPad

    from hebe.launchers.fireworks.hand import ByHand

_CHUNK = 500
_MARK = "spec.hebe"


class Launchpad:
    """Jobs of a LaunchPad that Hebe submitted.

    Parameters
    ----------
    pad
        The LaunchPad.
    """

    def __init__(self, pad: LaunchPad) -> None:
        self.pad = pad
        self._jobs, self._launches, self._workflows = pad.fireworks, pad.launches, pad.workflows
        self._spare: int | None = None

    def prepare(self) -> None:
        """Make the counter of ids and the indexes if they are missing."""
        if not self.pad.fw_id_assigner.find_one({}):
            self.pad.fw_id_assigner.update_one(
                {"_id": "hebe"}, {"$setOnInsert": {"next_fw_id": 1, "next_launch_id": 1}}, upsert=True
            )
        for field in ("fw_id", f"{_MARK}.uuid", f"{_MARK}.worker", f"{_MARK}.campaign"):
            self._jobs.create_index(field)
        self._jobs.create_index([("state", ASCENDING), ("spec._category", ASCENDING), ("spec._priority", DESCENDING)])
        self._launches.create_index("launch_id")
        self._workflows.create_index("nodes")

    def take(self, category: str, worker: str, host: str, excluded: Collection[str] = ()) -> ClaimedJob | None:
        """Take the ready job of highest priority.

        Parameters
        ----------
        category
            Name of the resources that this worker offers.
        worker, host
            Who takes it.
        excluded
            Campaigns that are paused or cancelled.
        """
        from fireworks import FWorker
        from fireworks.core.firework import Launch

        now = datetime.now(UTC)
        wanted = {
            "state": "READY",
            "spec._category": category,
            "$or": due(),
            **({f"{_MARK}.campaign": {"$nin": list(excluded)}} if excluded else {}),
        }
        if self._spare is None:
            self._spare = int(self.pad.get_new_launch_id())
        launch_id = self._spare
        change = {
            "$set": {"state": "RUNNING", "updated_on": now, f"{_MARK}.worker": worker},
            "$push": {"launches": launch_id},
        }
        order = [("spec._priority", DESCENDING), ("fw_id", ASCENDING)]
        job = self._jobs.find_one_and_update(wanted, change, sort=order, return_document=ReturnDocument.AFTER)
        if job is None:
            return None
        self._spare = None
        launch = Launch("RUNNING", "", FWorker(worker, category), host, None, launch_id=launch_id, fw_id=job["fw_id"])
        self._launches.insert_one(launch.to_db_dict())
        self._note(job["fw_id"], "RUNNING")
        return self._claimed(job)

    def in_hand(self, worker: str) -> ClaimedJob | None:
        """Return the job that a worker has, if the answer to its `take` was lost."""
        job = self._jobs.find_one({"state": "RUNNING", f"{_MARK}.worker": worker})
        return None if job is None else self._claimed(job)

    def running(self, fw_id: int) -> ClaimedJob | None:
        """Return a job that somebody has checked out, FireWorks' own launchers for example."""
        job = self._jobs.find_one({"fw_id": fw_id, "state": "RUNNING", f"{_MARK}.uuid": {"$exists": True}})
        return None if job is None or not job["launches"] else self._claimed(job)

    def ready(self, category: str, excluded: Collection[str] = ()) -> int:
        """Count the jobs that could be claimed now."""
        left_out = {f"{_MARK}.campaign": {"$nin": list(excluded)}} if excluded else {}
        return int(self._jobs.count_documents({"state": "READY", "spec._category": category, **left_out}))

    def wanted(self) -> set[str]:
        """Names of the resources that ready jobs ask for."""
        return {str(name) for name in self._jobs.distinct("spec._category", {"state": "READY"})}

    def beat(self, claimed: ClaimedJob) -> bool:
        """Say that a job is still being worked on; False when it was taken away."""
        now = datetime.now(UTC)
        self._launches.update_one({"launch_id": claimed.launch_id}, {"$set": {"state_history.0.updated_on": now}})
        return self.owns(claimed)

    def owns(self, claimed: ClaimedJob) -> bool:
        """Whether a job still belongs to the worker that took it."""
        return self._jobs.find_one(self._held(claimed), {"_id": 1}) is not None

    def complete(self, claimed: ClaimedJob, *, failed: bool = False, keep: Document | None = None) -> bool:
        """End a job, which makes those ready that waited only for it.

        Parameters
        ----------
        claimed
            The job.
        failed
            Whether it ended without an output.
        keep
            What the job gave its manager to keep.

        Returns
        -------
        bool
            False when the job was taken away from the worker before: nothing is changed then.
        """
        from fireworks import FWAction

        state, now = "FIZZLED" if failed else "COMPLETED", datetime.now(UTC)
        change = {"$set": {"state": state, "updated_on": now}, "$unset": {f"{_MARK}.worker": ""}}
        job = self._jobs.find_one_and_update(self._held(claimed), change)
        if job is None:
            return False
        if job.get("archived_launches"):
            settled = {"$set": {f"{_MARK}.settled": job["archived_launches"]}}
            self._jobs.update_one({"fw_id": claimed.fw_id}, settled)
        action = None if failed else FWAction(stored_data=keep).to_dict()
        end = {"state": state, "time_end": now, "action": action}
        entry = {"state": state, "created_on": now, "updated_on": now}
        self._launches.update_one({"launch_id": claimed.launch_id}, {"$set": end, "$push": {"state_history": entry}})
        self._note(claimed.fw_id, state)
        return True

    def put_back(self, claimed: ClaimedJob, wait_s: float = 0.0) -> bool:
        """Make a job ready again that was not run, for others after some seconds; False when it was taken away."""
        return self._release(self._held(claimed), claimed.launch_id, wait_s=wait_s)

    def wait_again(self, claimed: ClaimedJob) -> bool:
        """Have a job wait for other workflows that was taken although it has to; False when it was taken away."""
        return self._release(self._held(claimed), claimed.launch_id, wait_s=0.0, state="WAITING")

    def lose(
        self, worker: str, reason: str, attempts: int, told: Callable[..., None] = lambda *_, **__: None
    ) -> list[tuple[Document, bool]]:
        """Make the jobs of a dead worker ready again, or fail those that were lost too often.

        Parameters
        ----------
        worker
            Name of a worker, or of a queue job whose workers are all dead.
        reason
            What happened to it.
        attempts
            How often a job is tried in all.
        told
            Called with the identity and ``again`` of a job before it is let go: who sees that it is lost finds why.

        Returns
        -------
        list
            Identity of each job with its ``message``, and whether it is tried again.
        """
        found = []
        names = {f"{_MARK}.worker": {"$regex": f"^{worker}(/|$)"}, "state": "RUNNING"}
        for job in list(
            self._jobs.find(names, {"fw_id": 1, "launches": 1, "spec.hebe": 1, "name": 1, "spec._tasks": 1})
        ):
            claimed = ClaimedJob(job["fw_id"], job["launches"][-1] if job["launches"] else 0, job["spec"], job["name"])
            lost = int(claimed.facts.get("lost", 0)) + 1
            held = self._jobs.update_one(self._held(claimed), {"$set": {f"{_MARK}.lost": lost}})
            if held.matched_count:
                again = lost < attempts
                identity = {**claimed.identity, "message": f"{reason} (try {lost} of {attempts})"}
                told(dict(identity), again=again)
                if self.put_back(claimed) if again else self.complete(claimed, failed=True):
                    found.append((identity, again))
            self.mend(claimed.fw_id)
        return found

    def hold(self, claimed: ClaimedJob, uuids: Collection[str]) -> None:
        """Have the jobs that follow from one wait for others, too."""
        if not uuids:
            return
        change = {"$set": {f"{_MARK}.held": True}, "$addToSet": {f"{_MARK}.after": {"$each": sorted(uuids)}}}
        self._jobs.update_many({"fw_id": {"$in": self._children(claimed.fw_id)}, "state": "WAITING"}, change)

    def defuse(self, claimed: ClaimedJob, *, everything: bool) -> None:
        """Have what follows from a job, or everything in its workflow, not run."""
        queue, seen = self._children(claimed.fw_id), set[int]()
        while queue:
            fw_id = queue.pop()
            if fw_id not in seen:
                seen.add(fw_id)
                queue += self._children(fw_id)
        chosen: Document = {"fw_id": {"$in": sorted(seen)}}
        if everything:
            workflow = self._workflows.find_one({"nodes": claimed.fw_id}, {"nodes": 1}) or {"nodes": []}
            chosen = {"fw_id": {"$in": workflow["nodes"], "$ne": claimed.fw_id}}
        change = {"$set": {"state": "DEFUSED", f"{_MARK}.stopped": True}}
        self._jobs.update_many({**chosen, "state": {"$in": ["WAITING", "READY"]}}, change)
        self.mend(claimed.fw_id)

    def rerun(self, uuids: Collection[str]) -> int:
        """Have ended jobs, and those that follow from them, run again; return how many were ended and now wait."""
        count = 0
        for job in self.of(uuids, {"fw_id": 1, "state": 1}):
            workflow = self._workflows.find_one({"nodes": job["fw_id"]}, {"links": 1}) or {"links": {}}
            queue, seen = [job["fw_id"]], {job["fw_id"]}
            while queue:
                fw_id = queue.pop()
                count += self._reopen(fw_id)
                new = set(workflow["links"].get(str(fw_id), ())) - seen
                seen |= new
                queue.extend(new)
            self.mend(job["fw_id"])
        return count

    def reserve(self, number: int) -> int:
        """Return the first of some ids for new jobs."""
        return int(self.pad.get_new_fw_id(quantity=number))

    def insert(self, workflows: list[Document], jobs: list[Document]) -> None:
        """Write workflows, then their jobs, so that nobody takes a job whose workflow is not there."""
        self._workflows.insert_many(workflows)
        self._jobs.insert_many(jobs)

    def workers(self) -> set[str]:
        """Names of the workers that have a job."""
        field = f"{_MARK}.worker"
        found = self._jobs.find({"state": "RUNNING", field: {"$exists": True}}, {field: 1})
        return {str(job["spec"]["hebe"]["worker"]) for job in found}

    def of(self, uuids: Iterable[str], fields: Document | None = None) -> Iterator[Document]:
        """Iterate over the jobs with some uuids."""
        wanted = list(uuids)
        for start in range(0, len(wanted), _CHUNK):
            yield from self._jobs.find({f"{_MARK}.uuid": {"$in": wanted[start : start + _CHUNK]}}, fields)

    def states(self, campaign: str | None = None) -> dict[str, int]:
        """Count jobs by state, all or those of a campaign."""
        found: dict[str, int] = {}
        criteria = {f"{_MARK}.uuid": {"$exists": True}} if campaign is None else {f"{_MARK}.campaign": campaign}
        for job in self._jobs.find(criteria, {"state": 1, "_id": 0}):
            found[job["state"]] = found.get(job["state"], 0) + 1
        return found

    def stopped(self) -> int:
        """Count the jobs that are defused because another job asked for it."""
        return int(self._jobs.count_documents({"state": "DEFUSED", f"{_MARK}.stopped": True}))

    def by_hand(self, uuids: Collection[str] | None = None) -> ByHand:
        """What a person has done to jobs with FireWorks' own commands, all or those with some uuids."""
        return by_hand(self._jobs, self._launches, uuids)

    def held(self) -> list[Document]:
        """Jobs that wait for jobs of other workflows."""
        fields = {"fw_id": 1, f"{_MARK}.after": 1, f"{_MARK}.uuid": 1}
        return list(self._jobs.find({"state": "WAITING", f"{_MARK}.held": True}, fields))

    def is_stuck(self, fw_id: int) -> bool:
        """Whether a job waits, directly or not, for one that has failed or was defused, so that it will not run."""
        workflow = self._workflows.find_one({"nodes": fw_id}, {"parent_links": 1, "fw_states": 1})
        if workflow is None:
            return True
        nodes = [int(name) for name in workflow["fw_states"]]
        found = self._jobs.find({"fw_id": {"$in": nodes}, "spec._allow_fizzled_parents": True}, {"fw_id": 1, "_id": 0})
        return is_stuck(fw_id, workflow, {job["fw_id"] for job in found})

    def unhold(self, fw_id: int) -> None:
        """Let a job run as soon as its own workflow allows it."""
        self._jobs.update_one({"fw_id": fw_id}, {"$set": {f"{_MARK}.held": False}})
        self.mend(fw_id)

    def unfinished(self) -> list[int]:
        """One job of every workflow that has not ended, to be mended."""
        found = self._workflows.find(
            {"metadata.hebe": True, "state": {"$nin": ["COMPLETED", "ARCHIVED"]}}, {"nodes": 1}
        )
        return [workflow["nodes"][0] for workflow in found if workflow["nodes"]]

    def mend(self, fw_id: int) -> None:
        """Bring a workflow in line with its jobs: a process may have died between the steps of a change."""
        workflow = self._workflows.find_one({"nodes": fw_id})
        if workflow is None:
            return
        states = {
            str(job["fw_id"]): job["state"]
            for job in self._jobs.find({"fw_id": {"$in": workflow["nodes"]}}, {"fw_id": 1, "state": 1})
        }
        wrong = {
            f"fw_states.{name}": state for name, state in states.items() if workflow["fw_states"].get(name) != state
        }
        if wrong:
            self._workflows.update_one({"nodes": fw_id}, {"$set": wrong})
            workflow["fw_states"].update(states)
        waiting = [int(name) for name, state in states.items() if state == "WAITING"]
        self._settle(workflow, waiting)

    def _claimed(self, job: Document) -> ClaimedJob:
        """The job as its worker gets it; one that a person has rerun is marked, since it must run once more."""
        if job.get("archived_launches") and is_forced(job, self._launches):
            job["spec"]["hebe"]["forced"] = True
        return ClaimedJob(job["fw_id"], job["launches"][-1], job["spec"], job["name"])

    def _children(self, fw_id: int) -> list[int]:
        workflow = self._workflows.find_one({"nodes": fw_id}, {"links": 1})
        return [] if workflow is None else list(workflow["links"].get(str(fw_id), []))

    def _held(self, claimed: ClaimedJob) -> Document:
        """Criteria that only a job meets which is still in the hands of who took it."""
        return {"fw_id": claimed.fw_id, "state": "RUNNING", "launches": claimed.launch_id}

    def _release(self, criteria: Document, launch_id: int, *, wait_s: float, state: str = "READY") -> bool:
        now = datetime.now(UTC)
        change = {
            "$set": {
                "state": state,
                "updated_on": now,
                f"{_MARK}.not_before": time.time() + wait_s if wait_s else 0.0,
            },
            "$pull": {"launches": launch_id},
            "$push": {"archived_launches": launch_id},
            "$unset": {f"{_MARK}.worker": ""},
        }
        job = self._jobs.find_one_and_update(criteria, change)
        if job is None:
            return False
        self._launches.update_one({"launch_id": launch_id}, {"$set": {"state": "FIZZLED", "time_end": now}})
        self._note(job["fw_id"], state)
        return True

    def _reopen(self, fw_id: int) -> int:
        job = self._jobs.find_one({"fw_id": fw_id, "state": {"$in": list(ENDED)}}, {"launches": 1, "state": 1})
        if job is None:
            self._jobs.update_one({"fw_id": fw_id, "state": "READY"}, {"$set": {"state": "WAITING"}})
            return 0
        change = {
            "$set": {"state": "WAITING", "launches": [], f"{_MARK}.lost": 0, f"{_MARK}.not_before": 0.0},
            "$push": {
                "archived_launches": {"$each": job["launches"]},
                f"{_MARK}.settled": {"$each": job["launches"]},
            },
        }
        return int(self._jobs.find_one_and_update({"fw_id": fw_id, "state": job["state"]}, change) is not None)

    def _note(self, fw_id: int, state: str) -> None:
        """Write the state of a job into its workflow and see whether others may run now."""
        change = {"$set": {f"fw_states.{fw_id}": state, "updated_on": datetime.now(UTC)}}
        workflow = self._workflows.find_one_and_update({"nodes": fw_id}, change, return_document=ReturnDocument.AFTER)
        if workflow is not None:
            self._settle(workflow, workflow["links"].get(str(fw_id), []) if state in ENDED else [])

    def _settle(self, workflow: Document, children: list[int]) -> None:
        """Make waiting jobs ready whose parents have ended, and say how the workflow is."""
        states = workflow["fw_states"]
        if children:
            fields = {"fw_id": 1, "spec._allow_fizzled_parents": 1, f"{_MARK}.held": 1}
            for child in list(self._jobs.find({"fw_id": {"$in": children}, "state": "WAITING"}, fields)):
                enough = {"COMPLETED", "FIZZLED"} if child["spec"].get("_allow_fizzled_parents") else {"COMPLETED"}
                name = str(child["fw_id"])
                above = {states[str(parent)] for parent in workflow["parent_links"].get(name, ())}
                if above <= enough and not child["spec"].get("hebe", {}).get("held"):
                    self._jobs.update_one({"fw_id": child["fw_id"], "state": "WAITING"}, {"$set": {"state": "READY"}})
                    states[name] = "READY"
                    change = {"$set": {f"fw_states.{name}": "READY"}}
                    self._workflows.update_one({"nodes": child["fw_id"], f"fw_states.{name}": "WAITING"}, change)
        state = state_of(states.values())
        if state != workflow["state"]:
            self._workflows.update_one({"nodes": workflow["nodes"][0]}, {"$set": {"state": state}})
