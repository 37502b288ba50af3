"""CartPole-v1: the mean return of DQN over 100 episodes, and the steps in the environment that PPO
takes to 475, beside stable-baselines3's PPO with its defaults.

    python benchmarks/catalogue/control.py [--seeds 0 1 2] [--only ppo dqn sb3-ppo]

A cell is (learner, seed), in a process of its own; cells are taken in turn and cached in
benchmarks/results/catalogue_control.json, so that an interrupted table goes on. Every 2,048 steps
(2,000 of DQN) a policy is judged greedily on 20 episodes; the first time at 475 or more counts, and
is an estimate on those few. stable-baselines3 is looked for in benchmarks/.peers: pip install
stable-baselines3 there.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "results" / "catalogue_control.json"
PEERS = HERE.parent / ".peers" / "bin" / "python"
ENVIRONMENT, ASKED, MOST_STEPS = "CartPole-v1", 475.0, 100_000
LEARNERS: dict[str, dict[str, Any]] = {
    "ppo": {},
    "dqn": {"objective.name": "q-learning", "net.name": "dqn"},
}


def ours(learner: str, seed: int) -> dict[str, Any]:
    """Train by the designer's plan, as `netwright train` does, and test on 100 episodes."""
    from netwright.data.read import read
    from netwright.evaluate.evaluate import evaluate
    from netwright.plan.design import design
    from netwright.train.fit import fit

    data = read(f"gym:{ENVIRONMENT}", seed=seed)
    plan = design(data).with_(LEARNERS[learner])
    begun, cpu = time.monotonic(), time.process_time()
    run = fit(plan, data, seed=seed, num_threads=1)
    found = {"seconds": time.monotonic() - begun, "cpu_seconds": time.process_time() - cpu}
    curve = [(row["environment_steps"], row["mean_return"]) for row in run.history]
    test = evaluate(run, data.test)["mean_return"]
    return found | {"curve": curve, "test": test.to_dict(), "plan": run.plan.to_dict()}


def theirs(seed: int) -> dict[str, Any]:
    """Train stable-baselines3's PPO with its defaults until it is judged to be at 475."""
    import gymnasium
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback

    from netwright.data.environments import Episodes
    from netwright.data.read import read
    from netwright.evaluate.returns import play_with

    torch.set_num_threads(1)
    data = read(f"gym:{ENVIRONMENT}", seed=seed)
    curve: list[tuple[int, float]] = []

    def judge(model: Any, episodes: Any) -> float:
        assert isinstance(episodes, Episodes)

        def policy(states: torch.Tensor) -> torch.Tensor:
            return torch.from_numpy(model.predict(states.numpy(), deterministic=True)[0])

        return float(play_with(policy, episodes).mean())

    class Judged(BaseCallback):
        def _on_step(self) -> bool:
            return not curve or curve[-1][1] < ASKED

        def _on_rollout_start(self) -> None:
            if self.num_timesteps:
                curve.append((self.num_timesteps, judge(self.model, data.validation)))

    model = PPO("MlpPolicy", gymnasium.make(ENVIRONMENT), seed=seed, device="cpu")
    begun, cpu = time.monotonic(), time.process_time()
    model.learn(MOST_STEPS, callback=Judged())
    found = {"seconds": time.monotonic() - begun, "cpu_seconds": time.process_time() - cpu}
    return found | {"curve": curve, "test": {"value": judge(model, data.test)}}


def steps_to(curve: list[tuple[float, float]]) -> float | None:
    """Return the steps after which the judged return first reached what is asked."""
    return next((steps for steps, value in curve if value >= ASKED), None)


def read_table() -> dict[str, Any]:
    """Return the cells that are done."""
    return json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="+", default=[*LEARNERS, "sb3-ppo"])
    parser.add_argument("--cell", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.cell:
        learner, seed = given.cell[0], int(given.cell[1])
        print(json.dumps(theirs(seed) if learner == "sb3-ppo" else ours(learner, seed)))
        return
    table = read_table()
    for seed in given.seeds:
        for learner in given.only:
            if f"{learner}/{seed}" in table:
                continue
            python = str(PEERS) if PEERS.is_file() and learner == "sb3-ppo" else sys.executable
            command = [python, __file__, "--cell", learner, str(seed)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{learner}/{seed} failed: {done.stderr.strip().splitlines()[-1]}")
                continue
            cell = json.loads(done.stdout.splitlines()[-1])
            table = read_table()  # another process may have written its own cells
            table[f"{learner}/{seed}"] = cell | {"steps_to_475": steps_to(cell["curve"])}
            RESULTS.write_text(json.dumps(table, indent=1) + "\n")
            print(
                f"{learner}/{seed}: {cell['test']['value']:.1f} over 100 episodes, "
                f"{steps_to(cell['curve'])} steps to {ASKED:g}, {cell['cpu_seconds']:.0f} CPU s"
            )


if __name__ == "__main__":
    main()
