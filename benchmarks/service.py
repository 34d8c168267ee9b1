"""The service under load: many clients at once, each asking again as soon as it is answered.

    python benchmarks/service.py [RUN] [--clients 200] [--seconds 20] [--out FILE]

The server is a process of its own, started by `convscope serve`; the clients keep their connections, and each sends pictures
of the dataset as PNG files, and a photo with every hundred of them. An answer counts if it is 200 and names the class that
`convscope.predict` names. Answers per second, the time each took, and the memory of the server are kept in
`benchmarks/results/service.json`, with machine and versions. Without RUN a short training on MNIST comes first.

Memory is the least that the server had in each tenth of the time, since a photo takes some while it is decoded; growth is
counted over the second half, when threads and buffers exist.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import convscope
from convscope.data.load import load_dataset
from convscope.system.files import write_json
from convscope.system.hardware import describe_machine, package_versions

RESULTS = Path(__file__).parent / "results" / "service.json"
NUM_PICTURES = 100
PHOTO_SIDE = 1200
TENTHS, WARM = 10, 5
"""Parts of the time, and how many of them memory may still grow in."""
LOOKS_PER_SECOND = 20


def pictures_of(run: Path) -> tuple[list[bytes], list[str]]:
    """PNG files of the first test images and one photo, and the classes that the run gives them."""
    source = json.loads((run / "run.json").read_text("utf-8"))["dataset"]["source"]
    images = load_dataset(source).test.images[:NUM_PICTURES]
    files = []
    for image in images:
        file = BytesIO()
        Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(file, "PNG")
        files.append(file.getvalue())
    files.append(photo_of(Image.fromarray(images[0].squeeze())))
    return files, [each.class_name for each in convscope.predict(run, files, top=1)]


def photo_of(image: Image.Image) -> bytes:
    """An image as a camera would have it: large, on paper, with noise, as JPEG."""
    paper = 215 - np.asarray(image.resize((PHOTO_SIDE // 3, PHOTO_SIDE // 3)), np.int64) * 3 // 4
    margin = [(PHOTO_SIDE // 3, PHOTO_SIDE // 3)] * 2 + [(0, 0)] * (paper.ndim - 2)
    whole = np.pad(paper, margin, constant_values=215)
    noisy = whole + np.random.default_rng(0).integers(-6, 7, whole.shape)
    file = BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


def megabytes(process: int) -> float:
    """What a process has in memory now (Linux)."""
    pages = int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Load:
    """Clients that ask until the time is over, and what became of it."""

    def __init__(self, port: int, files: list[bytes], expected: list[str]) -> None:
        self.port, self.files, self.expected = port, files, expected
        self.seconds: list[float] = []
        self.errors: list[str] = []

    async def client(self, number: int, until: float) -> None:
        """One connection, kept for as long as it lasts."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        index = number
        try:
            while time.perf_counter() < until:
                index = (index + 1) % len(self.files)
                started = time.perf_counter()
                status, body = await ask(reader, writer, self.port, self.files[index])
                self.seconds.append(time.perf_counter() - started)
                if status != 200 or json.loads(body)["predictions"][0]["class_name"] != self.expected[index]:
                    self.errors.append(f"{status}: {body[:200]!r}")
        except (OSError, EOFError, ValueError) as error:
            self.errors.append(repr(error))
        finally:
            writer.close()

    async def run(self, clients: int, seconds: float, process: int) -> list[tuple[int, float]]:
        """Returns, for each tenth of the time, how many answers there were at its end, and the least memory of the server in it,
        in megabytes."""
        started = time.perf_counter()
        tasks = [asyncio.create_task(self.client(number, started + seconds)) for number in range(clients)]
        looks: list[list[float]] = [[] for _ in range(TENTHS)]
        answers = [0] * TENTHS
        while (taken := time.perf_counter() - started) < seconds:
            tenth = int(taken / seconds * TENTHS)
            looks[tenth].append(megabytes(process))
            answers[tenth] = len(self.seconds)
            await asyncio.sleep(1 / LOOKS_PER_SECOND)
        await asyncio.gather(*tasks)
        return [(count, min(each)) for count, each in zip(answers, looks, strict=True) if each]


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, body: bytes) -> tuple[int, bytes]:
    """One request on an open connection: status and body of the answer."""
    head = f"POST /predict?top=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:"))
    return int(lines[0].split()[1]), await reader.readexactly(length)


def measure(run: Path, clients: int, seconds: float) -> dict[str, Any]:
    """Start the server, load it, stop it."""
    files, expected = pictures_of(run)
    line = [sys.executable, "-m", "convscope", "serve", str(run), "--port", "0", "--json"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        said = ""
        while not said.endswith("}\n"):
            said += server.stdout.readline()
        load = Load(int(json.loads(said)["url"].rstrip("/").rsplit(":", 1)[1]), files, expected)
        started = time.perf_counter()
        memory = asyncio.run(load.run(clients, seconds, server.pid))
        taken = time.perf_counter() - started
        server.terminate()
        status = server.wait(60)
    growth = memory[-1][1] - memory[WARM][1]
    median, p95, p99 = (1e3 * float(np.quantile(load.seconds, share)) for share in (0.5, 0.95, 0.99))
    return {
        "clients": clients, "seconds": taken, "answers": len(load.seconds), "errors": len(load.errors),
        "first_errors": load.errors[:5], "answers_per_second": len(load.seconds) / taken,
        "milliseconds": {"median": median, "p95": p95, "p99": p99, "worst": 1e3 * max(load.seconds)},
        "server_megabytes": [each for _, each in memory], "growth_megabytes": growth,
        "growth_bytes_per_answer": growth * 2**20 / max(1, memory[-1][0] - memory[WARM][0]), "exit_status": status,
    }  # fmt: skip


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = asked.run
        if run is None:
            run = Path(folder) / "run"
            line = [sys.executable, "-m", "convscope", "train", "mnist", "--recipe", "sprint", "--out", str(run), "--quiet"]
            subprocess.run(line, check=True)
        before = os.getloadavg()[0]
        results = {
            "machine": describe_machine(), "versions": package_versions(), "date": time.strftime("%Y-%m-%d"),
            "load_before": before, **measure(run, asked.clients, asked.seconds),
        }  # fmt: skip
    write_json(asked.out, results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
