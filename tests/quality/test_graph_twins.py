"""Keys of graphs: the numbering of nodes is nothing to them, one edge moved is."""

import numpy as np

from netwright.quality.graph_twins import graph_keys


def keys(features: list[list[float]], pairs: list[tuple[int, int]], of: list[int]) -> list[int]:
    edges = np.array(pairs + [(b, a) for a, b in pairs]).T
    return graph_keys(np.array(features), edges, np.array(of), max(of) + 1).tolist()


def test_renumbered_graphs_have_one_key_and_others_another() -> None:
    path = [(0, 1), (1, 2), (2, 3)]
    renumbered = [(6, 4), (4, 7), (7, 5)]
    star = [(8, 9), (8, 10), (8, 11)]
    found = keys([[0.0]] * 12, path + renumbered + star, [0] * 4 + [1] * 4 + [2] * 4)
    assert found[0] == found[1] != found[2]


def test_features_count_and_where_they_stand() -> None:
    pairs = [(0, 1), (1, 2), (3, 4), (4, 5), (6, 7), (7, 8)]
    features = [[1.0], [0], [0], [0], [0], [1], [0], [1], [0]]  # at an end, an end, the middle
    found = keys(features, pairs, [0] * 3 + [1] * 3 + [2] * 3)
    assert found[0] == found[1] != found[2]
