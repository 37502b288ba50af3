"""Weights taken from a saved model: those that fit, and none of other classes."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from netwright.data.task import Task
from netwright.data.text_encoding import TextEncoding
from netwright.errors import UsageError
from netwright.model.model import Model
from netwright.nets.bert import BERT
from netwright.nets.text_cnn import TextCNN
from netwright.train.taking import take_weights_

SIZES = {"vocab": 12, "width": 16, "depth": 2, "num_heads": 2}
FILLS = Task(name="masked-language-modelling", form="masked-language-modelling", target="")
CLASSES = Task(
    name="text-classification", form="multiclass", target="c", classes=("a", "b", "c"), outputs=3
)


def save(folder: Path, net: nn.Module, spec: dict[str, object], task: Task) -> str:
    words = tuple(f"w{at}" for at in range(10))
    encoding = TextEncoding(level="word", vocabulary=words, length=8)
    Model(net, spec, encoding, task).save(folder / "model")
    return str(folder)


def test_an_encoder_is_taken_and_its_answer_is_new(tmp_path: Path) -> None:
    before = BERT(**SIZES)  # type: ignore[arg-type]
    path = save(tmp_path, before, {"name": "bert", **SIZES}, FILLS)
    net = BERT(**SIZES, outputs=3)  # type: ignore[arg-type]
    head = net.output.weight.clone()  # type: ignore[union-attr]
    taken = take_weights_(net, {"name": "bert", **SIZES, "outputs": 3}, CLASSES, path)
    assert taken.new == ("output.weight", "output.bias")
    assert "bias" in taken.left and any(name.startswith("transform") for name in taken.left)
    for name in taken.taken:
        assert torch.equal(net.state_dict()[name], before.state_dict()[name])
    assert torch.equal(net.output.weight, head)  # type: ignore[union-attr]
    assert f"{len(taken.taken)} tensors taken from" in str(taken) and "output.weight" in str(taken)


def test_an_answer_is_taken_where_the_classes_are_the_same(tmp_path: Path) -> None:
    spec = {"name": "bert", **SIZES, "outputs": 3}
    path = save(tmp_path, BERT(**SIZES, outputs=3), spec, CLASSES)  # type: ignore[arg-type]
    others = replace(CLASSES, classes=("x", "y", "z"))
    assert take_weights_(
        BERT(**SIZES, outputs=3),
        spec,
        others,
        path,  # type: ignore[arg-type]
    ).new == ("output.weight", "output.bias")
    same = take_weights_(BERT(**SIZES, outputs=3), spec, CLASSES, path)  # type: ignore[arg-type]
    assert same.new == () and "none is new" in str(same)


def test_no_stream_moves_by_looking_for_the_head(tmp_path: Path) -> None:
    spec = {"name": "bert", **SIZES, "outputs": 3}
    path = save(tmp_path, BERT(**SIZES, outputs=3), spec, CLASSES)  # type: ignore[arg-type]
    net = BERT(**SIZES, outputs=3)  # type: ignore[arg-type]
    state = torch.get_rng_state()
    take_weights_(net, spec, replace(CLASSES, classes=("x", "y", "z")), path)
    assert torch.equal(torch.get_rng_state(), state)


def test_what_fits_nowhere_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, BERT(**SIZES), {"name": "bert", **SIZES}, FILLS)  # type: ignore[arg-type]
    net = TextCNN(vocab=12, length=8, outputs=3)
    spec = {"name": "text-cnn", "vocab": 12, "length": 8, "outputs": 3}
    with pytest.raises(UsageError, match="No tensor of the net 'text-cnn'"):
        take_weights_(net, spec, CLASSES, path)
    with pytest.raises(UsageError, match="there is no model"):
        take_weights_(net, spec, CLASSES, str(tmp_path / "nothing"))
