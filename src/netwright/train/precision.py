"""Mixed precision: which number format the forward pass uses, and the loss scale that fp16
needs."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch

from netwright.errors import UsageError

__all__ = ["mixed_precision"]


def mixed_precision(
    name: str, device: torch.device
) -> tuple[Callable[[], AbstractContextManager[None]], torch.amp.GradScaler, str]:
    """Return (autocast context, gradient scaler, what was decided and why).

    "auto" is bf16 on a GPU that computes in it, float32 elsewhere: without bf16 units (most CPUs)
    autocast costs more than it saves (measured 0.5 to 0.7 of float32's speed). fp16 needs a GPU.
    """
    scaler = torch.amp.GradScaler(device.type, enabled=name == "fp16")
    if name == "auto":
        if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
            name, said = "bf16", "bf16: this GPU computes in it"
        else:
            name, said = "float32", f"float32: no bf16 units on this {device.type}"
    else:
        said = f"{name}: as the plan says"
    if name == "float32":
        return nullcontext, scaler, said
    if name == "fp16" and device.type == "cpu":
        raise UsageError(
            "recipe.precision is 'fp16', but the device is a CPU. Use 'bf16' or 'float32'."
        )
    dtype = torch.bfloat16 if name == "bf16" else torch.float16
    return lambda: torch.autocast(device.type, dtype=dtype), scaler, said
