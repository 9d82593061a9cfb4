"""Makes sample.safetensors: the decoder of a variational autoencoder that is trained on digits here.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import LATENT, MODEL

from utils.training.digit_generation import training_pixels
from utils.training.steps import OneCycle
from zoo.libraries.digit_maker import HIDDEN, SIDE
from zoo.training import finish

SEED, EPOCHS, BATCH, RATE = 0, 120, 64, 2e-3


def main() -> None:
    """Train encoder and decoder by the evidence lower bound, with a pixel's ink as a probability; write the decoder."""
    import torch
    from torch import nn

    torch.manual_seed(SEED)
    start = time.perf_counter()
    pixels = training_pixels()
    decoder = MODEL.variant().build()
    encoder = nn.Sequential(nn.Linear(SIDE * SIDE, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2 * LATENT))
    both = [*encoder.parameters(), *decoder.parameters()]
    steps = EPOCHS * -(-len(pixels) // BATCH)
    cycle = OneCycle(both, RATE, steps, decay=1e-2)
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(len(pixels)).split(BATCH):
            real = pixels[chosen]
            mean, log_variance = encoder(real).chunk(2, dim=1)
            noise = mean + torch.exp(log_variance / 2) * torch.randn(mean.shape)
            made = decoder(noise[None]).flatten(2)[0]
            told = nn.functional.binary_cross_entropy(made, real, reduction="none").sum(1)
            apart = (mean**2 + log_variance.exp() - 1 - log_variance).sum(1) / 2
            loss = (told + apart).mean()
            cycle.step(loss)
        if epoch % 40 == 39:
            print(f"epoch {epoch + 1}: {loss.item():.2f} nats", flush=True)
    finish(MODEL.variant(), decoder, "digits", start, half=False)


if __name__ == "__main__":
    main()
