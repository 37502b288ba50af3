"""The designer's rules: every choice has a reason, and the plan builds a net that fits the data."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from netwright import catalogue
from netwright.data.data import Data, Source
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.read import read
from netwright.data.tables import table_data
from netwright.plan.design import design
from netwright.plan.plan import Plan, Recipe

CHOICES = (
    "net.name",
    "recipe.batch_size",
    "recipe.epochs",
    "objective.loss",
    "recipe.weight_decay",
)


def _series(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    lines = ["@problemName toy", "@univariate true", "@classLabel true a b", "@data"]
    for number in range(40):
        wave = np.sin(np.arange(32) / (3 + 2 * (number % 2))) + 0.1 * rng.normal(size=32)
        lines.append(",".join(f"{v:.4f}" for v in wave) + f":{'ab'[number % 2]}")
    path = folder / "toy.ts"
    path.write_text("\n".join(lines) + "\n")
    return path


def _texts(folder: Path) -> Path:
    for name, words in (("good", "fine lovely great"), ("bad", "awful poor dull")):
        (folder / "texts" / name).mkdir(parents=True)
        for number in range(20):
            text = f"{words} film number {number} was {words.split()[number % 3]}"
            (folder / "texts" / name / f"{number}.txt").write_text(text)
    return folder / "texts"


@pytest.fixture(params=["table", "numbers", "image", "text", "series", "forecast", "corpus"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Data:
    if request.param == "series":
        return read(_series(tmp_path))
    if request.param == "text":
        return read(_texts(tmp_path))
    if request.param == "corpus":
        path = tmp_path / "words.txt"
        path.write_text("the quick brown fox jumps over the lazy dog.\n" * 400)
        return read(path)
    if request.param == "forecast":
        return read("sine", task="forecasting", horizon=12)
    return read({"table": "iris", "numbers": "diabetes", "image": "digits"}[request.param])


def test_the_plan_builds_a_net_that_takes_the_data_and_gives_the_outputs(data: Data) -> None:
    plan = design(data)
    arguments = {k: v for k, v in plan.net.items() if k != "name"}
    net = catalogue.build("netwright.nets", plan.net["name"], arguments, what="net").eval()
    batch = next(iter(data.train.batches(4)))
    with torch.no_grad():
        outputs = net(*data.encoding.prepare(batch.inputs))
    assert outputs.shape[0] == 4
    assert outputs.shape[-1] in (data.task.outputs, data.encoding.shapes().get("vocab"))


def test_choices_have_reasons_and_the_plan_round_trips(data: Data) -> None:
    plan = design(data)
    for field in CHOICES:
        if field.split(".")[1] in plan.to_dict()[field.split(".")[0]]:
            decay = plan.recipe.weight_decay != Recipe().weight_decay
            changed = field != "recipe.weight_decay" or decay
            assert not changed or plan.why.get(field), field
    assert Plan.from_yaml(plan.to_yaml()) == plan


def test_more_rows_carry_more_units() -> None:
    def table(rows: int) -> Plan:
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(rng.normal(size=(rows, 3)), columns=["a", "b", "c"])
        return design(read(frame.assign(y=frame.sum(axis=1)), target="y"))

    small, large = table(200), table(8000)
    assert small.net["width"] < large.net["width"]
    assert small.net["numeric_embedding"] == "none" and large.net["numeric_embedding"] == "periodic"
    assert int(small.recipe.batch_size) < int(large.recipe.batch_size)


@pytest.mark.parametrize(("rows", "name"), [(300, "tabm"), (2500, "mlp"), (9000, "tabm")])
def test_tables_of_middling_size_are_learned_by_a_pack(rows: int, name: str) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(rows, 3)), columns=["a", "b", "c"])
    frame["y"] = frame["a"] + rng.normal(size=rows)
    plan = design(read(frame, target="y"))
    assert plan.net["name"] == name and (plan.members is not None) == (rows > 1000)
    if plan.members is not None:
        nets = [plan.member(number).net["name"] for number in range(plan.members.count)]
        assert nets == ([name] * 3 + ["modern-nca"]) * 4 or nets == [name] + ["modern-nca"] * 2
    if plan.members is not None and name == "mlp":
        drawn = [plan.member(number) for number in range(plan.members.count)]
        assert len({one.recipe.lr for one in drawn if one.net["name"] == "mlp"}) == 12
        assert {one.net["depth"] for one in drawn} == {1, 2, 3}
        assert Plan.from_yaml(plan.to_yaml()).member(3) == plan.member(3)


def small_table(rows: int, **options: Any) -> Data:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(rows, 3)), columns=["a", "b", "c"])
    frame["house"] = np.arange(rows) // 50
    frame["y"] = np.where(frame["a"] + rng.normal(size=rows) > 0, "yes", "no")
    source, told = Source("small"), ReadOptions(target="y", task="classification", **options)
    return table_data({"all": frame}, source=source, options=told, ledger=Ledger())


def test_classes_of_few_rows_are_learned_on_folds() -> None:
    plan = design(small_table(300))
    assert plan.members is not None and plan.members.folds == 5
    assert plan.why["members.folds"] and plan.why["members.count"]
    drawn = [plan.member(number) for number in range(plan.members.count)]
    assert len({one.recipe.lr for one in drawn}) == len(drawn)
    assert Plan.from_yaml(plan.to_yaml()) == plan
    more = design(small_table(2000)).members
    assert more is not None and more.folds is None


@pytest.mark.parametrize("options", [{"time_column": "a"}, {"group": "house"}])
def test_rows_in_order_of_time_or_of_few_groups_are_not_divided_into_folds(options: Any) -> None:
    plan = design(small_table(300, **options))
    assert plan.net["name"] == "tabm" and plan.members is None


@pytest.mark.parametrize(
    ("source", "task", "net", "objective"),
    [
        ("digits", "reconstruction", "autoencoder", "reconstruction"),
        ("wine", "reconstruction", "autoencoder", "reconstruction"),
        ("digits", "generation", "dcgan", "adversarial"),
        ("8-gaussians", None, "gan", "adversarial"),
    ],
)
def test_rows_learned_for_their_own_sake_have_rules_of_their_own(
    source: str, task: str | None, net: str, objective: str
) -> None:
    data = read(source, task=task)
    plan = design(data)
    assert plan.net["name"] == net and plan.objective["name"] == objective
    assert Plan.from_yaml(plan.to_yaml()) == plan
    arguments = {k: v for k, v in plan.net.items() if k != "name"}
    catalogue.build("netwright.nets", net, arguments, what="net")
    assert arguments.get("classes", 0) == (10 if task == "generation" else 0)
    fields = plan.to_dict()
    assert not [f for f in fields["objective"] if f"objective.{f}" not in plan.why]


@pytest.mark.parametrize(("repeats", "dropout"), [(400, 0.1), (18_000, 0.0)])
def test_a_large_corpus_is_not_learned_by_heart(
    repeats: int, dropout: float, tmp_path: Path
) -> None:
    path = tmp_path / "words.txt"
    path.write_text("the quick brown fox jumps over the lazy dog.\n" * repeats)
    assert design(read(path)).net["dropout"] == dropout
