"""repair: a sick run is mended and proved, a healthy one is left alone."""

import json

import pytest
from sick_plans import blobs, plan

import netwright as nw
from netwright.errors import UsageError
from netwright.repair.remedy import changed


def test_a_rate_far_too_high_is_lowered_and_proved() -> None:
    data = blobs()
    sick = nw.fit(plan(data, recipe__lr=3.0), data, num_threads=1)
    assert sick.findings[0].fault == "learning-rate-too-high"
    mended = nw.repair(sick, data, num_threads=1)
    assert mended.proof.kept == ("lower-lr",) and mended.proof.verdict == "repaired"
    assert isinstance(mended.plan.recipe.lr, float) and mended.plan.recipe.lr < 1.0
    assert set(changed(sick.plan, mended.plan)) == {"recipe.lr"}
    assert "repaired by lower-lr: accuracy" in mended.plan.why["recipe.lr"]
    assert mended.run is not None
    assert not [f for f in mended.run.findings if f.severity == "error"]
    assert mended.run.validation["accuracy"].value > sick.validation["accuracy"].value
    found = json.loads(json.dumps(mended.proof.to_dict()))
    assert found["remedies"][0]["p_value"] == 1 / 32 and found["remedies"][0]["kept"]
    assert len(found["control"]["scores"]) == 5 and found["cost"]["proof"] <= 12
    assert found["cost"]["finding"] <= 2


def test_a_training_that_gave_no_finite_number_is_mended_too() -> None:
    data = blobs()
    with pytest.raises(nw.FailedTraining) as failed:
        nw.fit(plan(data, recipe__lr=1e4, recipe__optimizer="sgd"), data, num_threads=1)
    mended = nw.repair(failed.value, data, num_threads=1)
    control = mended.proof.control
    assert mended.proof.kept == ("lower-lr",) and mended.run is not None and control is not None
    assert control.failed == 5 and max(control.scores) < 0.5  # a constant answer's
    assert mended.proof.best is not None and mended.proof.best.arm.mean > 0.85


def test_where_nothing_helps_nothing_is_kept() -> None:
    data = blobs(100, spread=1e3)  # noise: there is nothing to learn
    sick = nw.fit(plan(data, recipe__lr=3.0, recipe__epochs=10), data, num_threads=1)
    assert sick.findings[0].fault == "learning-rate-too-high"
    mended = nw.repair(sick, data, num_threads=1)
    assert mended.proof.verdict == "not-repaired" and mended.proof.kept == ()
    assert mended.plan == sick.plan and mended.run is sick
    assert "no remedy was proved" in str(mended.proof)


def test_a_healthy_run_is_returned_as_it_is() -> None:
    data = blobs()
    healthy = nw.fit(plan(data), data, num_threads=1)
    mended = nw.repair(healthy, data, num_threads=1)
    assert mended.run is healthy and mended.plan == healthy.plan
    assert mended.proof.verdict == "healthy" and mended.proof.cost["seconds"] == 0
    assert "nothing was trained" in repr(mended)


def test_members_are_mended_together() -> None:
    data = blobs(200)
    sick = plan(data, recipe__lr=3.0, recipe__epochs=8).with_({"members.count": 2})
    mended = nw.repair(nw.fit(sick, data, num_threads=1), data, num_threads=1)
    assert mended.proof.kept == ("lower-lr",)
    assert mended.plan.members is not None and mended.plan.members.count == 2


def test_members_that_all_failed_are_mended_too() -> None:
    data = blobs(200)
    sick = plan(data, recipe__lr=1e6, recipe__optimizer="sgd", recipe__epochs=8)
    with pytest.raises(nw.FailedTraining) as failed:
        nw.fit(sick.with_({"members.count": 2}), data, num_threads=1)
    mended = nw.repair(failed.value, data, num_threads=1)
    assert mended.proof.kept == ("lower-lr",) and mended.run is not None


@pytest.mark.parametrize("seeds", [4, 17])
def test_a_number_of_seeds_that_proves_nothing_is_refused(seeds: int) -> None:
    data = blobs(60)
    run = nw.fit(plan(data, recipe__epochs=1), data, num_threads=1)
    with pytest.raises(UsageError, match="expected 5 to 16"):
        nw.repair(run, data, seeds=seeds)
