"""Learning by acting: what is remembered, what targets are made of, and where it goes on."""

import math

import pytest
import torch

from netwright.data.data import Batch, Data
from netwright.data.environments import Episodes
from netwright.data.read import read
from netwright.errors import UsageError
from netwright.nets.actor_critic import ActorCritic
from netwright.nets.dqn import DQN
from netwright.objectives._acting import Actors, Step
from netwright.objectives._objective import Epoch
from netwright.objectives.policy_gradient import PolicyGradient, advantages_of
from netwright.objectives.q_learning import Memory, QLearning

pytest.importorskip("gymnasium", reason="netwright[control] is not installed")

EPISODES = Episodes("train", "CartPole-v1", tuple(range(50)))


@pytest.fixture(scope="module")
def data() -> Data:
    return read("gym:CartPole-v1")


def streams(seed: int = 0) -> dict[str, torch.Generator]:
    return {name: torch.Generator().manual_seed(seed) for name in ("order", "rng")}


def test_actors_go_on_from_where_they_stood() -> None:
    actors = Actors(EPISODES, 3)
    rng = torch.Generator().manual_seed(1)
    for _ in range(60):
        actors.act(torch.randint(2, (3,), generator=rng))
    kept, other = actors.packed(), Actors(EPISODES, 3)
    other.unpack_(kept)
    torch.testing.assert_close(other.states, actors.states)
    assert (other.steps, other.returns) == (actors.steps, actors.returns) and actors.returns
    for _ in range(40):
        actions = torch.randint(2, (3,), generator=rng)
        for one, two in zip(actors.act(actions), other.act(actions), strict=True):
            torch.testing.assert_close(one, two)


def test_an_episode_that_ends_gives_its_last_state_and_begins_the_next() -> None:
    actors = Actors(EPISODES, 1)
    while True:
        step = actors.act(torch.ones(1, dtype=torch.int64))
        if bool(step.terminated[0]):
            break
    assert abs(float(step.next_states[0, 2])) > 12 * math.pi / 180  # the pole has fallen
    assert abs(float(actors.states[0, 2])) < 0.06 and len(actors.returns) == 1


def test_an_end_by_the_limit_of_time_is_no_end_of_the_rewards() -> None:
    actors = Actors(Episodes("train", "MountainCar-v0", (1,)), 1)
    steps = [actors.act(torch.ones(1, dtype=torch.int64)) for _ in range(200)]  # never pushed
    assert bool(steps[-1].cut[0]) and not any(bool(step.terminated[0]) for step in steps)


@torch.no_grad()
def test_targets_of_q_learning_are_those_of_the_equation(data: Data) -> None:
    net, target = DQN(in_features=4, outputs=2), DQN(in_features=4, outputs=2)
    following, rewards = torch.randn(5, 4), torch.randn(5)
    discount = torch.tensor([0.0, 0.9, 0.81, 0.9, 0.0])
    for double in (True, False):
        objective = QLearning(double=double)
        found = objective._targets(net, target, rewards, following, discount)
        for at in range(5):
            chooser = net if double else target
            action = int(chooser(following[at : at + 1]).argmax())
            then = discount[at] * target(following[at : at + 1])[0, action]
            assert float(found[at]) == pytest.approx(float(rewards[at] + then), abs=1e-5)


def test_what_is_remembered_counts_the_rewards_until_an_end() -> None:
    """Two environments in turn: the first ends after its second step, the second is cut there."""
    objective = QLearning(n_step=3, gamma=0.5, environments=2, every=2, memory=12)
    memory = Memory()
    memory.rings = (
        torch.zeros(12, 1), torch.zeros(12, dtype=torch.int64), torch.zeros(12),
        torch.zeros(12, 1), torch.zeros(12, dtype=torch.bool), torch.zeros(12, dtype=torch.bool),
    )  # fmt: skip
    for number in range(9):  # more than there is room for
        ends = torch.tensor([number == 4, False])
        cut = torch.tensor([False, number == 4])
        states = torch.full((2, 1), float(number))
        step = Step(states + 1, torch.tensor([1.0, 10.0]), ends, cut)
        memory.add(states, torch.tensor([0, 1]), step)
    drawn = memory.draw(500, torch.Generator().manual_seed(0), objective)
    states, actions, rewards, reached, discount = drawn
    seen = {
        (int(s), int(a)): (float(r), float(t), float(d))
        for s, a, r, t, d in zip(states, actions, rewards, reached, discount, strict=True)
    }
    # 18 steps in 12 places: 3 to 8 are left, and three steps from 3 to 6 on.
    assert set(seen) == {(s, a) for s in (3, 4, 5, 6) for a in (0, 1)}
    assert seen[3, 0] == (1.5, 5.0, 0.0)  # 1 + 0.5, then the end
    assert seen[4, 0] == (1.0, 5.0, 0.0)
    assert seen[3, 1] == (15.0, 5.0, 0.25)  # cut: what follows is still guessed
    assert seen[5, 1] == (17.5, 8.0, 0.125)


def test_q_learning_gives_as_many_batches_as_it_says(data: Data) -> None:
    objective = QLearning(steps=80, every=4, random_steps=40, memory=64)
    net = DQN(in_features=4, outputs=2)
    batches = list(objective.batches(data, Epoch(batch_size=16, net=net, **streams())))
    assert len(batches) * 16 == objective.rows(data, 16)
    assert batches[0].inputs[0].shape == (16, 4) and batches[0].targets.shape == (16,)
    assert objective.experience.facts()["environment_steps"] == 120
    loss = objective.step(net, batches[0])["net"]
    loss.backward()
    assert all(p.grad is not None for p in net.parameters())


def test_epsilon_falls_to_its_end() -> None:
    objective = QLearning(epsilon=1.0, epsilon_end=0.1, explore=100)
    assert objective.epsilon_at(0) == 1.0
    assert objective.epsilon_at(50) == pytest.approx(0.55)
    assert objective.epsilon_at(1000) == pytest.approx(0.1)


def test_memory_goes_on_from_a_checkpoint(data: Data) -> None:
    net = DQN(in_features=4, outputs=2)
    one = QLearning(steps=40, random_steps=40, memory=64)
    list(one.batches(data, Epoch(batch_size=8, net=net, **streams())))
    two = QLearning(steps=40, random_steps=40, memory=64)
    two.experience.unpack_(one.experience.packed())
    first = list(one.batches(data, Epoch(batch_size=8, net=net, **streams(5))))
    second = list(two.batches(data, Epoch(batch_size=8, net=net, **streams(5))))
    for a, b in zip(first, second, strict=True):
        torch.testing.assert_close(a.inputs, b.inputs)
        torch.testing.assert_close(a.targets, b.targets)


def test_advantages_by_hand() -> None:
    rewards, values = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[0.5], [0.25], [1.0]])
    ended = torch.tensor([[False], [True], [False]])
    last = torch.tensor([4.0])
    found = advantages_of(rewards, values, ended, last, gamma=0.5, trace=0.5)
    third = 3 + 0.5 * 4 - 1.0
    second = 2 - 0.25  # the episode ended: nothing of the third
    first = 1 + 0.5 * 0.25 - 0.5 + 0.25 * second
    torch.testing.assert_close(found[:, 0], torch.tensor([first, second, third]))


def test_advantages_of_whole_returns() -> None:
    """With lambda 1 they are the return less the value, as REINFORCE with a baseline has it."""
    rewards, values = torch.rand(6, 2), torch.rand(6, 2)
    ended = torch.zeros(6, 2, dtype=torch.bool)
    found = advantages_of(rewards, values, ended, torch.zeros(2), gamma=1.0, trace=1.0)
    whole = rewards.flip(0).cumsum(0).flip(0)
    torch.testing.assert_close(found, whole - values)


@pytest.mark.parametrize("method", ["ppo", "reinforce"])
def test_policy_gradient_gives_as_many_batches_as_it_says(data: Data, method: str) -> None:
    objective = PolicyGradient(method=method, steps=64, environments=4, passes=3)
    net = ActorCritic(in_features=4, outputs=2)
    batches = list(objective.batches(data, Epoch(batch_size=32, net=net, **streams())))
    assert len(batches) == (6 if method == "ppo" else 2)
    assert len(batches) * 32 == objective.rows(data, 32)
    objective.step(net, batches[0])["net"].backward()
    assert all(p.grad is not None for p in net.parameters())


def test_ppo_stops_pushing_beyond_its_clip() -> None:
    net = ActorCritic(in_features=4, outputs=2)
    objective = PolicyGradient(value_weight=0.0, clip=0.2)
    states, actions = torch.randn(2, 4), torch.zeros(2, dtype=torch.int64)
    log = net(states)[0].log_softmax(1)[:, 0].detach()
    advantages = torch.tensor([1.0, -1.0])
    for shift, pushed in ((0.0, True), (1.0, False)):
        # The first action is already likelier by e, the second less likely by e.
        before = log - torch.tensor([shift, -shift])
        net.zero_grad()
        batch = Batch((states, actions, before, advantages), torch.zeros(2))
        objective.step(net, batch)["net"].backward()
        assert net.actor.weight.grad is not None
        assert (float(net.actor.weight.grad.abs().sum()) > 1e-6) is pushed


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"method": "pro"}, "Did you mean 'ppo'"),
        ({"steps": 10}, "multiple of objective.environments"),
        ({"gamma": 2.0}, "expected 0 to 1"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        PolicyGradient(**wrong)  # type: ignore[arg-type]


def test_q_learning_refuses_steps_that_do_not_divide() -> None:
    with pytest.raises(UsageError, match="multiple of objective"):
        QLearning(every=3, environments=2)
