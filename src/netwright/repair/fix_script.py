"""`netwright doctor --fix`: the proof of what helps a script, as proof.json and script.patch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from netwright.doctor.examine import Examination
from netwright.doctor.rerun import Place
from netwright.doctor.score import compiled
from netwright.doctor.script import Script
from netwright.repair.ladder import alarms_of
from netwright.repair.proof import Proof
from netwright.repair.script_patch import script_patch
from netwright.repair.scripts import ScriptCase, check_seeds, prove_script
from netwright.run_folder import open_folder, replace_text, write_json
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["FixJob", "check_job", "fix_script"]


@dataclass(frozen=True)
class FixJob:
    """What was asked. folder, environment: where and with which the command was given; out: None is
    runs/<script>-NNN."""

    script: Script
    folder: Path
    environment: Mapping[str, str]
    seeds: int = 5
    score: str | None = None
    out: Path | None = None


def check_job(job: FixJob) -> None:
    """Refuse, before anything runs, what cannot be done."""
    check_seeds(job.seeds)
    compiled(job.score)
    if job.out is not None:
        open_folder(job.script.name, str(job.out), {}, resume=False)


def fix_script(
    job: FixJob, found: Examination, trace: Trace, *, say: Callable[[str], None]
) -> tuple[bool, Path | None]:
    """Prove remedies and write what came of it; `found` is told the proof and the notes. Return
    whether it was interrupted, and the folder, None where nothing could be tried."""
    grown: list[Proof] = []
    case = ScriptCase(
        script=job.script,
        place=Place(job.folder, job.environment),
        findings=found.findings,
        trace=trace,
        seconds=found.seconds,
        exit=found.script_exit,
        pattern=compiled(job.score),
    )
    stopped = False
    try:
        tested = prove_script(case, seeds=job.seeds, say=say, keep=grown.append)
        found.notes += tested.notes
        if tested.proof is not None:
            grown.append(tested.proof)
    except KeyboardInterrupt:
        stopped = True
        found.notes.append("Interrupted: the proof holds what was tried by then.")
    if not grown:
        return stopped, job.out
    return stopped, _written(job, found, trace, grown[-1])


def _written(job: FixJob, found: Examination, trace: Trace, proof: Proof) -> Path:
    folder = job.out or open_folder(job.script.name, None, {}, resume=False)
    folder.mkdir(parents=True, exist_ok=True)
    found.proof = proof.to_dict()
    found.notes.append(str(proof))
    write_json(folder / "proof.json", found.proof)
    if proof.kept:
        done = [Intervention(**one) for one in proof.changes["interventions"]]
        text = script_patch(proof.kept, done, alarms_of(found.findings), trace, root=job.folder)
        replace_text(folder / "script.patch", text)
        found.notes.append(f"The change of your code: {folder / 'script.patch'} (patch -p1)")
    found.notes.append(f"The proof: {folder / 'proof.json'}")
    return folder
