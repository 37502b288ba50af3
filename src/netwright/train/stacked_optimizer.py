"""The optimisers of a stack's members, stepped together: each with its own rate, decay, betas.

The members' own optimisers stay what they are: their state becomes views of the rows here, so that
a checkpoint, or a step that one of them takes alone, means what it did. The formulas are those of
torch's optimisers (and of `muon.py`), written for rows (members, size).
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from netwright.plan.plan import Recipe
from netwright.train.muon import Muon, orthogonal
from netwright.train.optimizers import MuonWithAdamW
from netwright.train.stack import Buffer, Stack

__all__ = ["StackedOptimizer", "orthogonalised"]

# From so many parameters a member on, a fused kernel for each member is faster than formulas over
# all rows, which read and write every row several times.
WIDE = 30_000

STATES = {
    "sgd": (),
    "momentum": ("momentum_buffer",),
    "nesterov": ("momentum_buffer",),
    "adam": ("exp_avg", "exp_avg_sq"),
    "adamw": ("exp_avg", "exp_avg_sq"),
    "rmsprop": ("square_avg", "momentum_buffer"),
    "adagrad": ("sum",),
    "muon": ("exp_avg", "exp_avg_sq"),
}


def orthogonalised(optimizer: Optimizer) -> list[Tensor]:
    """Return the parameters that Muon steps; they come first in a stack."""
    parts = optimizer.parts if isinstance(optimizer, MuonWithAdamW) else (optimizer,)
    groups = [group for part in parts if isinstance(part, Muon) for group in part.param_groups]
    return [p for group in groups for p in group["params"]]


class StackedOptimizer:
    """stack: holds parameters and gradients. recipes: each member's; all of one `optimizer`.
    optimizers: each member's own, whose state moves in here."""

    def __init__(
        self, stack: Stack, optimizers: Sequence[Optimizer], recipes: Sequence[Recipe]
    ) -> None:
        kinds = {recipe.optimizer for recipe in recipes}
        if len(kinds) != 1:
            raise ValueError(f"The members' optimisers are {sorted(kinds)}; expected one kind.")
        self.kind = kinds.pop()
        self.stack, self.recipes, self.taken = stack, recipes, 0
        self.state = {name: stack.buffer() for name in STATES[self.kind]}
        self.momentum = stack.buffer() if stack.leading else None  # Muon's
        self._steps = torch.zeros(len(recipes), len(stack.spans))
        for number, optimizer in enumerate(optimizers):
            self._adopt(number, optimizer)
        rows = stack.parameters.rows
        fused = self.kind in ("adam", "adamw") and stack.size >= WIDE and rows.device.type == "cpu"
        self._fused = self._fused_arguments() if fused else []
        self._work = torch.empty_like(stack.parameters.rows)
        self._decay = self._column([r.weight_decay for r in recipes])
        self._eps = self._column([r.eps for r in recipes])
        self._betas = [self._column([r.betas[i] for r in recipes]) for i in (0, 1)]
        self._decays = any(r.weight_decay for r in recipes)
        self._clips = any(r.clip is not None for r in recipes)
        self._clips_values = any(r.clip_value is not None for r in recipes)
        self._equal_betas = len({recipe.betas for recipe in recipes}) == 1
        self._factor = self._column([r.momentum for r in recipes])
        self._clip = self._column([r.clip or float("inf") for r in recipes])
        self._value = self._column([r.clip_value or float("inf") for r in recipes])

    def _column(self, values: Sequence[float]) -> Tensor:
        rows = self.stack.parameters.rows
        return torch.tensor(values, dtype=rows.dtype, device=rows.device)[:, None]

    def _adopt(self, number: int, optimizer: Optimizer) -> None:
        """Move a member's state into the rows and leave views in its optimiser."""
        parts = optimizer.parts if isinstance(optimizer, MuonWithAdamW) else (optimizer,)
        held = {id(p): part for part in parts for g in part.param_groups for p in g["params"]}
        own = self.stack.alignment.parameters[number]
        for count, (name, p) in zip(self._steps[number], own.items(), strict=False):
            if id(p) not in held:
                continue  # frozen
            state: dict[str, Any] = held[id(p)].state[p]
            if isinstance(held[id(p)], Muon):
                assert self.momentum is not None
                _move(self.momentum, number, name, p, state, "momentum")
                continue
            for kind, buffer in self.state.items():
                _move(buffer, number, name, p, state, kind)
            if self.kind not in ("sgd", "momentum", "nesterov"):
                count.fill_(float(state.get("step", 0)))
                self.taken = int(count)
                state["step"] = count

    @contextlib.contextmanager
    def put_back(self, number: int) -> Iterator[None]:
        """Undo at the end what a member's own step changes inside: weights, state, buffers."""
        stack = self.stack
        held = [stack.parameters, *self.state.values(), *([self.momentum] if self.momentum else [])]
        rows = [buffer.rows[number] for buffer in held]
        rows += [self._steps[number], *(b[number] for b in stack.buffers.values())]
        before = [row.clone() for row in rows]
        try:
            yield
        finally:
            for row, value in zip(rows, before, strict=True):
                row.copy_(value)
            stack.bind_gradients(number)

    # ---------------------------------------------------------------------------------------- step

    @torch.no_grad()
    def step(self, rates: Sequence[float]) -> None:
        """Clip the gradients, which are changed, and step every member at its rate."""
        self.taken += 1
        self._steps.add_(1)
        self._clip_()
        column = self._column(rates)
        first = self.stack.leading
        p, g = (x.rows[:, first:] for x in (self.stack.parameters, self.stack.gradients))
        state = [buffer.rows[:, first:] for buffer in self.state.values()]
        match self.kind:
            case "adam" | "adamw" | "muon":
                if self._fused:
                    self._adam_by_member(rates)
                else:
                    self._adam(p, g, state, column)
                if first:
                    self._muon(column)
            case "rmsprop":
                self._rmsprop(p, self._with_decay(p, g), state, column)
            case "adagrad":
                g = self._with_decay(p, g)
                state[0].addcmul_(g, g)
                p.sub_(column * g / (state[0].sqrt() + self._eps))
            case _:
                self._sgd(p, self._with_decay(p, g), state, column)

    def _clip_(self) -> None:
        rows = self.stack.gradients.rows
        if self._clips:
            # Never enlarged; 1e-6 as in torch, against a division by zero.
            norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
            rows.mul_((self._clip / (norms + 1e-6)).clamp_(max=1.0))
        if self._clips_values:
            rows.clamp_(-self._value, self._value)

    def _with_decay(self, p: Tensor, g: Tensor) -> Tensor:
        """The gradients with torch's coupled decay added, where there is any."""
        return g.addcmul_(p, self._decay) if self._decays else g

    def _adam(self, p: Tensor, g: Tensor, state: list[Tensor], rates: Tensor) -> None:
        mean, square = state
        if self.kind == "adam":
            self._with_decay(p, g)
        elif self._decays:
            matrices = p[:, : self.stack.vectors - self.stack.leading]
            matrices.mul_(1 - rates * self._decay)
        one, two = self._betas
        mean.lerp_(g, 1 - self.recipes[0].betas[0] if self._equal_betas else 1 - one)
        if self._equal_betas:
            share = self.recipes[0].betas[1]
            square.mul_(share).addcmul_(g, g, value=1 - share)
        else:
            square.mul_(two).addcmul_(g, g * (1 - two))
        # torch's bias corrections, moved from the rows to the numbers a row is multiplied by.
        right = (1 - two**self.taken).sqrt()
        work = torch.sqrt(square, out=self._work[:, : p.shape[1]])
        work.add_(self._eps * right)
        torch.div(mean, work, out=work)
        p.addcmul_(work, -rates * right / (1 - one**self.taken))

    def _fused_arguments(self) -> list[tuple[list[list[Tensor]], dict[str, Any], int]]:
        """What the fused kernel takes: for each member its matrices and its vectors."""
        vectors, size = self.stack.vectors, self.stack.size
        buffers = (self.stack.parameters, self.stack.gradients, *self.state.values())
        found = []
        for number, recipe in enumerate(self.recipes):
            decay = recipe.weight_decay
            spared = decay if self.kind == "adam" else 0.0
            for span, share in ((slice(0, vectors), decay), (slice(vectors, size), spared)):
                rows = [[buffer.rows[number, span]] for buffer in buffers]
                fixed = {
                    "beta1": recipe.betas[0], "beta2": recipe.betas[1], "weight_decay": share,
                    "eps": recipe.eps, "amsgrad": False, "maximize": False,
                }  # fmt: skip
                if rows[0][0].numel():
                    found.append(([*rows, [], [self._steps[number, 0]]], fixed, number))
        return found

    def _adam_by_member(self, rates: Sequence[float]) -> None:
        kernel = torch._fused_adam_ if self.kind == "adam" else torch._fused_adamw_
        for rows, fixed, number in self._fused:
            kernel(*rows, lr=rates[number], **fixed)

    def _rmsprop(self, p: Tensor, g: Tensor, state: list[Tensor], rates: Tensor) -> None:
        square, velocity = state
        share = 0.99  # torch's alpha
        square.mul_(share).addcmul_(g, g, value=1 - share)
        velocity.mul_(self._factor).addcdiv_(g, square.sqrt() + self._eps)
        p.addcmul_(velocity, -rates)

    def _sgd(self, p: Tensor, g: Tensor, state: list[Tensor], rates: Tensor) -> None:
        if state:
            velocity = state[0].mul_(self._factor).add_(g)
            g = g.addcmul_(velocity, self._factor) if self.kind == "nesterov" else velocity
        p.addcmul_(g, -rates)

    def _muon(self, rates: Tensor) -> None:
        assert self.momentum is not None
        leading = slice(0, self.stack.leading)
        share = 0.95  # of the momentum, as in `Muon`
        mean, g = self.momentum.rows[:, leading], self.stack.gradients.rows[:, leading]
        mean.lerp_(g, 1 - share)
        g.lerp_(mean, share)
        for name, (start, _) in self.stack.spans.items():
            if start >= self.stack.leading:
                continue
            p, update = self.stack.parameters.of[name], self.stack.gradients.of[name].flatten(2)
            own = [one[name] if name in one else None for one in self.stack.alignment.parameters]
            sizes = [0.0 if x is None else 0.2 * max(x.flatten(1).shape) ** 0.5 for x in own]
            shape = (-1, *[1] * (p.dim() - 1))
            p.mul_((1 - rates * self._decay).view(shape))
            step = (-rates * self._column(sizes)).view(shape)
            p.addcmul_(orthogonal(update).view_as(p), step)


def _move(
    buffer: Buffer, number: int, name: str, p: Tensor, state: dict[str, Any], kind: str
) -> None:
    view = buffer.view(number, name, p)
    if state.get(kind) is not None:
        view.copy_(state[kind])
    state[kind] = view
