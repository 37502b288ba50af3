from pathlib import Path

from watched_scripts import CLASSES, LOOP, alarms

CODE = (
    (CLASSES + LOOP).replace("range(20)", "range(6)")
    + """
with torch.no_grad():
    v = torch.randn(3, 6)[:1] * 0 + x[:120] + 0.1 * torch.randn(120, 6)
    print((net({}).argmax(1) == y[:120]).float().mean().item())
"""
)


def test_a_transform_left_out_in_the_evaluation(tmp_path: Path) -> None:
    assert alarms(CODE.format("v * 40 + 100"), tmp_path)[0] == "train-test-mismatch"
    assert "train-test-mismatch" not in alarms(CODE.format("v + 0.2"), tmp_path)


def test_what_cannot_be_mended_by_scaling_is_no_mismatch(tmp_path: Path) -> None:
    assert "train-test-mismatch" not in alarms(CODE.format("v[torch.randperm(120)] * 9"), tmp_path)
