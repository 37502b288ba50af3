"""Which epoch's weights a run keeps."""

import pytest

import netwright as nw


@pytest.mark.parametrize("keep", ["best", "last"])
def test_the_last_or_the_best_epoch_is_kept(keep: str) -> None:
    data = nw.read("iris")
    # So large a rate that the score of the first epochs is lost again.
    changes = {"recipe.epochs": 12, "recipe.lr": 0.5, "recipe.schedule": "constant"}
    plan = nw.design(data).with_(
        {**changes, "members": None, "recipe.patience": None, "recipe.keep": keep}
    )
    run = nw.fit(plan, data)
    assert len(run.history) == 12
    losses = [row["validation_loss"] for row in run.history]
    assert losses[-1] > min(losses)
    assert (run.kept_epoch == 12) is (keep == "last")
