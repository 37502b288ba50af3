from pathlib import Path

from watched_scripts import CLASSES, LOOP, alarms, judged

SICK = CLASSES + LOOP.replace("        opt.zero_grad()\n", "")


def test_gradients_that_pile_up_and_the_line_that_mends_it(tmp_path: Path) -> None:
    first = judged(SICK, tmp_path)[0]
    assert first.fault == "missing-zero-grad" and first.severity == "error"
    line = SICK.splitlines()[int(first.where["line"] or 0) - 1]
    assert line.strip() == "loss.backward()"
    assert first.patch is not None and "+        opt.zero_grad()" in first.patch
    assert alarms(CLASSES + LOOP, tmp_path) == []


def test_gradients_added_up_on_purpose_are_no_fault(tmp_path: Path) -> None:
    loop = """
    step = 0
    for epoch in range(20):
        for rows in torch.randperm(300).split(10):
            step += 1
            (F.cross_entropy(net(x[rows]), y[rows]) / 3).backward()
            if step % 3 == 0:
                opt.step()
                opt.zero_grad()
    """.replace("\n    ", "\n")
    assert alarms(CLASSES + loop, tmp_path) == []


def test_gradients_cleared_once_an_epoch_pile_up_within_it(tmp_path: Path) -> None:
    loop = LOOP.replace("        opt.zero_grad()\n", "").replace(
        "    for rows", "    opt.zero_grad()\n    for rows"
    )
    first = judged(CLASSES + loop, tmp_path)[0]
    assert first.fault == "missing-zero-grad"
    assert 0.7 < float(first.evidence["samples with old gradients"]) / float(
        first.evidence["samples"]
    )
