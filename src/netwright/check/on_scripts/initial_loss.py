"""Does the untrained net start about as badly as not knowing (ln C for C classes), not worse?"""

import math

from netwright.check.checks.initial_loss import FAR_TOO_HIGH, HIGH, LOW
from netwright.check.result import Check, Status
from netwright.check.seen import Seen, of_finding
from netwright.check.tapes import constant_loss, plain_of
from netwright.watch.trial import measure

__all__ = ["initial_loss"]

NAME = "initial-loss"
BATCHES = 4


def initial_loss(seen: Seen) -> Check:
    """Warn where the first loss is far above that of a net that knows nothing; fail where the
    weights are the cause."""
    started = of_finding(
        seen, NAME, ("wrong-initialization",), certain=lambda found: found.confidence >= 0.95
    )
    kept = seen.kept
    if kept is None:
        return started or Check(name=NAME, status="skipped", words="no step was kept")
    tapes = [tape for tape in kept.tapes if tape.step < seen.steps][:BATCHES]
    known = [plain for tape in tapes if (plain := plain_of(tape, kept.first)) is not None]
    if len(known) < len(tapes):
        words = "what knowing nothing would cost is known of torch's own losses on hard targets"
        return started or Check(name=NAME, status="skipped", words=words)
    first = math.fsum(measure(kept.first.again(), tapes)) / len(tapes)
    zeros = math.fsum(float(p.of(p.prediction * 0).mean()) for p in known) / len(known)
    constant = math.fsum(constant_loss(p) for p in known) / len(known)
    prediction, name = known[0].prediction, known[0].entry.name
    classes = prediction.shape[1] if name in ("cross_entropy", "nll_loss") else 0
    nothing = f"ln {classes}" if classes else "zeros"
    said = (
        f"{first:.4g} at the start; knowing nothing ({nothing}) costs {zeros:.4g}, the best "
        f"constant {constant:.4g}"
    )
    numbers: dict[str, float | str] = {
        "initial loss": first, "loss of zeros": zeros, "loss of the best constant": constant,
    }  # fmt: skip
    reference = max(zeros, constant)
    far = first > FAR_TOO_HIGH * reference
    if started is not None and started.status != "info":
        status: Status = "failed" if far else started.status
        return Check(
            name=NAME, status=status, fault=started.fault, words=f"{said}. {started.words}",
            numbers={**numbers, **started.numbers}, where=started.where, patch=started.patch,
        )  # fmt: skip
    if first > HIGH * reference:
        return Check(
            name=NAME,
            status="warning" if far else "info",
            fault="wrong-initialization" if far else "",
            words=f"{said}: the untrained net is sure of what it cannot know",
            advice="Scale the inputs, draw the weights by He (ReLU) or Xavier (tanh, sigmoid), and "
            "let the last layer start small.",
            numbers=numbers,
            where=seen.where("forward"),
        )
    knows = first < LOW * constant
    words = said + (": the net knows something already (is it pretrained?)" if knows else "")
    return Check(name=NAME, status="info" if knows else "passed", words=words, numbers=numbers)
