import math
from pathlib import Path

import numpy as np
import pytest

from netwright.errors import DataError
from netwright.watch.trace import Trace


def test_series_are_kept_apart_by_signal_and_place_and_in_order() -> None:
    trace = Trace()
    trace.record("grad.norm", "0.weight", 0, 1.5)
    trace.record_many(
        50, [("grad.norm", "0.weight", 2.5), ("grad.norm", "", 3.0), ("loss", "", 0.7)]
    )
    assert trace.signals() == ["grad.norm", "loss"]
    assert trace.places("grad.norm") == ["0.weight", ""]
    np.testing.assert_array_equal(trace.values("grad.norm", "0.weight"), [1.5, 2.5])
    np.testing.assert_array_equal(trace.steps("grad.norm", "0.weight"), [0, 50])
    assert trace.values("loss").tolist() == [0.7]
    assert trace.values("absent").shape == (0,) and trace.places("absent") == []
    assert len(trace) == 4


def test_a_saved_trace_comes_back_whole_with_nan_and_infinity(tmp_path: Path) -> None:
    trace = Trace()
    for step in range(5):
        trace.record("loss", "", step, math.nan if step == 3 else 1 / (step + 1))
        trace.record("grad.norm", "a.weight", step * 2, math.inf if step == 4 else step)
    trace.save(tmp_path)
    again = Trace.load(tmp_path)
    assert again.signals() == trace.signals()
    for signal, place in (("loss", ""), ("grad.norm", "a.weight")):
        np.testing.assert_array_equal(again.values(signal, place), trace.values(signal, place))
        np.testing.assert_array_equal(again.steps(signal, place), trace.steps(signal, place))
    again.record("loss", "", 5, 0.1)  # a resumed run goes on where it was
    assert len(Trace.load(again.save(tmp_path))) == 11


def test_an_empty_trace_can_be_saved(tmp_path: Path) -> None:
    Trace().save(tmp_path / "new")
    assert len(Trace.load(tmp_path / "new")) == 0


def test_a_crash_while_saving_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = Trace()
    trace.record("loss", "", 0, 1.0)
    trace.save(tmp_path)

    def broken(*_: object) -> None:
        Path(tmp_path / "trace.parquet.part").write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr("netwright.watch.trace.pq.write_table", broken)
    with pytest.raises(OSError, match="no space"):
        trace.save(tmp_path)
    assert len(Trace.load(tmp_path)) == 1


@pytest.mark.parametrize("make", [lambda f: None, lambda f: f.write_bytes(b"not parquet")])
def test_an_absent_or_broken_trace_says_what_to_do(tmp_path: Path, make: object) -> None:
    make(tmp_path / "trace.parquet")  # type: ignore[operator]
    with pytest.raises(DataError, match="trace"):
        Trace.load(tmp_path)


def test_worsens_sees_a_rise_beyond_noise_and_nothing_else() -> None:
    rng = np.random.default_rng(0)

    def trace_of(values: np.ndarray) -> Trace:
        trace = Trace()
        for step, value in enumerate(values):
            trace.record("loss", "", step, value)
        return trace

    noise = rng.normal(size=100) * 0.1
    assert trace_of(np.linspace(1, 3, 100) + noise).worsens("loss")
    assert not trace_of(np.linspace(3, 1, 100) + noise).worsens("loss")
    assert not trace_of(np.ones(100)).worsens("loss")
    assert trace_of(np.array([1.0, 0.5, np.nan])).worsens("loss")
    assert not trace_of(np.array([1.0, 2.0])).worsens("loss")  # too short to say
