"""Graphs: a convolution over neighbours for nodes; sums that tell structures apart for graphs."""

from netwright.data.data import Data
from netwright.plan.choices import Choices, epochs_for

__all__ = ["graph"]


def graph(data: Data, c: Choices) -> None:
    """Choose a net for nodes or for whole graphs and how to train it."""
    if data.task.name == "node-classification":
        _nodes(data, c)
    else:
        _graphs(data, c)


def _nodes(data: Data, c: Choices) -> None:
    # Sizes and dropout are left to the net, so that another one (--set net.name=gat) has its own.
    c.net("name", "gcn", "joined nodes are mostly alike: each hears its neighbours (Kipf 2017)")
    c.recipe("init", "xavier-uniform", "Glorot's, as in Kipf 2017 and Velickovic 2018")
    c.recipe("batch_size", "full", "every answer needs the whole graph anyway: one step an epoch")
    c.recipe("optimizer", "adam", "with L2 on all weights, as in Kipf 2017")
    c.recipe("lr", 0.01, "as in Kipf 2017")
    c.recipe("weight_decay", 5e-4, "few labels and many features: as in Kipf 2017")
    c.recipe("schedule", "constant", "early stopping says when to end")
    c.recipe("warmup", 0.0, "the whole graph in every step: the first direction is no noise")
    c.recipe("epochs", 200, "steps of the whole graph, as in Kipf 2017")
    patience = 100 if len(data.validation) >= 100 else None
    why = "epochs without a better validation score, as in Velickovic 2018"
    if patience is None:
        why = "too few validation nodes to say when to stop"
    c.recipe("patience", patience, why)


def _graphs(data: Data, c: Choices) -> None:
    rows = len(data.train)
    c.net("name", "gin", "sums over neighbours tell structures apart that means mix up (Xu 2019)")
    c.net("hidden_size", 16 if rows < 500 else 32, "as in Xu 2019; few graphs are learned by heart")
    size = 32 if rows < 5000 else 128
    c.recipe("batch_size", size, "graphs joined into one for a step, as in Xu 2019")
    c.recipe("optimizer", "adam", "as in Xu 2019")
    c.recipe("lr", 0.01, "as in Xu 2019: batch norm bears it")
    c.recipe("schedule", "cosine", "ends with small steps, as halving every 50 epochs does")
    epochs = epochs_for(500, rows, size, low=30, high=200)
    c.recipe("epochs", epochs, "about 500 steps")
    c.recipe("ema", 0.99, "the average of the weights is steadier than the last of them")
    c.recipe("patience", None, "the schedule ends it; the best epoch is kept")
