"""Several workers on one study: processes of this machine, or tasks of a Ray cluster.

Each has its own share of threads and speaks to the others through the storage alone: a worker that
is killed loses its running trials, whose values the others try again.
"""

import logging
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import optuna

from netwright.device import cores
from netwright.errors import NetwrightError, TrainingError, UsageError
from netwright.tune.storage import open_storage, open_study
from netwright.tune.trials import take_over
from netwright.tune.work import Job, work

__all__ = ["run_processes", "run_ray"]

log = logging.getLogger("netwright")

POLL_SECONDS = 0.5
GOODBYE_SECONDS = 20.0  # that workers get, after Ctrl-C, to give their trials back


def run_processes(job: Job, study: optuna.Study, size: int, after: Callable[[], None]) -> None:
    """Run the study in job.workers processes, spawned, until they end."""
    context = multiprocessing.get_context("spawn")
    said = context.SimpleQueue()
    each = replace(job, num_threads=_threads(job))
    processes = [
        context.Process(target=_process, args=(each, size, said), daemon=True)
        for _ in range(job.workers)
    ]
    try:
        for process in processes:
            process.start()
        seen: set[int | None] = set()
        while any(process.is_alive() for process in processes):
            time.sleep(POLL_SECONDS)
            for process in processes:
                if process.exitcode and process.pid not in seen:
                    seen.add(process.pid)
                    lost = take_over(study)
                    log.warning("a worker died; %d running trials are tried again", lost)
            after()
        errors = []
        while not said.empty():
            errors.append(said.get())
        if errors:
            raise TrainingError(errors[0])
    finally:
        until = time.monotonic() + GOODBYE_SECONDS
        for process in processes:
            if process.pid is not None:
                process.join(max(until - time.monotonic(), 0.1))
            if process.is_alive():
                process.terminate()
                process.join()
        take_over(study)


def _process(job: Job, size: int, said: Any) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        join(job, size)
    except KeyboardInterrupt:
        return  # its trials are given back
    except NetwrightError as error:
        said.put(str(error))


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
    while waiting:
        done, waiting = ray.wait(waiting, timeout=POLL_SECONDS)
        ray.get(done)  # raises what the task raised
        after()


def _threads(job: Job) -> int:
    return job.num_threads or max(cores() // job.workers, 1)
