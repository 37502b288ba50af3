"""Series of unequal length, from the file to the answers: what a row is padded with has no part."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import netwright as nw
from netwright.data.data import Rows
from netwright.errors import UsageError
from netwright.making import Job, make
from netwright.model.loading import load


def waves(path: Path, rows: int = 90) -> Path:
    """Write series of 12 to 40 steps whose class is how fast they swing, not how long they are."""
    rng = np.random.default_rng(0)
    lines = ["@problemName waves", "@classLabel true slow fast", "@data"]
    for row in range(rows):
        steps = np.arange(rng.integers(12, 41))
        values = np.sin(steps * (0.4, 1.6)[row % 2] + rng.uniform(0, 6)) + rng.normal(
            0, 0.1, len(steps)
        )
        lines.append(",".join(f"{value:.3f}" for value in values) + (":slow", ":fast")[row % 2])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_from_a_file_to_answers_that_do_not_hang_on_padding(tmp_path: Path) -> None:
    changes = {"net.channels": 8, "net.depth": 3}
    source = str(waves(tmp_path / "waves.ts"))
    made = make(Job(source=source, out=str(tmp_path / "run"), epochs=15, changes=changes))
    assert made.metrics["test"]["accuracy"]["value"] > 0.9
    model = load(tmp_path / "run")
    long, short = (np.sin(np.arange(n) * 1.6) for n in (40, 15))
    together = model.predict([long, short])
    pd.testing.assert_frame_equal(
        together.iloc[1:].reset_index(drop=True), model.predict([short]), rtol=1e-4
    )
    (values, lengths) = model.encoding.encode([short])
    values[0, int(lengths) :] = 7.0  # as any padding, it is not looked at
    rows = Rows("padded", (values, lengths), torch.zeros(1))
    kept = Rows("kept", model.encoding.encode([short]), torch.zeros(1))
    torch.testing.assert_close(model.forward_rows(rows), model.forward_rows(kept))


def test_what_cannot_leave_padding_out_is_refused(tmp_path: Path) -> None:
    data = nw.read(waves(tmp_path / "waves.ts"))
    plan = nw.design(data)
    for changes, words in (
        ({"net.name": "dlinear"}, "different ones. Nets that do: .*inception-time"),
        ({"net.norm": "layer"}, "batch, rms or none"),
        ({"recipe.augment": ["warp"]}, "Leave warp out"),
    ):
        with pytest.raises(UsageError, match=words):
            nw.fit(plan.with_(changes), data, epochs=1)
