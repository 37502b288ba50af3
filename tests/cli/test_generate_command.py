"""From a source to drawn rows, and from a source to errors, by the commands alone."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from test_cli import run

import netwright as nw
from netwright import catalogue
from netwright.model.model import Model


def saved(source: str, folder: Path, name: str, **options: object) -> Path:
    """Save a model that has learned nothing: what is drawn is not what is asked here."""
    data = nw.read(source, task="generation")
    spec = {**data.encoding.shapes(), **options}
    net = catalogue.build("netwright.nets", name, spec, what="net").eval()
    model = Model(net=net, spec={"name": name, **spec}, encoding=data.encoding, task=data.task)
    return model.save(folder / "model")


def test_rows_are_written_as_the_suffix_says_and_the_same_for_a_seed(tmp_path: Path) -> None:
    model = str(saved("8-gaussians", tmp_path, "gan"))
    printed = run("generate", model, "--count", "5", cwd=tmp_path).stdout
    assert printed.splitlines()[0] == "x1,x2" and len(printed.splitlines()) == 6
    assert run("generate", model, "--count", "5", cwd=tmp_path).stdout == printed
    done = run("generate", model, "--count", "5", "--out", "rows.jsonl", "--json", cwd=tmp_path)
    assert json.loads(done.stdout) == {"rows": 5, "out": "rows.jsonl", "seed": 0}
    assert len(pd.read_json(tmp_path / "rows.jsonl", lines=True)) == 5


def test_pictures_become_a_grid_or_a_folder(tmp_path: Path) -> None:
    model = str(saved("digits", tmp_path, "dcgan", classes=10))
    run("generate", model, "--count", "10", "--class", "3", "--out", "grid.png", cwd=tmp_path)
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.size == ((4 * 9 - 1) * 8, (3 * 9 - 1) * 8)
    run("generate", model, "--count", "10", "--out", "drawn", cwd=tmp_path)
    files = sorted((tmp_path / "drawn").iterdir())
    with Image.open(files[0]) as first:
        assert len(files) == 10 and first.size == (8, 8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--count", "0"), "--count is 0; expected at least 1"),
        (("--out", "rows.doc"), "drawn rows are written as .csv"),
        (("--class", "left"), "draws without classes"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, words, tmp_path: Path) -> None:
    model = str(saved("8-gaussians", tmp_path, "gan"))
    assert words in run("generate", model, *options, cwd=tmp_path, check=2).stderr


@pytest.mark.slow
def test_a_gan_is_trained_reported_and_drawn_from(tmp_path: Path) -> None:
    run("train", "moons", "--task", "generation", "--epochs", "3", "--out", "r", cwd=tmp_path)
    metrics = json.loads((tmp_path / "r" / "metrics.json").read_text())
    assert metrics["primary"]["name"] == "energy_distance" and metrics["form"] == "generation"
    assert metrics["baselines"]["linear"]["energy_distance"]["low"] is not None
    assert "Drawn and real rows" in (tmp_path / "r" / "report.html").read_text()
    drawn = run("generate", "r", "--class", "upper", "--count", "3", cwd=tmp_path).stdout
    assert len(drawn.splitlines()) == 4
    assert "cannot be scored" in run("evaluate", "r", "moons", cwd=tmp_path, check=2).stderr


@pytest.mark.slow
def test_an_autoencoder_is_trained_and_its_errors_are_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(200, 2)) @ rng.normal(size=(2, 6)), columns=[*"abcdef"])
    table.loc[:19] = rng.normal(size=(20, 6)) * 2
    table["fault"] = np.where(np.arange(200) < 20, "yes", "no")
    table.to_csv(tmp_path / "parts.csv", index=False)
    train = ("train", "parts.csv", "--task", "reconstruction", "--target", "fault")
    run(*train, "--epochs", "40", "--out", "r", cwd=tmp_path)
    metrics = json.loads((tmp_path / "r" / "metrics.json").read_text())
    assert metrics["primary"]["name"] == "roc_auc" and metrics["primary"]["value"] > 0.8
    assert set(metrics["test"]) == {"roc_auc", "pr_auc", "mse", "mae"}
    run("predict", "r", "parts.csv", "--out", "errors.csv", cwd=tmp_path)
    errors = pd.read_csv(tmp_path / "errors.csv")
    assert list(errors) == ["error", "absolute_error"] and len(errors) == 200
    assert errors["error"][:20].median() > 2 * errors["error"][20:].median()
    scored = json.loads(run("evaluate", "r", "parts.csv", "--json", cwd=tmp_path).stdout)
    assert scored["primary"] == "roc_auc" and scored["rows"] == 200
    table.drop(columns="fault").to_csv(tmp_path / "new.csv", index=False)
    unlabelled = json.loads(run("evaluate", "r", "new.csv", "--json", cwd=tmp_path).stdout)
    assert unlabelled["primary"] == "mse"
    checked = run("check", *train[1:], cwd=tmp_path, check=None)
    assert "outputs-and-loss" in checked.stdout and checked.returncode in (0, 10)
