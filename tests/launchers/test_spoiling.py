"""Jobs that spoil their process or fail in odd ways cost themselves only, and what they did is said by name."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jobflow.core.flow import Flow

from hebe.exceptions import StoreError
from hebe.launchers import inline, local, worker_pool
from hebe.launchers.condition import Condition
from hebe.launchers.executor import launcher as executor
from hebe.launchers.failing import MESSAGE, failure_of, plain
from hebe.launchers.limits import Limits
from hebe.launchers.outputs import fault_of
from hebe.launchers.protocol import FrameBuffer, UnreadableError, frame
from hebe.launchers.records import Records
from hebe.stores import open_store
from hebe.stores.claims import ClaimedElsewhere, Claims, release_held, still_held
from hebe.stores.database import connection
from support import faulty_jobs, launcher_jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobflow.core.store import JobStore

    from hebe.launchers.summary import RunSummary

NEVER = Limits(timeout_s=300, retries=0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    store = open_store(tmp_path)
    yield store
    store.close()


def causes(summary: RunSummary) -> dict[str, tuple[str, str]]:
    """Class and message of each failure by the job."""
    return {uuid: (group.error_class, group.message) for group in summary.failures for uuid in group.job_ids}


def test_the_next_job_does_not_suffer(store: JobStore) -> None:
    spoiling = {name: faulty_jobs.spoil(name) for name in faulty_jobs.SPOILING}
    pairs: list[Any] = []
    for number, job in enumerate(spoiling.values()):
        after = faulty_jobs.use_process(number)
        job.metadata["priority"] = after.metadata["priority"] = -number
        pairs += [job, after]
    summary = local.run(Flow(pairs), store=store, workers=1, progress=False, limits=NEVER)
    assert causes(summary) == {}
    leaky = store.get_output(spoiling["leak_descriptors"].uuid)
    assert leaky == "leak_descriptors to the end"


def test_what_a_job_raises_is_its_failure_by_name(store: JobStore) -> None:
    failing = {name: faulty_jobs.fail(name) for name in faulty_jobs.ERRORS}
    good: list[Any] = [launcher_jobs.add(number) for number in range(5)]
    seen: list[str] = []
    summary = local.run(
        Flow([*failing.values(), faulty_jobs.no_space(), *good]),
        store=store,
        workers=2,
        progress=False,
        on_event=lambda event: seen.append(event["kind"]),
    )
    assert summary.jobs["completed"] == len(good)
    assert "retried" not in seen, "no worker has died"
    found = causes(summary)
    assert {name: found[job.uuid][0] for name, job in failing.items()} == {name: name for name in failing}
    text = {name: found[job.uuid][1] for name, job in failing.items()}
    assert text["NoTextError"] == "its text cannot be made: RuntimeError"
    assert text["UnicodeError"] == "half \\ud800 and \\x00 in between"
    assert text["LockedError"] == "locked"
    assert "20000000 characters in all" in text["RuntimeError"]
    assert len(text["RuntimeError"]) < MESSAGE + 100
    for group in summary.failures:
        assert group.run_dir is not None
        assert Path(group.run_dir, "traceback.txt").is_file()


@pytest.mark.parametrize("run", [inline.run, executor.run])
def test_it_is_so_in_every_launcher(run: Any, store: JobStore, tmp_path: Path) -> None:
    failing = {name: faulty_jobs.fail(name) for name in ("KeyboardInterrupt", "Interrupt", "OSError", "NoTextError")}
    bad, good = faulty_jobs.give("nan"), launcher_jobs.add(1)
    options = {} if run is inline.run else {"workers": 1}
    summary = run(Flow([*failing.values(), bad, good]), store=store, root=tmp_path, progress=False, **options)
    found = causes(summary)
    assert {name: found[job.uuid][0] for name, job in failing.items()} == {name: name for name in failing}
    assert found[bad.uuid] == ("OutputError", faulty_jobs.OUTPUTS["nan"][1])
    assert store.get_output(good.uuid) == 1


def test_an_output_that_no_document_holds_is_named_with_its_place(store: JobStore) -> None:
    jobs = {name: faulty_jobs.give(name) for name, (_, told) in faulty_jobs.OUTPUTS.items() if told}
    summary = local.run(Flow(list(jobs.values())), store=store, progress=False)
    found = causes(summary)
    for name, job in jobs.items():
        assert found[job.uuid][0] == "OutputError", name
        assert faulty_jobs.OUTPUTS[name][1] in found[job.uuid][1]
    assert store.count() == 0


@pytest.mark.parametrize(
    "value", [None, 1, -0.0, "text", b"\0", [1.5, {"a": ()}], {"x": 10**30}, Path("folder"), signal.SIGTERM]
)
def test_what_documents_hold_has_no_fault(value: Any) -> None:
    assert fault_of(value) is None


def test_texts_are_cut_in_the_middle() -> None:
    assert plain("a" * 10, 10) == "a" * 10
    cut = plain("a" * 50 + "b" * 51, 20)
    assert cut.startswith("a" * 10 + " ... (101 characters")
    assert cut.endswith(" ... " + "b" * 10)
    assert failure_of(faulty_jobs.LockedError(), None).message.__class__ is str


def test_a_process_is_put_back_or_found_to_be_spoilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = Condition()
    faulty_jobs.change_settings()
    faulty_jobs.block_signals()
    before.restore()
    assert before.is_sound
    assert Path.cwd() == tmp_path
    after = Condition()
    assert after._before == before._before


def test_a_stopped_worker_is_replaced(store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "STOPPED_S", 0.2)
    monkeypatch.setattr(worker_pool, "_LOOK_S", 0.1)
    job = faulty_jobs.stop_first(str(tmp_path))
    seen: list[str] = []
    summary = local.run(job, store=store, progress=False, on_event=lambda event: seen.append(event["kind"]))
    assert summary.status == "complete"
    assert seen == ["started", "retried", "started", "completed"]


def test_a_result_is_not_stored_by_one_whose_claim_was_taken_over(store: JobStore) -> None:
    mine = Claims(store, lease_s=0.0)
    assert mine.acquire("key")
    still_held()
    mine._table.free(mine._table.read("key")[0])  # type: ignore[index]  # as another process does
    with pytest.raises(ClaimedElsewhere):
        still_held()
    release_held()
    still_held()


def test_a_worker_that_talks_nonsense_is_replaced(store: JobStore) -> None:
    job, good = faulty_jobs.garble(), launcher_jobs.add(2)
    summary = local.run(Flow([job, good]), store=store, progress=False, limits=NEVER)
    ((error_class, message),) = causes(summary).values()
    assert error_class == "WorkerDied"
    assert "cannot be read" in message
    assert store.get_output(good.uuid) == 2


def test_nonsense_is_told_from_messages() -> None:
    buffer = FrameBuffer()
    raw = frame({"type": "ready"})
    assert buffer.feed(raw[:5]) == []
    assert buffer.feed(raw[5:]) == [{"type": "ready"}]
    for wrong in (b"\xff" * 9, b"\0" * 7 + b"\3abc"):
        with pytest.raises(UnreadableError):
            FrameBuffer().feed(wrong)


def test_a_silent_worker_is_ended(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that never says that it has begun a job is no reason to wait for ever."""
    monkeypatch.setattr(worker_pool, "SILENCE_S", 0.1)
    monkeypatch.setattr("hebe.launchers.process._BOOT", "import time; time.sleep(100000)")
    monkeypatch.setattr(worker_pool, "_MAX_FALSE_STARTS", 2)
    with pytest.raises(Exception, match="workers cannot start"):
        local.run(launcher_jobs.add(1), store=store, progress=False, limits=Limits(timeout_s=0.2))


def test_the_log_of_a_dead_worker_is_there_with_its_last_lines(store: JobStore) -> None:
    loud, silent = faulty_jobs.say_and_die("the last word \x1b[31m"), launcher_jobs.leave(5)
    summary = local.run(Flow([loud, silent]), store=store, progress=False, limits=NEVER)
    found = causes(summary)
    message = found[loud.uuid][1]
    assert "signal 6" in message
    log = Path(message.partition("; ")[2].partition(" ends with: ")[0])
    assert "the last word" in log.read_text(encoding="utf-8")
    assert "faulty_jobs.py" in log.read_text(encoding="utf-8"), "where it died"
    assert found[silent.uuid][1] == "the worker process died (exit code 5)", "no log is named that is not there"


@pytest.mark.parametrize("run", [inline.run, executor.run])
def test_a_full_disk_is_no_failure_of_the_job_that_meets_it(run: Any, store: JobStore, tmp_path: Path) -> None:
    """The file may not grow any more, which SQLite meets as it meets a full disk; a small record would fit."""
    job = faulty_jobs.noise(1_000_000)
    file = connection(str(tmp_path / ".hebe" / "store.db"))
    (pages,) = file.rows("PRAGMA page_count")[0]
    file.rows(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(StoreError, match=r"store\.db: the disk is full"):
        run(job, store=store, root=tmp_path, progress=False)
    store = open_store(tmp_path)  # by a connection for which there is room
    assert not Records.beside(store.docs_store, tmp_path).of([job.uuid]), "its failure is not recorded"
    assert run(job, store=store, root=tmp_path, progress=False).status == "complete"


def test_the_records_of_odd_names_are_kept(store: JobStore, tmp_path: Path) -> None:
    bad, good = launcher_jobs.explode("boom"), launcher_jobs.add(1)
    bad.name, good.name = "half \ud800 \0 / and more" * 10, "\0\x1b"
    summary = local.run(Flow([bad, good]), store=store, root=tmp_path, progress=False)
    assert causes(summary)[bad.uuid] == ("ValueError", "boom")
    assert store.get_output(good.uuid) == 1
