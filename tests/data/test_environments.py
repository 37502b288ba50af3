"""Environments as Data: seeds as splits, states and actions as they must be."""

import pandas as pd
import pytest
import torch

from netwright.data.environments import Episodes, open_environment
from netwright.data.ledger import Ledger
from netwright.data.read import read
from netwright.data.read_rows import read_labelled, read_rows
from netwright.errors import DataError, UsageError

pytest.importorskip("gymnasium", reason="netwright[control] is not installed")


def test_splits_are_seeds_of_which_none_is_in_two() -> None:
    data = read("gym:CartPole-v1")
    assert (data.kind, data.task.name, data.task.outputs) == ("environment", "control", 2)
    assert data.encoding.shapes() == {"in_features": 4}
    seeds: list[int] = []
    for split in data.splits().values():
        assert isinstance(split, Episodes)
        seeds += split.seeds
    assert len(seeds) == len(set(seeds)) and len(data.test) == 100
    other = read("gym:CartPole-v1", seed=1).train
    assert isinstance(other, Episodes) and not set(other.seeds) & set(seeds)


def test_batches_are_first_states() -> None:
    split = Episodes("test", "CartPole-v1", (3, 4, 5))
    batches = list(split.batches(2))
    assert [tuple(batch.inputs[0].shape) for batch in batches] == [(2, 4), (1, 4)]
    state, _ = open_environment("CartPole-v1").reset(seed=5)
    torch.testing.assert_close(batches[1].inputs[0][0], torch.from_numpy(state))


def test_states_that_are_counted_become_rows() -> None:
    assert read("gym:FrozenLake-v1").encoding.shapes() == {"in_features": 16}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CartPole-v9", "Did you mean 'CartPole-v"),
        ("CartPol-v1", "Did you mean 'CartPole-v1'"),
        ("zzz", "Known: Acrobot-v1"),
        ("Pendulum-v1", "actions Box"),
        ("nonsense module:x", "cannot be made|no environment"),
    ],
)
def test_an_environment_that_will_not_do_is_refused_in_a_sentence(name: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(f"gym:{name}")


def test_options_about_rows_are_refused() -> None:
    with pytest.raises(UsageError, match="--target is about rows"):
        read("gym:CartPole-v1", target="x")
    with pytest.raises(UsageError, match="--task regression needs rows"):
        read("gym:CartPole-v1", task="regression")


def test_states_are_read_from_a_table() -> None:
    encoding = read("gym:CartPole-v1").encoding
    frame = pd.DataFrame({f"state_{at}": [0.1, 0.2] for at in range(1, 5)})
    (states,) = encoding.encode(frame)
    assert states.shape == (2, 4)
    with pytest.raises(DataError, match="no column 'state_4'"):
        encoding.encode(frame.drop(columns="state_4"))
    with pytest.raises(DataError, match="row 2 holds what is no finite number"):
        encoding.encode(frame.assign(state_1=[0.0, None]))


def test_a_model_is_scored_in_environments_of_its_shape_and_predicts_rows() -> None:
    data = read("gym:CartPole-v1")
    episodes = read_labelled("gym:CartPole-v1", data.encoding, data.task, Ledger())
    assert isinstance(episodes, Episodes) and len(episodes) == 100
    with pytest.raises(DataError, match="states of 6 numbers and 3 actions"):
        read_labelled("gym:Acrobot-v1", data.encoding, data.task, Ledger())
    with pytest.raises(DataError, match="acts in CartPole-v1"):
        read_labelled("digits", data.encoding, data.task, Ledger())
    with pytest.raises(UsageError, match="netwright evaluate"):
        read_rows("gym:CartPole-v1", data.encoding, Ledger())
