"""Colours by role, light and dark. Figures are drawn in the light ones; in a page each becomes a
CSS variable."""

from collections.abc import Mapping

__all__ = ["BLUES", "DARK", "LIGHT", "LINES", "ORANGES", "RAMP_STEPS", "css_variables"]

RAMP_STEPS = 10

# Text on paper and surface has a contrast of at least 4.5 : 1 in both themes
# (tests/report/test_palette.py).
# The line colours can be told apart by people with any common colour blindness (after Okabe and Ito
# 2008).
LIGHT: Mapping[str, str] = {
    "paper": "#f7f6f2",
    "surface": "#fffefc",
    "sunken": "#f0eee8",
    "ink": "#1c2128",
    "soft": "#5a626d",
    "rule": "#e2dfd7",
    "grid": "#ebe8e1",
    "blue": "#2563a8",
    "orange": "#b4530a",
    "green": "#2e7d52",
    "purple": "#7b539d",
    "grey": "#7d848d",
    "red": "#b3322b",
    "amber": "#946200",
    "wash-blue": "#e6eef7",
    "wash-red": "#fbeae8",
    "wash-amber": "#faf1dc",
    "wash-green": "#e5f2ea",
}
DARK: Mapping[str, str] = {
    "paper": "#121519",
    "surface": "#1a1e24",
    "sunken": "#22272e",
    "ink": "#e8e6e1",
    "soft": "#a0a8b2",
    "rule": "#2f353e",
    "grid": "#272d35",
    "blue": "#72aae6",
    "orange": "#eb9a52",
    "green": "#6cc294",
    "purple": "#bb98dd",
    "grey": "#8d96a1",
    "red": "#f08a80",
    "amber": "#e0b155",
    "wash-blue": "#1d2c3f",
    "wash-red": "#3b2323",
    "wash-amber": "#362c18",
    "wash-green": "#1c3228",
}

# The order in which lines of one figure take their colours.
LINES = tuple(LIGHT[name] for name in ("blue", "orange", "green", "purple", "red", "grey"))


def _ramp(low: str, middle: str, high: str) -> tuple[str, ...]:
    """Return RAMP_STEPS colours from low over middle to high, mixed in linear light so that steps
    look even."""
    stops = [_linear(c) for c in (low, middle, high)]
    colours = []
    for step in range(RAMP_STEPS):
        at = 2 * step / (RAMP_STEPS - 1)
        left = min(int(at), 1)
        part = at - left
        mixed = [
            (a ** (1 / 3) * (1 - part) + b ** (1 / 3) * part) ** 3
            for a, b in zip(stops[left], stops[left + 1], strict=True)
        ]
        colours.append("#" + "".join(f"{_encode(c):02x}" for c in mixed))
    return tuple(colours)


def _linear(colour: str) -> list[float]:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def _encode(light: float) -> int:
    channel = 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return round(255 * min(1.0, max(0.0, channel)))


# In both themes little is near the paper and much stands out from it.
BLUES = _ramp("#eef2f6", "#7fa9d4", "#123a6b")
ORANGES = _ramp("#f6f1ea", "#e3a45f", "#7a2f05")
_BLUES_DARK = _ramp("#20262e", "#32669e", "#c3defa")
_ORANGES_DARK = _ramp("#262320", "#a3601f", "#ffdcb0")


def css_variables(theme: Mapping[str, str]) -> str:
    """Return the declarations of a theme: "--ink:#1c2128;..." with both ramps."""
    dark = theme is DARK
    colours = dict(theme)
    for name, ramp in (
        ("blues", _BLUES_DARK if dark else BLUES),
        ("oranges", _ORANGES_DARK if dark else ORANGES),
    ):
        colours |= {f"{name}-{i}": colour for i, colour in enumerate(ramp)}
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())


def variable_of() -> dict[str, str]:
    """Map each light colour, as matplotlib writes it, to its CSS variable."""
    names = {colour: f"var(--{name})" for name, colour in LIGHT.items()}
    names |= {colour: f"var(--blues-{i})" for i, colour in enumerate(BLUES)}
    names |= {colour: f"var(--oranges-{i})" for i, colour in enumerate(ORANGES)}
    return names
