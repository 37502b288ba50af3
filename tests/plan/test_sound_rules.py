"""Plans for sounds: nets that read them, bands that fit the rate, every choice with its reason."""

from pathlib import Path

import pytest
import torch

from netwright.data.read import read
from netwright.errors import UsageError
from netwright.plan.design import design
from netwright.train.building import build_net, build_objective
from sound_files import put, tone


def sounds(root: Path, rate: int) -> Path:
    for name, hertz in (("low", 200), ("high", 600)):
        for at in range(6):
            put(root / name / f"{at}.wav", tone(hertz + at, 0.2, rate=rate), rate=rate)
    return root


@pytest.mark.parametrize(("rate", "bands"), [(2_000, 39), (16_000, 40)])
def test_classes(rate: int, bands: int, tmp_path: Path) -> None:
    data = read(sounds(tmp_path, rate))
    plan = design(data)
    assert plan.net["name"] == "audio-cnn" and plan.net["sample_rate"] == rate
    assert plan.net["num_mels"] == bands and plan.net["outputs"] == 2
    assert plan.recipe.augment == ("shift", "noise")
    assert all(plan.why[f"net.{name}"] for name in plan.net if name != "name")
    with pytest.raises(UsageError, match=r"not mixed. Leave mixup out"):
        build_objective(plan.with_({"recipe.augment": ("mixup", "noise")}), data)
    net, _ = build_net(plan, data, 0, torch.device("cpu"))
    batch = next(iter(data.train.batches(4)))
    assert net(*data.encoding.prepare(batch.inputs)).shape == (4, 2)


@pytest.mark.parametrize(("rows", "strides"), [(60, [2, 2]), (12, [2, 1])])
def test_speech(rows: int, strides: list[int], tmp_path: Path) -> None:
    lines = ["file,text"]
    for at in range(rows):
        put(tmp_path / f"{at}.wav", tone(300 + at, 0.2))
        lines.append(f"{at}.wav,{'yes' if at % 2 else 'no'}")
    (tmp_path / "transcripts.csv").write_text("\n".join(lines), encoding="utf-8")
    data = read(tmp_path)
    plan = design(data)
    assert plan.net["name"] == "ctc" and plan.net["strides"] == strides
    assert plan.objective["name"] == "ctc"
    net, _ = build_net(plan, data, 0, torch.device("cpu"))
    batch = next(iter(data.train.batches(4)))
    losses = build_objective(plan, data).step(
        net, batch._replace(inputs=data.encoding.prepare(batch.inputs))
    )
    assert isinstance(losses, dict) and losses["net"].isfinite()
