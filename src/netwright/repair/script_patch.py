"""script.patch: what was proved on a script, as a unified diff of the user's file for `patch -p1`,
or in words where it is more than a line. Words stand before the diff, where `patch` skips them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from netwright.diagnose.finding import Finding
from netwright.diagnose.patch import Edit, diff
from netwright.repair.remedy import find_remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["script_patch"]

# What the patch that comes with a finding does, by the remedy that it is.
OF_FINDING = {
    "insert-zero-grad", "reshape-targets", "set-mode", "module-list", "register-parameter",
    "rebuild-optimizer", "unfreeze", "shuffle", "right-axis", "keep-the-graph",
    "remove-output-activation", "cross-entropy-loss", "replace-loss", "standardize-inputs",
    "stable-operation", "impute", "negate-loss", "mean-reduction",
}  # fmt: skip


def script_patch(
    remedies: Sequence[str],
    interventions: Sequence[Intervention],
    findings: Sequence[Finding],
    trace: Trace,
    *,
    root: Path,
) -> str:
    """Return the file's text. root: where `patch -p1` will be called."""
    words: list[str] = []
    diffs: list[str] = []
    for name in remedies:
        found = [f for f in findings if name in f.remedies]
        patch = _of_remedy(name, interventions, found, trace)
        if patch is None:
            where = next((f.where for f in found if f.where.get("file")), {})
            place = f" ({where['file']}:{where['line']})" if where else ""
            words.append(f"{name}{place}: {find_remedy(name).advice}")
        else:
            words.append(f"{name}: below.")
            diffs.append(_for_p1(*patch, root))
    done = ", ".join(str(one.to_dict()) for one in interventions)
    words.append(f"Proved by an intervention on the running script: {done}.")
    return "".join(f"# {line}\n" for line in words) + "".join(diffs)


def _of_remedy(
    name: str, interventions: Sequence[Intervention], findings: Sequence[Finding], trace: Trace
) -> tuple[Path, str] | None:
    """Return the file and its diff."""
    for event, edit in _edits(name, interventions, trace):
        file, _, line = trace.text("line", event).rpartition(":")
        patch = diff(file, int(line), edit) if file else None
        if patch:
            return Path(file), patch
    if name in OF_FINDING:
        for finding in findings:
            file = str(finding.where.get("file") or "")
            if finding.patch and file:
                return Path(file), finding.patch
    return None


def _edits(
    name: str, interventions: Sequence[Intervention], trace: Trace
) -> Iterator[tuple[str, Edit]]:
    values = {one.name: one.values for one in interventions}
    if name in ("lower-lr", "raise-lr") and "scale-lr" in values:
        factor = values["scale-lr"]["factor"]
        rates = trace.values("lr")
        if len(rates):
            rate = f"{float(rates[0]) * factor:.3g}"
            number = r"\blr\s*=\s*[0-9][0-9.eE+-]*(?=\s*[,)])"
            yield "optimizer", Edit("replace", f"lr={rate}", number)
        change = f"* {factor:.3g}" if factor >= 1 else f"/ {1 / factor:.3g}"
        yield "optimizer", Edit("replace", rf"lr=(\1) {change}", r"\blr\s*=\s*([\w.\[\]\"']+)")
    if name == "clip-gradient" and "clip-gradient" in values:
        net = trace.text("variable", "net")
        limit = values["clip-gradient"]["max_norm"]
        if re.fullmatch(r"[A-Za-z_][\w.]*", net):
            text = f"torch.nn.utils.clip_grad_norm_({net}.parameters(), {limit:.3g})"
            yield "step", Edit("before", text)


def _for_p1(file: Path, patch: str, root: Path) -> str:
    """Give a diff the two names that `patch -p1` expects."""
    path = file.resolve()
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    lines = patch.splitlines()
    text = [f"--- a/{name}", f"+++ b/{name}", *lines[2:]]
    return "\n".join(text) + "\n"
