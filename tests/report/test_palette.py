"""Every colour of text can be read on its ground, light and dark (WCAG 2.1, AA: 4.5 to 1)."""

import pytest

from netwright.report.palette import BLUES, DARK, LIGHT, ORANGES, css_variables, variable_of


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read(theme: dict[str, str]) -> None:
    pairs = [(ink, ground) for ink in ("ink", "soft") for ground in ("paper", "surface", "sunken")]
    pairs += [
        (colour, "surface") for colour in ("blue", "orange", "green", "purple", "red", "amber")
    ]
    pairs += [
        ("red", "wash-red"),
        ("amber", "wash-amber"),
        ("ink", "wash-green"),
        ("ink", "wash-amber"),
    ]
    poor = {pair: contrast(theme[pair[0]], theme[pair[1]]) for pair in pairs}
    assert {pair: value for pair, value in poor.items() if value < 4.5} == {}


def test_each_light_colour_is_one_variable() -> None:
    colours = [*LIGHT.values(), *BLUES, *ORANGES]
    assert len(set(colours)) == len(colours)  # else a figure's colour would name two variables
    assert variable_of()[LIGHT["ink"]] == "var(--ink)"


def test_both_themes_define_the_same_variables() -> None:
    names = [
        {part.partition(":")[0] for part in css_variables(theme).split(";") if part}
        for theme in (LIGHT, DARK)
    ]
    assert names[0] == names[1]
    assert {v[4:-1] for v in variable_of().values()} <= names[0]
