"""The optimisers without compiler wrappers are torch's own, bit for bit."""

import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from netwright.train import lean


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01, "fused": True}),
        ("Adam", {"weight_decay": 0.01}),
        ("AdamW", {"weight_decay": 0.01, "fused": True}),
        ("RMSprop", {"momentum": 0.5, "foreach": True}),
        ("Adagrad", {"eps": 1e-8}),
    ],
)
def test_steps_are_torchs(name: str, settings: dict[str, object]) -> None:
    def steps(kind: type[torch.optim.Optimizer]) -> list[Tensor]:
        torch.manual_seed(0)
        net = nn.Linear(5, 3)
        optimizer = kind(net.parameters(), lr=0.1, **settings)  # type: ignore[call-arg]
        for step in range(4):
            optimizer.zero_grad()
            net(torch.randn(7, 5)).square().mean().backward()
            optimizer.step()
            if step == 1:  # state survives a save and a load
                optimizer.load_state_dict(optimizer.state_dict())
        return [p.detach().clone() for p in net.parameters()]

    ours, theirs = steps(getattr(lean, name)), steps(getattr(torch.optim, name))
    for a, b in zip(ours, theirs, strict=True):
        assert torch.equal(a, b)
        assert not a.requires_grad


@pytest.mark.slow
def test_training_does_not_import_the_compiler() -> None:
    code = (
        "import sys, netwright as nw\n"
        "data = nw.read('iris')\n"
        "nw.fit(nw.design(data).with_({'recipe.epochs': 1}), data)\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
