"""Parts that sample reports share: scores, traces, pictures, calibration."""

import io
import math
import random

import numpy as np
from PIL import Image

VERSIONS = {"netwright": "0.1.0", "torch": "2.13.0", "python": "3.11.9"}


def score(value: float, spread: float) -> dict[str, float | None]:
    return {"value": value, "low": value - spread, "high": value + spread}


def make_trace(
    layers: list[str], steps: int = 60
) -> dict[str, dict[str, tuple[list[int], list[float]]]]:
    rng = random.Random(0)
    at = [10 * i for i in range(steps)]
    trace: dict[str, dict[str, tuple[list[int], list[float]]]] = {
        signal: {} for signal in ("grad.norm", "update.ratio", "dead", "activation.std")
    }
    for depth, layer in enumerate(layers):
        fade = [math.exp(-i / 25) for i in range(steps)]
        trace["grad.norm"][layer] = (
            at,
            [(0.05 + f) * rng.lognormvariate(0, 0.25) * 0.7**depth for f in fade],
        )
        trace["update.ratio"][layer] = (
            at,
            [(2e-4 + 3e-3 * f) * rng.lognormvariate(0, 0.1) for f in fade],
        )
        trace["dead"][layer] = (at, [min(1.0, 0.03 * depth + 0.1 * (1 - f)) for f in fade])
        trace["activation.std"][layer] = (at, [0.8 + 0.2 * depth + 0.1 * rng.random() for _ in at])
    return trace


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, format="PNG")
    return buffer.getvalue()


def reliability(gap: float, start: int) -> list[dict[str, float]]:
    return [
        {"confidence": c / 10, "accuracy": min(1.0, c / 10 + gap * (-1) ** c), "share": c * c / 300}
        for c in range(start, 11)
    ]
