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


def test_what_an_attack_leaves_behind_is_cleared_in_time(tmp_path: Path) -> None:
    attacked = """
    for epoch in range(20):
        for rows in torch.randperm(300).split(30):
            near = x[rows].clone().requires_grad_()
            F.cross_entropy(net(near), y[rows]).backward()
            near = (near + 0.1 * near.grad.sign()).detach()
            opt.zero_grad()
            loss = F.cross_entropy(net(near), y[rows])
            loss.backward()
            opt.step()
    """.replace("\n    ", "\n")
    assert "missing-zero-grad" not in alarms(CLASSES + attacked, tmp_path)
    forgotten = attacked.replace("        opt.zero_grad()\n", "")
    assert "missing-zero-grad" in alarms(CLASSES + forgotten, tmp_path)


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
