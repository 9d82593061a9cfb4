"""Episodes of real environments: their files, playing them, their returns, and their pictures."""

import json
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from PIL import Image

from utils.datasets.episodes import Episode, Episodes, read_episodes, write_episodes
from utils.datasets.samples.held_out import HELD_OUT_SEEDS, write_held_out
from utils.draw.cartpole import HEIGHT, WIDTH, draw_cartpole
from utils.environments import Rollout, play, wander
from utils.gymnasium_environment import open_environment
from utils.metrics.returns import MeanReturn, agreement
from zoo_core.errors import DataError

CARTPOLE = "CartPole-v1"


def balance(observations: np.ndarray) -> np.ndarray:
    """Push towards where the pole falls: a policy by hand, which balances to the end."""
    return (observations @ np.array([0.05, 0.3, 1.0, 1.0], np.float32) > 0).astype(np.int64)


def left(observations: np.ndarray) -> np.ndarray:
    return np.zeros(len(observations), np.int64)


def one_by_one(policy, seed: int) -> float:
    """The same episode, written down plainly."""
    environment = gymnasium.make(CARTPOLE)
    observation, _ = environment.reset(seed=seed)
    total, over = 0.0, False
    while not over:
        action = int(policy(observation[None])[0])
        observation, reward, ended, limited, _ = environment.step(action)
        total, over = total + float(reward), ended or limited
    return total


def test_files_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_episodes(tmp_path / "a/three.json", CARTPOLE, [3, 1, 2])
    write_episodes(tmp_path / "b.json", CARTPOLE, [9])
    assert read_episodes(tmp_path / "a/three.json") == [Episode(CARTPOLE, seed) for seed in (3, 1, 2)]
    samples = Episodes(tmp_path)
    assert [sample.id for sample in samples] == ["a/three.json:3", "a/three.json:1", "a/three.json:2", "b.json:9"]
    assert samples[-1].data == Episode(CARTPOLE, 9)
    assert len(Episodes(tmp_path / "b.json")) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1, 2]", "fields environment and seeds"),
        ('{"environment": "CartPole-v1"}', "fields environment and seeds"),
        ('{"environment": "CartPole-v1", "seeds": [1], "more": 1}', "fields environment and seeds"),
        ('{"environment": 5, "seeds": [1]}', "environment is 5"),
        ('{"environment": "CartPole-v1", "seeds": []}', r"seeds is \[\]"),
        ('{"environment": "CartPole-v1", "seeds": 7}', "seeds is 7"),
        ('{"environment": "CartPole-v1", "seeds": [1, -1]}', r"seeds\[1\] is -1"),
        ('{"environment": "CartPole-v1", "seeds": [1.5]}', r"seeds\[0\] is 1.5"),
        ('{"environment": "CartPole-v1", "seeds": [true]}', r"seeds\[0\] is True"),
        ('{"environment": "CartPole-v1", "seeds": [4, 5, 4]}', "seed 4 stands there twice"),
    ],
)
def test_files_that_are_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "episodes.json"
    path.write_text(text)
    with pytest.raises(DataError, match=said) as caught:
        read_episodes(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_episodes(tmp_path / "episodes.json")


def test_the_sample_is_a_hundred_seeds(tmp_path: Path) -> None:
    write_held_out(tmp_path / "sample", CARTPOLE)
    assert [sample.data.seed for sample in Episodes(tmp_path / "sample")] == list(HELD_OUT_SEEDS)
    (tmp_path / "sample/mine").write_text("")
    write_held_out(tmp_path / "sample", CARTPOLE)
    assert (tmp_path / "sample/mine").exists()


def test_episodes_played_together_are_those_played_alone() -> None:
    calls = []

    def policy(observations: np.ndarray) -> np.ndarray:
        calls.append(observations.shape)
        assert observations.dtype == np.float32
        return left(observations)

    seeds = [1, 2, 3, 4, 5]
    rollouts = play(policy, [Episode(CARTPOLE, seed) for seed in seeds])
    assert [one.total for one in rollouts] == [one_by_one(left, seed) for seed in seeds]
    lengths = [len(one.actions) for one in rollouts]
    assert len(calls) == max(lengths)
    assert [rows for rows, _ in calls] == [sum(length > step for length in lengths) for step in range(max(lengths))]
    for one in rollouts:
        assert one.observations.shape == (len(one.actions) + 1, 4)
        assert not one.limited


def test_a_good_policy_reaches_the_time_limit() -> None:
    (one,) = play(balance, [Episode(CARTPOLE, 7)])
    assert one.total == 500 == one_by_one(balance, 7)
    assert one.limited


def test_other_environments_of_classic_control() -> None:
    def middle(observations: np.ndarray) -> np.ndarray:
        return np.ones(len(observations), np.int64)

    (one,) = play(middle, [Episode("MountainCar-v0", 0)])
    assert one.total == -200
    assert one.observations.shape == (201, 2)


def test_wandering_follows_from_the_seed() -> None:
    found = [wander(Episode(CARTPOLE, seed), 20) for seed in range(20)]
    again = [wander(Episode(CARTPOLE, seed), 20) for seed in range(20)]
    assert np.array_equal(found, again)
    assert len(np.unique(found, axis=0)) == 20
    assert found[0].dtype == np.float32
    assert np.abs(found)[:, 2].max() < 0.2095  # the pole has not fallen in any of them


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Pendulum-v1", "actions Box; supported are Box or Discrete observations with Discrete"),
        ("Blackjack-v1", "observations Tuple"),
        ("Nothing-v7", "no environment Nothing-v7"),
        ("CartPole-v99", "no environment CartPole-v99"),
        ("not a name", "no environment not a name"),
    ],
)
def test_environments_that_cannot_be_played(name: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        open_environment(name)


def test_an_environment_whose_package_is_missing(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "Box2D", None)
    with pytest.raises(DataError, match=r"LunarLander-v3 is not installed.*pip install"):
        open_environment("LunarLander-v3")
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(DataError, match="pip install gymnasium"):
        open_environment(CARTPOLE)


def test_an_action_that_does_not_exist() -> None:
    with pytest.raises(DataError, match="action 2: the environment has 2"):
        play(lambda observations: left(observations) + 2, [Episode(CARTPOLE, 0)])


def rollout(*rewards: float) -> Rollout:
    steps = len(rewards)
    return Rollout(np.zeros((steps + 1, 4), np.float32), np.zeros(steps, np.int64), np.array(rewards), True)


def test_returns() -> None:
    totals = np.random.RandomState(0).normal(200, 50, 37)
    metric = MeanReturn()
    metric.update([rollout(*([total / 2] * 2)) for total in totals], [None] * 37)
    found = metric.compute()
    assert found == pytest.approx(
        {
            "mean_return": totals.mean(),
            "standard_error": totals.std(ddof=1) / np.sqrt(37),
            "std_return": totals.std(),
            "min_return": totals.min(),
            "max_return": totals.max(),
        }
    )
    assert next(iter(found)) == metric.infos[0].name == "mean_return"


def test_counts_of_parts_are_joined() -> None:
    whole, parts = MeanReturn(), [MeanReturn() for _ in range(4)]
    rollouts = [rollout(float(1e6 + i)) for i in range(10)]
    whole.update(rollouts, [None] * 10)
    for place, part in enumerate(parts[:3]):
        part.update(rollouts[place::3], [None] * len(rollouts[place::3]))
    for part in parts[1:]:
        parts[0].merge(json.loads(json.dumps(part.state())))
    assert parts[0].compute() == pytest.approx(whole.compute(), rel=1e-12)
    assert whole.compute()["std_return"] == pytest.approx(np.arange(10).std())


def test_what_cannot_be_counted() -> None:
    metric = MeanReturn()
    with pytest.raises(DataError, match="no episode was counted"):
        metric.compute()
    alone = MeanReturn()
    alone.update([rollout(3.0)], [None])
    assert "standard_error" not in alone.compute()  # of one episode there is none
    with pytest.raises(DataError, match="2 predictions for 1 truths"):
        metric.update([rollout(1.0)] * 2, [None])
    with pytest.raises(DataError, match="NaN"):
        metric.update([rollout(1.0), rollout(float("nan"))], [None] * 2)
    for wrong in ({"mean": 1}, metric.state() | {"episodes": -1}, metric.state() | {"episodes": 1, "mean": "x"}):
        with pytest.raises(DataError, match="not the counts"):
            metric.merge(wrong)
    assert metric.state()["episodes"] == 0


def test_agreement_is_the_same_return() -> None:
    assert agreement(rollout(1.0, 2.0), rollout(3.0))
    assert not agreement(rollout(1.0), rollout(2.0))


def test_the_animation_shows_the_episode(tmp_path: Path) -> None:
    (one,) = play(left, [Episode(CARTPOLE, 3)])
    drawn = draw_cartpole(one.observations, one.rewards, one.limited)
    drawn.save(tmp_path / "episode.gif", format="GIF")
    with Image.open(tmp_path / "episode.gif") as picture:
        assert (picture.format, picture.size) == ("GIF", (WIDTH, HEIGHT))
        assert picture.n_frames == len(drawn.frames) == len(one.actions) // 2 + 1 + len(one.actions) % 2
        assert picture.info["loop"] == 0
        first = np.asarray(picture.convert("RGB"))
        assert not (first == (200, 60, 50)).all(axis=2)[:, 60:340].any()
        picture.seek(picture.n_frames - 1)
        assert (np.asarray(picture.convert("RGB")) == (200, 60, 50)).all(axis=2)[:, 60:340].any()


def test_a_state_outside_of_the_picture_can_be_drawn() -> None:
    states = np.array([[0, 0, 0, 0], [90, 0, 9, 0]], np.float32)
    assert len(draw_cartpole(states, np.ones(1), limited=False).frames) == 2
