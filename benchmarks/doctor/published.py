"""Published rules beside the tools of today: SageMaker Debugger, DeepDiagnosis, UMLAUT.

Their thresholds, as their sources have them (smdebug's built-in rules with default parameters;
Wardat et al. 2022, arXiv:2112.13993, `callbacks.py`; Schoop, Huang and Hartmann 2021,
`heuristics.py`), put to PyTorch nets. Rules that ask for an accuracy are left out: a loop tells of
none. AUTOTRAINER's all do.
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

# What each rule's words may generously mean.
MEANS: dict[str, tuple[str, ...]] = {
    "exploding tensor": ("exploding-gradient", "learning-rate-too-high", "numerical-instability",
                         "bad-input-values"),
    "vanishing gradient": ("vanishing-gradient", "disconnected-loss", "dying-relu"),
    "weight update ratio": ("learning-rate-too-low", "learning-rate-too-high",
                            "frozen-parameters", "optimizer-missing-parameters"),
    "loss not decreasing": ("underfitting", "learning-rate-too-low", "output-loss-mismatch"),
    "dead relu": ("dying-relu",),
    "overfit": ("overfitting",),
    "input mean": ("unscaled-inputs",),
    "invalid loss": ("numerical-instability", "bad-input-values", "learning-rate-too-high"),
    "numerical error in the forward pass": ("numerical-instability", "wrong-initialization"),
    "saturated activation": ("saturated-units", "unscaled-inputs"),
    "loss flat": ("underfitting", "learning-rate-too-low", "output-loss-mismatch"),
    "input range": ("unscaled-inputs",),
    "learning rate range": ("learning-rate-too-high", "learning-rate-too-low"),
    "high dropout": ("underfitting",),
    "final activation": ("output-loss-mismatch",),
}  # fmt: skip
EVERY = 10  # steps between looks at the gradients, as smdebug saves them


class Published:
    """Watches one training; `found` gives what each set of rules alarms about, first come first."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        self._model, self._optimizer = model, optimizer
        self._steps: list[float] = []
        self._epochs: list[tuple[float, float]] = []
        self._said: dict[str, dict[str, None]] = {
            tool: {} for tool in ("sagemaker-rules", "deepdiagnosis-rules", "umlaut-rules")
        }
        self._seen: list[tuple[nn.Module, Tensor, Tensor]] = []
        self._input: Tensor | None = None
        self._before: Tensor | None = None
        model.register_forward_pre_hook(self._take_input)
        for module in model.modules():
            if isinstance(module, nn.ReLU | nn.Tanh | nn.Sigmoid):
                module.register_forward_hook(self._take)

    def step(self, loss: float) -> None:
        """After each optimizer step."""
        self._steps.append(loss)
        if len(self._steps) == 1:
            self._once()
        if len(self._steps) % EVERY == 1:
            with torch.no_grad():
                self._look(loss)

    def epoch(self, training: float, validation: float) -> None:
        """After each epoch."""
        self._epochs.append((training, validation))
        if training > 0 and (validation - training) / training > 0.1:
            self._alarm("sagemaker-rules", "overfit")
        if len(self._epochs) > 1:
            before, then = self._epochs[-2]
            if validation > then and training <= before:
                self._alarm("umlaut-rules", "overfit")
        last = [loss for loss, _ in self._epochs[-5:]]
        if len(self._epochs) % 5 == 0 and sum(last) / 5 == max(last):
            self._alarm("deepdiagnosis-rules", "loss flat")

    def found(self) -> dict[str, list[str]]:
        """Return the rules that fired, by set."""
        for module, _, output in self._seen:  # asked of the last epoch alone
            if isinstance(module, nn.ReLU) and float((output <= 0).float().mean()) >= 0.7:
                self._alarm("deepdiagnosis-rules", "dead relu")
        return {tool: list(said) for tool, said in self._said.items()}

    def _alarm(self, tool: str, rule: str) -> None:
        self._said[tool].setdefault(rule)

    def _take_input(self, module: nn.Module, args: Any) -> None:
        self._seen = []
        first = next((a for a in args if isinstance(a, Tensor) and a.is_floating_point()), None)
        self._input = None if first is None else first.detach()

    def _take(self, module: nn.Module, args: Any, output: Tensor) -> None:
        self._seen.append((module, args[0].detach(), output.detach()))

    def _once(self) -> None:
        """What UMLAUT and the input's rule ask at the first step."""
        if self._input is not None:
            if float(self._input.min()) < -1 or float(self._input.max()) > 1:
                self._alarm("umlaut-rules", "input range")
            if abs(float(self._input.mean())) > 0.2:
                self._alarm("sagemaker-rules", "input mean")
        rate = self._optimizer.param_groups[0]["lr"] if self._optimizer else 1e-3
        if rate > 0.01 or rate < 1e-7:
            self._alarm("umlaut-rules", "learning rate range")
        modules = [m for m in self._model.modules() if not list(m.children())]
        if any(isinstance(m, nn.Dropout) and m.p > 0.5 for m in modules):
            self._alarm("umlaut-rules", "high dropout")
        if modules and isinstance(modules[-1], nn.ReLU | nn.Softmax):
            self._alarm("umlaut-rules", "final activation")

    def _look(self, loss: float) -> None:
        matrices = [p for p in self._model.parameters() if p.ndim > 1]
        gradients = [p.grad for p in matrices if p.grad is not None and not p.grad.is_sparse]
        broken = not math.isfinite(loss) or not all(bool(g.isfinite().all()) for g in gradients)
        if broken:
            self._alarm("sagemaker-rules", "exploding tensor")
        if not math.isfinite(loss):
            self._alarm("deepdiagnosis-rules", "invalid loss")
        if any(float(g.abs().mean()) < 1e-7 for g in gradients):
            self._alarm("sagemaker-rules", "vanishing gradient")
            self._alarm("deepdiagnosis-rules", "vanishing gradient")
        if matrices:
            now = matrices[0].detach().clone()
            if self._before is not None:
                ratio = float((now - self._before).abs().mean() / (now.abs().mean() + 1e-9))
                if ratio > 10 or ratio < 1e-8:
                    self._alarm("sagemaker-rules", "weight update ratio")
            self._before = now
        if len(self._steps) > 10 and self._steps[-11] > 0:
            if (self._steps[-11] - loss) / self._steps[-11] * 100 < 0.1:
                self._alarm("sagemaker-rules", "loss not decreasing")
        for rule in self._of_activations():
            self._alarm("deepdiagnosis-rules", rule)

    def _of_activations(self) -> Iterator[str]:
        for module, given, output in self._seen:
            mean = float(output.mean())
            if mean == 0 or not math.isfinite(mean):
                yield "numerical error in the forward pass"
            if isinstance(module, nn.ReLU):
                if float(((output > 0).float().mean(0) < 0.01).float().mean()) > 0.5:
                    self._alarm("sagemaker-rules", "dead relu")
            elif float((given.abs() >= 5).float().mean()) > 0.5:
                yield "saturated activation"
