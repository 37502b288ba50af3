from pathlib import Path

from watched_scripts import CLASSES, LOOP, alarms

CODE = (
    (CLASSES + LOOP).replace("range(20)", "range(6)")
    + """
with torch.no_grad():
    print((net(x[:150]).argmax(1) == w[:150]).float().mean().item())
"""
)


def test_targets_that_a_cast_made_one_class(tmp_path: Path) -> None:
    sick = CODE.replace("net =", "w, y = y, (y / 255).long()\nnet =")
    assert alarms(sick, tmp_path)[0] == "corrupted-labels"
    assert alarms(CODE.replace("net =", "w = y\nnet ="), tmp_path) == []
