"""Environments: an actor and a critic, taught by PPO from their own steps."""

from netwright.data.data import Data
from netwright.plan.choices import Choices

__all__ = ["environment"]


def environment(data: Data, c: Choices) -> None:
    """Choose a net for acting and how to train it."""
    c.net("name", "actor-critic", "an actor chooses, a critic says what to expect")
    c.net("outputs", data.task.outputs, "one logit an action")
    c.objective("name", "policy-gradient", "steady on most small environments (Schulman 2017)")
    c.objective("method", "ppo", "each step is learned from several times")
    c.recipe("optimizer", "adam", "the usual one for acting")
    c.recipe("lr", 1e-3, "the usual rate of small nets")
    c.recipe("schedule", "constant", "what is to be learned changes with the net")
    c.recipe("warmup", 0.0, "the first batches are as good as later ones")
    c.recipe("batch_size", 64, "many small steps")
    c.recipe("clip", 0.5, "one odd episode cannot throw the net far")
    c.recipe("epochs", 50, "about 100,000 steps in the environment")
    c.recipe("patience", 10, "epochs without a better mean return")
