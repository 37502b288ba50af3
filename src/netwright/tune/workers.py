"""Several workers on one study: processes of this machine, or tasks of a Ray cluster.

Each has its own share of threads and speaks to the others through the storage alone: a worker that
is killed loses its running trials, whose values the others try again.
"""

import contextlib
import logging
import multiprocessing
import multiprocessing.process
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import optuna

from netwright.device import cores
from netwright.errors import DataError, NetwrightError, TrainingError, UsageError
from netwright.tune.storage import open_storage, open_study
from netwright.tune.trials import counted, take_over, unsigned
from netwright.tune.work import Job, work

__all__ = ["run_processes", "run_ray"]

log = logging.getLogger("netwright")

ERRORS: dict[int, type[Exception]] = {
    error.exit_code: error for error in (UsageError, DataError, TrainingError)
}
POLL_SECONDS = 0.5


def run_processes(job: Job, study: optuna.Study, size: int, after: Callable[[], None]) -> None:
    """Run the study in job.workers processes, spawned, until they end."""
    context = multiprocessing.get_context("spawn")
    said = context.SimpleQueue()
    each = replace(job, num_threads=_threads(job))
    processes: list[multiprocessing.process.BaseProcess] = []

    def start(count: int) -> None:
        with _without_interrupts():
            for _ in range(count):
                process = context.Process(target=_process, args=(each, size, said), daemon=True)
                process.start()
                processes.append(process)

    try:
        start(job.workers)
        dead: set[int | None] = set()
        spare = job.workers
        while True:
            time.sleep(POLL_SECONDS)
            alive = any(process.is_alive() for process in processes)
            for process in processes:
                if process.exitcode and process.pid not in dead:
                    dead.add(process.pid)
                    lost = take_over(study)
                    log.warning("a worker died; %d running trials are tried again", lost)
            after()
            if alive:
                continue
            if not dead or not said.empty():
                break
            # What was lost late, the others may have left before they could see it.
            take_over(study)
            if spare and _is_unfinished(job, study):
                start(1)
                spare -= 1
            elif not unsigned(study):
                break
        if not said.empty():
            code, text = said.get()
            raise ERRORS.get(code, RuntimeError)(text)
    finally:
        for process in processes:
            if process.is_alive():  # interrupted, or another worker found something wrong
                process.terminate()
            if process.pid is not None:
                process.join()
        take_over(study)


def _is_unfinished(job: Job, study: optuna.Study) -> bool:
    in_time = job.deadline is None or time.time() < job.deadline
    return in_time and counted(study) < job.trials


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let processes that start inside the block ignore Ctrl-C: it is their parent who ends them."""
    if threading.current_thread() is not threading.main_thread():  # signals are the main one's
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _process(job: Job, size: int, said: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        join(job, size)
    except NetwrightError as error:
        said.put((error.exit_code, str(error)))
    except Exception as error:
        said.put((1, f"a worker failed: {error!r}"))
        raise


def join(job: Job, size: int) -> None:
    """Work on the study in the job's storage, until there is nothing left to do."""
    study, _ = open_study(
        open_storage(job.storage), job.name, mark=dict(job.mark),
        higher_is_better=job.higher_is_better,
    )  # fmt: skip
    work(job, study, size=size)


def run_ray(job: Job, study: optuna.Study, size: int, after: Callable[[], None]) -> None:
    """Run the study in job.workers Ray tasks. Raises UsageError where Ray is not installed."""
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            "Workers on Ray were asked for, but ray is not installed. Install it with: pip install "
            "'netwright[ray]'"
        ) from error
    threads = _threads(job)
    each = replace(job, num_threads=threads)
    task = ray.remote(num_cpus=threads)(join)
    waiting = [task.remote(each, size) for _ in range(job.workers)]
    try:
        while waiting:
            done, waiting = ray.wait(waiting, timeout=POLL_SECONDS)
            ray.get(done)  # raises what the task raised
            after()
    finally:
        for one in waiting:  # interrupted, or another task found something wrong
            ray.cancel(one, force=True)
        take_over(study)


def _threads(job: Job) -> int:
    return job.num_threads or max(cores() // job.workers, 1)
