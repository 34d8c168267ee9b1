"""Train the notebook's network in PyTorch, with a `DataLoader` or with all images in memory, channels last."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import torch
from mnist import load, print_accuracy
from torch import nn


def network() -> nn.Module:
    """Return the network as Keras builds it: no padding, Glorot initialisation, zero biases."""
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(800, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip
    for layer in model:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


def preloaded(images: torch.Tensor, labels: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield shuffled batches of one tensor."""
    order = torch.randperm(len(labels))
    for start in range(0, len(labels), 128):
        chosen = order[start : start + 128]
        yield images[chosen].contiguous(memory_format=torch.channels_last), labels[chosen]


def main(how: str, epochs: int, seed: int) -> None:
    """Train, and print the test accuracy after each epoch."""
    torch.manual_seed(seed)
    x_train, y_train, x_test, y_test = (torch.from_numpy(array) for array in load())
    x_train, x_test = x_train[:, None], x_test[:, None]
    model = network()
    if how == "preloaded":
        model = model.to(memory_format=torch.channels_last)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x_train, y_train), batch_size=128, shuffle=True)
    optimizer, loss_of = torch.optim.Adam(model.parameters(), lr=1e-3), nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        for images, labels in preloaded(x_train, y_train) if how == "preloaded" else loader:
            optimizer.zero_grad()
            loss_of(model(images), labels).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            right = sum(
                int((model(part).argmax(1) == of).sum())
                for part, of in zip(x_test.split(1000), y_test.split(1000), strict=True)
            )
        print_accuracy(epoch + 1, right / len(y_test))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
