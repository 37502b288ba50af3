"""Repairing a run folder: its source read again, its findings treated, the mended run in a new one.

run.yaml says what was read and how it was split, plan.yaml what was trained, findings.json and the
trace what was wrong. A source that has changed since, or a folder that is not whole, is an error:
a proof on other rows would say nothing about this run.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from netwright.data.data import Data
from netwright.data.sources import sha256_of
from netwright.diagnose.finding import Finding
from netwright.diagnose.hardly_learned import SAID, hardly_learned, simple_models_fail
from netwright.errors import DataError, UsageError
from netwright.making import DEFAULT_SECONDS, Job, Made, splits_of, write_run
from netwright.plan.plan import Plan
from netwright.repair.ladder import alarms_of
from netwright.repair.proof import Proof
from netwright.repair.repair import Case, prove_plan
from netwright.run_folder import open_folder, removed_if_empty, write_json
from netwright.train.fit import Progress, fit
from netwright.watch.trace import Trace

__all__ = ["RepairJob", "Repaired", "repair_folder"]


@dataclass(frozen=True, kw_only=True)
class RepairJob:
    """What `netwright repair` was asked to do. run: a run folder. begun: time.monotonic() of when
    the command began."""

    run: str
    seeds: int = 5
    out: str | None = None
    device: str = "auto"
    num_threads: int | None = None
    begun: float | None = None


@dataclass(frozen=True)
class Repaired:
    """proof: proof.json's object. folder: of the mended run, or of proof.json alone where nothing
    was proved; None where the run is healthy. made: None where nothing was trained anew."""

    proof: Mapping[str, Any]
    said: str
    folder: Path | None = None
    made: Made | None = None


def repair_folder(job: RepairJob, *, progress: Progress | None = None) -> Repaired:
    """Repair the run in `job.run` and write a new run folder; the old one is left as it is."""
    begun = time.monotonic() if job.begun is None else job.begun
    old = _Opened.of(Path(job.run))
    if not alarms_of(old.case.findings):
        nothing = Proof(
            faults=(), metric=old.metric, higher_is_better=old.higher_is_better,
            untreated=_untreated(old.case.trace),
        )  # fmt: skip
        return Repaired(nothing.to_dict(), str(nothing))
    data = old.read()
    folder = open_folder(old.job.source, job.out, {}, resume=False)
    with removed_if_empty(folder):
        plan, proof = prove_plan(
            old.case, data, seeds=job.seeds, device=job.device, num_threads=job.num_threads,
            progress=progress,
        )  # fmt: skip
        found = proof.to_dict()
        write_json(folder / "proof.json", found)
        if not proof.kept:
            return Repaired(found, str(proof), folder)
        run = fit(
            plan, data, out=folder, seed=old.case.seed, device=job.device,
            num_threads=job.num_threads, metric=old.case.metric, progress=progress,
        )  # fmt: skip
        made = write_run(
            folder, old.job, data, run,
            bound=time.monotonic() - begun + DEFAULT_SECONDS, begun=begun, proof=found,
            facts={"repaired": {"from": str(old.folder), "kept": list(proof.kept)}},
        )  # fmt: skip
        return Repaired(found, str(proof), folder, made)


def _untreated(trace: Trace) -> str:
    """Say why a run without alarms is left alone though its net hardly learned; "" where it did."""
    if not hardly_learned(trace):
        return ""
    reason = "no fault was found that has a remedy"
    if simple_models_fail(trace):
        reason = "simple models do no better, so the inputs may say nothing about the target"
    return f"Nothing was trained: the net {SAID}, but {reason}. Give it other inputs, or more rows."


@dataclass(frozen=True)
class _Opened:
    """A run folder as it was found. facts: run.yaml's."""

    folder: Path
    facts: Mapping[str, Any]
    job: Job
    case: Case
    metric: str
    higher_is_better: bool

    @classmethod
    def of(cls, folder: Path) -> "_Opened":
        """Open a run folder; UsageError where it is none, or not whole."""
        facts = _read(folder, "run.yaml")
        if "splits" not in facts:
            raise UsageError(
                f"{str(folder)!r} is no run of one plan; expected a folder that `netwright train` "
                "wrote. Of a study, train its plan.yaml first: netwright train SOURCE --plan "
                f"{folder / 'plan.yaml'}"
            )
        job = Job.of(facts["arguments"])
        findings = [Finding.from_dict(f) for f in _read(folder, "findings.json")["findings"]]
        metrics = _read(folder, "metrics.json") if facts.get("stopped") else {}
        primary = metrics.get("primary", {"name": job.metric or "", "higher_is_better": True})
        case = Case(
            plan=Plan.load(folder / "plan.yaml"),
            trace=Trace.load(folder),
            findings=findings,
            seed=facts["seed"],
            epochs=metrics.get("epochs") if facts.get("stopped") == "out of time" else None,
            metric=job.metric,
        )
        return cls(folder, facts, job, case, primary["name"], primary["higher_is_better"])

    def read(self) -> Data:
        """Read the source again; DataError where it is not what was trained on."""
        source = self.facts["source"]
        for path, digest in zip(source["paths"], source["sha256"], strict=True):
            if Path(path).is_file() and sha256_of([Path(path)]) != (digest,):
                raise DataError(_changed(self.folder, f"{path} has other bytes (sha256)"))
        data = self.job.read()
        if list(data.source.sha256) != source["sha256"]:
            raise DataError(_changed(self.folder, f"{data.source.name} has other bytes (sha256)"))
        if splits_of(data) != self.facts["splits"]:
            raise DataError(_changed(self.folder, "its rows fall into other splits"))
        return data


def _changed(folder: Path, how: str) -> str:
    return (
        f"The source is not what {str(folder)!r} was trained on: {how}. A proof needs the same "
        "rows. Put the source back as it was, or train again on the new one: netwright train."
    )


def _read(folder: Path, name: str) -> dict[str, Any]:
    """Read one of the folder's files; UsageError where it is missing or broken."""
    file = folder / name
    if not file.is_file():
        if name == "run.yaml":
            raise UsageError(
                f"{str(folder)!r} is not a run folder (it has no run.yaml); expected the folder "
                "that `netwright train` wrote, such as runs/digits-001."
            )
        raise UsageError(
            f"The run in {str(folder)!r} is not finished: it has no {name}. Finish it first: "
            f"netwright train ... --out {folder} --resume"
        )
    try:
        text = file.read_text(encoding="utf-8")
        found = json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise UsageError(
            f"{str(file)!r} is broken ({str(error).splitlines()[0]}). Train the run again."
        ) from error
    if not isinstance(found, dict):
        raise UsageError(f"{str(file)!r} is empty. Train the run again.")
    return found
