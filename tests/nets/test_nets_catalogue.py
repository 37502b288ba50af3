"""Every file of the catalogue keeps the catalogue's promises."""

import ast
import importlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from netwright import catalogue, nets
from netwright.nets.ensemble import Ensemble
from netwright.nets.mlp import MLP
from netwright.train.building import takes_lengths

NAMES = catalogue.names("netwright.nets")
FOLDER = Path(nets.__path__[0])

# A net's arguments as each kind of data gives them (docs/design.md), and a batch of two rows.
KINDS = {
    "table": (
        {"numeric": 3, "cardinalities": [4, 2]},
        (torch.zeros(2, 3), torch.zeros(2, 2, dtype=torch.int64)),
    ),
    "image": ({"in_channels": 1, "height": 16, "width": 12}, (torch.zeros(2, 1, 16, 12),)),
    "text": ({"vocab": 9, "length": 10}, (torch.ones(2, 10, dtype=torch.int64),)),
    "series": ({"in_channels": 2, "length": 10}, (torch.zeros(2, 10, 2),)),
    "audio": ({"sample_rate": 4000, "length": 800}, (torch.zeros(2, 800),)),
    "video": (
        {"in_channels": 1, "frames": 5, "height": 8, "width": 6},
        (torch.zeros(2, 5, 1, 8, 6),),
    ),
}
FITS = {
    "audio-cnn": ["audio"],
    "bert": ["text"],
    "cnn": ["image"],
    "ctc": ["series", "audio"],
    "dlinear": ["series"],
    "efficientnet": ["image"],
    "fasttext": ["text"],
    "fcn": ["series"],
    "from-scratch": ["table"],
    "gpt": ["text"],
    "gru": ["text", "series"],
    "hebbian": ["table"],
    "highway": ["table"],
    "inception-time": ["series"],
    "logistic": ["table", "image", "text", "series"],
    "lstm": ["text", "series"],
    "mlp": ["table"],
    "modern-nca": ["table"],
    "nbeats": ["series"],
    "perceptron": ["table"],
    "radial-basis": ["table"],
    "resnet": ["image"],
    "rnn": ["text", "series"],
    "series-resnet": ["series"],
    "tabm": ["table"],
    "tcn": ["text", "series"],
    "text-cnn": ["text"],
    "transformer": ["text", "series"],
    "video-cnn": ["video"],
    "vision-transformer": ["image"],
}

# Nets that give something else than (batch, outputs), or read other kinds: arguments, inputs, and
# the shapes they give.
POINTS = {"numeric": 3, "cardinalities": []}
NOISE = (torch.zeros(2, 7), torch.tensor([0, 1]))
TOKENS = torch.ones(2, 5, dtype=torch.int64)
EDGES = torch.tensor([[0, 1], [1, 0]])
GRAPH = ({"in_features": 4, "outputs": 3}, (torch.zeros(6, 4), EDGES), [(6, 3)])
STATES = {"in_features": 4, "outputs": 3}
PAIRS = {"source_vocab": 9, "vocab": 7, "width": 8}
OTHERS = {
    "actor-critic": (STATES, (torch.zeros(2, 4),), [(2, 3), (2,)]),
    "attention": ({"width": 8}, (torch.zeros(2, 5, 8),), [(2, 5, 8)]),
    "autoencoder": (*KINDS["table"], [(2, 3 + 4 + 2)]),
    "dcgan": (
        KINDS["image"][0] | {"noise_size": 7, "classes": 2},
        NOISE,
        [KINDS["image"][1][0].shape],
    ),
    "detector": (KINDS["image"][0] | {"outputs": 3}, KINDS["image"][1], [(2, 3 + 4, 4, 3)]),
    "dqn": (STATES, (torch.zeros(2, 4),), [(2, 3)]),
    "gan": (POINTS | {"noise_size": 7, "classes": 2}, NOISE, [(2, 3)]),
    "gat": GRAPH,
    "gcn": GRAPH,
    "gin": GRAPH,
    "graphsage": GRAPH,
    "multi-task": (
        {"trunk": {"name": "mlp", "numeric": 3}, "heads": [2, 1]},
        (torch.zeros(2, 3),),
        [(2, 3)],
    ),
    "seq2seq": (PAIRS, (TOKENS, TOKENS[:, :4]), [(2, 4, 7)]),
    "siamese": (KINDS["image"][0], KINDS["image"][1] * 2, [(2, 1)]),
    "transformer-seq2seq": (PAIRS, (TOKENS, TOKENS[:, :4]), [(2, 4, 7)]),
    "tagger": (
        {"vocab": 9, "letters": 11, "outputs": 3},
        (ones := torch.ones(2, 5, dtype=torch.int64), ones, ones[..., None]),
        [(2, 5, 3)],
    ),
    "unet": (KINDS["image"][0] | {"outputs": 3}, KINDS["image"][1], [(2, 3, 16, 12)]),
    "variational-autoencoder": (
        KINDS["series"][0] | {"code_size": 5},
        KINDS["series"][1],
        [(2, 10, 2), (2, 5), (2, 5)],
    ),
    "word2vec": ({"vocab": 9}, (TOKENS[:, 0], TOKENS), [(2, 5)]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_kinds_answer_in_the_shapes_they_say(name: str) -> None:
    arguments, inputs, shapes = OTHERS[name]
    answers = catalogue.build("netwright.nets", name, arguments, what="net").eval()(*inputs)
    answers = answers if isinstance(answers, tuple) else (answers,)
    assert [tuple(answer.shape) for answer in answers] == shapes


@pytest.mark.parametrize(("name", "kind"), [(n, k) for n, kinds in FITS.items() for k in kinds])
def test_it_takes_what_its_kind_of_data_gives(name: str, kind: str) -> None:
    arguments, inputs = KINDS[kind]
    net = catalogue.build("netwright.nets", name, arguments | {"outputs": 3}, what="net").eval()
    if hasattr(net, "remember_"):
        net.remember_(inputs, torch.tensor([0, 2]))
    assert net(*inputs).shape[-1] == 3
    assert len(net(*inputs)) == 2


def test_every_net_but_the_ensemble_is_known_to_fit_a_kind() -> None:
    assert set(NAMES) == {*FITS, *OTHERS, "ensemble"}


@pytest.mark.parametrize(("name", "kind"), [(n, k) for n, kinds in FITS.items() for k in kinds])
def test_nets_of_one_shape_answer_in_one_pass_as_one_by_one(name: str, kind: str) -> None:
    arguments, inputs = KINDS[kind]
    spec = {"name": name, **arguments, "outputs": 3}
    ensemble = Ensemble(nets=[spec, spec, spec]).eval()
    for net in ensemble.nets:
        if hasattr(net, "remember_"):
            net.remember_(inputs, torch.tensor([0, 2]))
    together = ensemble.stacked(*inputs)
    for number, outputs in together.items():
        torch.testing.assert_close(outputs, ensemble.nets[number](*inputs), rtol=1e-6, atol=1e-6)
    apart = {
        "audio-cnn", "bert", "ctc", "efficientnet", "fasttext", "from-scratch", "gpt", "gru",
        "lstm", "modern-nca", "resnet", "rnn", "transformer", "vision-transformer",
    }  # fmt: skip
    assert len(together) == (0 if name in apart else 3)


@pytest.mark.parametrize("name", [name for name, kinds in FITS.items() if "text" in kinds])
def test_padding_of_texts_changes_nothing(name: str) -> None:
    arguments = KINDS["text"][0] | {"outputs": 3}
    net = catalogue.build("netwright.nets", name, arguments, what="net").eval()
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.3)
    for module in net.modules():
        if isinstance(module, torch.nn.Embedding) and module.padding_idx is not None:
            torch.nn.init.zeros_(module.weight[module.padding_idx])  # as it stays in training
    rows = torch.tensor([[5, 3, 8, 0, 0, 0], [1, 2, 3, 4, 5, 6], [7, 0, 0, 0, 0, 0]])
    answers = net(rows)
    for row, length in ((0, 3), (1, 6), (2, 1)):
        alone = net(rows[row : row + 1, :length])
        torch.testing.assert_close(answers[row : row + 1], alone, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(net(torch.nn.functional.pad(rows, (0, 4))), answers)


SERIES = [name for name, kinds in FITS.items() if "series" in kinds and takes_lengths(name)]


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("options", [{}, {"patch": 4}, {"bidirectional": True, "depth": 2}])
def test_padding_of_series_changes_nothing(name: str, options: dict[str, Any]) -> None:
    known = catalogue.parameters("netwright.nets", name, what="net")
    if not set(options) <= set(known):
        pytest.skip(f"{name} has no {' or '.join(set(options) - set(known))}")
    arguments = {"in_channels": 2, "length": 13, "outputs": 3, **options}
    net = catalogue.build("netwright.nets", name, arguments, what="net").double()
    torch.manual_seed(0)
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.3)
    lengths = torch.tensor([7, 13, 1])
    rows = torch.randn(3, 13, 2, dtype=torch.float64)
    net(rows)  # running statistics of batch norm that are not 0 and 1
    net.eval()
    answers = net(rows, lengths)  # what is padding is not even zero
    for row, length in enumerate(lengths.tolist()):
        alone = net(rows[row : row + 1, :length], lengths[row : row + 1])
        found = answers[row : row + 1, : alone.shape[1]]  # of nets that answer every step its own
        torch.testing.assert_close(found, alone, rtol=1e-6, atol=1e-8)
    longer = net(torch.nn.functional.pad(rows, (0, 0, 0, 5), value=9.0), lengths)
    torch.testing.assert_close(longer[:, : answers.shape[1]], answers, rtol=1e-6, atol=1e-8)
    if "patch" not in options:
        torch.testing.assert_close(net(rows[1:2]), answers[1:2], rtol=1e-6, atol=1e-8)


def test_nets_that_know_lengths() -> None:
    assert {"fcn", "gru", "inception-time", "lstm", "rnn", "series-resnet", "tcn",
            "transformer"} <= set(SERIES)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_keywords_with_json_defaults(name: str) -> None:
    signature = inspect.signature(catalogue.find("netwright.nets", name, what="net"))
    for parameter in signature.parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        if parameter.default is not inspect.Parameter.empty:
            json.dumps(parameter.default)


@pytest.mark.parametrize("name", NAMES)
def test_its_docstring_names_a_source_and_its_class_says_its_shapes(name: str) -> None:
    module = importlib.import_module(f"netwright.nets.{name.replace('-', '_')}")
    assert re.search(r"\b(19|20)\d\d\b", module.__doc__ or "")
    net = catalogue.find("netwright.nets", name, what="net")
    assert re.search(r"\((batch|nodes), ", net.__doc__ or "")


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda file: file.stem)
def test_it_imports_torch_and_other_nets_alone(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert (
                node.module
                in (
                    "collections.abc",
                    "dataclasses",
                    "itertools",
                    "numpy.typing",
                    "torch",
                    "torch.autograd.function",
                    "torch.func",
                    "torch.nn",
                    "torch.nn.utils.rnn",
                    "typing",
                )
                or ast.unparse(node) == "from netwright import catalogue"
                or (node.module or "").startswith("netwright.nets.")
            )
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= {"torch", "math", "difflib", "numpy"}


def test_a_net_is_the_same_after_its_weights_went_through_a_file(tmp_path: Path) -> None:
    arguments, inputs = KINDS["table"]
    options = {"outputs": 3, "numeric_embedding": "piecewise-linear", "norm": "batch"}
    first, second = MLP(**arguments, **options), MLP(**arguments, **options)
    torch.save(first.state_dict(), tmp_path / "weights.pt")
    second.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    assert torch.equal(first.eval()(*inputs), second.eval()(*inputs))
