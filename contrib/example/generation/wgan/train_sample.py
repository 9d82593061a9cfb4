"""Makes sample.safetensors: the generator of a Wasserstein GAN that is trained on digits here.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import LATENT, MODEL

from utils.training.digit_generation import training_pixels
from zoo.libraries.digit_maker import HIDDEN, SIDE
from zoo.training import finish

SEED, STEPS, CRITIC_STEPS, BATCH, RATE, PENALTY = 0, 2500, 3, 64, 1e-3, 10.0


def steepness(critic: Any, real: Any, made: Any) -> Any:
    """How far the critic's slope is from 1 between real and made pictures (gradient penalty)."""
    import torch

    share = torch.rand(len(real), 1)
    between = (share * real + (1 - share) * made).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return ((slope.norm(dim=1) - 1) ** 2).mean()


def main() -> None:
    """Train critic and generator in turns, and write a running mean of the generator's weights."""
    import torch
    from torch import nn

    torch.manual_seed(SEED)
    start = time.perf_counter()
    pixels = training_pixels()
    generator = MODEL.variant().build()
    layers = (nn.Linear(SIDE * SIDE, HIDDEN), nn.LeakyReLU(0.2), nn.Linear(HIDDEN, HIDDEN), nn.LeakyReLU(0.2))
    critic = nn.Sequential(*layers, nn.Linear(HIDDEN, 1))
    averaged = torch.optim.swa_utils.AveragedModel(generator, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn())
    making = torch.optim.Adam(generator.parameters(), lr=RATE, betas=(0.0, 0.9))
    judging = torch.optim.Adam(critic.parameters(), lr=RATE, betas=(0.0, 0.9))
    for step in range(STEPS):
        for _ in range(CRITIC_STEPS):
            real = pixels[torch.randint(len(pixels), (BATCH,))]
            with torch.no_grad():
                made = generator(torch.randn(1, BATCH, LATENT)).flatten(2)[0]
            distance = critic(real).mean() - critic(made).mean()
            loss = PENALTY * steepness(critic, real, made) - distance
            judging.zero_grad()
            loss.backward()
            judging.step()
        loss = -critic(generator(torch.randn(1, BATCH, LATENT)).flatten(2)[0]).mean()
        making.zero_grad()
        loss.backward()
        making.step()
        averaged.update_parameters(generator)
        if step % 500 == 499:
            print(f"step {step + 1}: distance {distance.item():.3f}", flush=True)
    finish(MODEL.variant(), averaged.module, "digits", start, half=False)


if __name__ == "__main__":
    main()
