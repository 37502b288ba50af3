"""Pictures and clouds of what a net draws or rebuilds, and the report's section of them."""

import io
from dataclasses import replace

import numpy as np
import torch
from PIL import Image

import netwright as nw
from netwright import catalogue
from netwright.data.data import Data
from netwright.model.model import Model
from netwright.report.drawn import picture_grid, show_cloud, show_pictures
from netwright.report.html import to_html
from netwright.report.report import Headline, Report


def model_of(data: Data, name: str, **options: object) -> Model:
    shapes = {**data.encoding.shapes(), **options}
    net = catalogue.build("netwright.nets", name, shapes, what="net").eval()
    return Model(net=net, spec={"name": name, **shapes}, encoding=data.encoding, task=data.task)


def test_a_grid_holds_every_picture_in_its_place() -> None:
    pictures = torch.arange(5, dtype=torch.uint8)[:, None, None, None].expand(5, 1, 40, 30)
    grid = np.asarray(Image.open(io.BytesIO(picture_grid(pictures, 3))))
    assert grid.shape == (81, 92)  # two lines of three, a line of white between
    assert grid[0, 0] == 0 and grid[0, 91] == 2 and grid[80, 31] == 4 and grid[40, 0] == 255
    single = picture_grid(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), 1)
    assert Image.open(io.BytesIO(single)).size == (8, 8)


def test_drawn_and_rebuilt_pictures_are_shown() -> None:
    data = nw.read("digits", task="generation")
    (picture,) = show_pictures(model_of(data, "dcgan", classes=10), data)
    assert "a row each of 0, 1, 2" in picture.caption
    data = nw.read("digits", task="reconstruction")
    (picture,) = show_pictures(model_of(data, "autoencoder", code_size=4), data)
    assert Image.open(io.BytesIO(picture.png)).height == (2 * 9 - 1) * 8
    assert show_pictures(model_of(nw.read("digits"), "cnn", outputs=10), nw.read("digits")) == []


def test_a_cloud_is_in_the_units_of_the_table_and_on_the_page() -> None:
    data = nw.read("8-gaussians")
    real = data.test.inputs[0][:200]  # type: ignore[attr-defined]
    cloud = show_cloud(data, torch.stack([real + 0.1, real], 1))
    assert cloud is not None and cloud.axes == ("x1", "x2") and len(cloud.drawn) == 200
    assert abs(np.array(cloud.real)).max() > 2  # standardised they would be below
    report = Report(
        title="t", task="Draw rows", headline=Headline(metric="energy_distance", value=0.1),
        verdict="", form="generation",
    )  # fmt: skip
    assert "What it draws" not in to_html(report)
    page = to_html(replace(report, cloud=cloud))
    assert "What it draws" in page and "Drawn and real rows" in page
