"""Makes the weights of `dqn`, a network that double DQN taught to balance CartPole-v1's pole.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.episodes import Episode
from utils.environments import play
from utils.gymnasium_environment import open_environment
from utils.training.steps import save_weights

SAMPLE = MODEL.variant("dqn")

SEED, STEPS, RATE, BATCH, DISCOUNT = 0, 60_000, 1e-3, 128, 0.99
FOLLOW = 0.01  # of the way that the target goes to the network with each update
FIRST, EVERY, UPDATES = 1_000, 64, 64  # steps before learning, steps and updates of a round
EXPLORING, LEAST = 8_000, 0.05  # steps until the share of random actions has come down from 1 to LEAST
TRY = 1_024  # steps between two trials
TRIALS = range(10_000, 10_100)  # seeds of the episodes that choose the weights; the sample holds others
GOOD = 500.0


class Memory:
    """All steps that were made. A step is (state, action, state after it, whether the pole had fallen)."""

    def __init__(self, size: int) -> None:
        self.states, self.after = np.zeros((2, size, 4), np.float32)
        self.actions = np.zeros(size, np.int64)
        self.fallen = np.zeros(size, np.float32)
        self.count = 0

    def add(self, state: np.ndarray, action: int, after: np.ndarray, fallen: bool) -> None:
        place = self.count
        self.states[place], self.after[place] = state, after
        self.actions[place], self.fallen[place] = action, fallen
        self.count += 1

    def some(self, random: np.random.RandomState) -> list[Any]:
        import torch

        chosen = random.randint(self.count, size=BATCH)
        columns = (self.states, self.actions, self.after, self.fallen)
        return [torch.from_numpy(column[chosen]) for column in columns]


def learn(network: Any, target: Any, optimiser: Any, batch: list[Any]) -> None:
    """One update of double DQN: `network` chooses the next action, `target` values it.

    The environment rewards each step with 1, so that a state from which the pole falls after n steps is worth
    (1 - d^n) / (1 - d) with the discount d. What is learned is (1 - d) times that, less 1: -d^n, which is the same
    order of actions. A new network's values near 0 then mean that nothing ever falls, and not that all is lost.
    """
    import torch

    states, actions, after, fallen = batch
    with torch.no_grad():
        chosen = network(after).argmax(1, keepdim=True)
        worth = -fallen + DISCOUNT * (1 - fallen) * target(after).gather(1, chosen)[:, 0]
    value = network(states).gather(1, actions[:, None])[:, 0]
    loss = torch.nn.functional.mse_loss(value, worth)
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
    optimiser.step()
    with torch.no_grad():
        for own, followed in zip(target.parameters(), network.parameters(), strict=True):
            own.lerp_(followed, FOLLOW)


def returns(network: Any, seeds: range) -> np.ndarray:
    """The return of the greedy policy in each episode: float64 [seeds]."""
    import torch

    def policy(observations: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(observations)).argmax(1).numpy()

    return np.array([one.total for one in play(policy, [Episode(SAMPLE.task.environment, seed) for seed in seeds])])


def train() -> Any:
    """The target, which is an average of networks and therefore steadier than any of them: the first that balances
    all TRIALS to the end, or the best one."""
    import copy

    import torch

    torch.manual_seed(SEED)
    random = np.random.RandomState(SEED)
    network = SAMPLE.build()
    target, best, most = copy.deepcopy(network), copy.deepcopy(network), 0.0
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    memory = Memory(STEPS)
    environment = open_environment(SAMPLE.task.environment)
    state, _ = environment.reset(seed=SEED)
    for step in range(1, STEPS + 1):
        if random.rand() < max(LEAST, 1 - step / EXPLORING):
            action = random.randint(2)
        else:
            with torch.inference_mode():
                action = int(network(torch.from_numpy(state)[None]).argmax())
        after, _, fallen, limited, _ = environment.step(action)
        memory.add(state, action, after, fallen)
        state = environment.reset()[0] if fallen or limited else after
        if step < FIRST or step % EVERY:
            continue
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
        for _ in range(UPDATES):
            learn(network, target, optimiser, memory.some(random))
        if step >= EXPLORING and step % TRY == 0:
            found = returns(target, TRIALS)
            print(f"step {step}: mean return {found.mean():.1f}, least {found.min():.0f}", flush=True)
            if found.mean() > most:
                best, most = copy.deepcopy(target), found.mean()
            if most >= GOOD:
                break
    return best


def main() -> None:
    """Train, print the mean return of episodes that chose nothing, write the weights."""
    start = time.perf_counter()
    network = train()
    seeds = [sample.data.seed for sample in SAMPLE.task.dataset(SAMPLE.data("sample"))]
    found = returns(network, range(min(seeds), max(seeds) + 1))
    print(
        f"mean return of {len(found)} held-out episodes: {found.mean():.1f}, least {found.min():.0f} "
        f"({time.perf_counter() - start:.0f} s in all, {time.process_time():.0f} s of processor time)"
    )
    save_weights(network, SAMPLE.sample_weights, half=False)


if __name__ == "__main__":
    main()
