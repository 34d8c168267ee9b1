"""Measure the service under load: many clients, each sending its next request after each response.

    python benchmarks/service.py [RUN] [--clients 200] [--seconds 20] [--attacked] [--out FILE]

`convscope serve` runs in a process of its own. The clients keep their connections and send images of the dataset as PNG files, with
one photo per hundred images. A response is correct if its status is 200 and its class is the one that `convscope.predict` returns.
Requests per second, latency and the memory of the service with its workers are saved to `benchmarks/results/service.json`, with
machine and versions. Without RUN, a short training on MNIST comes first.

With `--attacked`, one attacker of each kind of `benchmarks/service_attackers.py` after another works beside the clients, which
pause for a second between two requests, and the result is `benchmarks/results/service_attacked.json`.

Memory is the minimum in each tenth of the time, because decoding a photo needs some temporarily. Growth is measured over the
second half, after all threads and buffers have been created.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
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
from markdown_parts import measured_with
from PIL import Image

import convscope
from convscope.data.load import load_dataset
from convscope.system.files import write_json

RESULTS = Path(__file__).parent / "results"
ATTACKERS = Path(__file__).with_name("service_attackers.py")
NUM_IMAGES = 100
PHOTO_SIDE = 1200
TENTHS, WARM = 10, 5
"""Parts of the time, and the number of them that are warm-up."""
SAMPLES_PER_SECOND = 20


def image_files_of(run: Path) -> tuple[list[bytes], list[str]]:
    """Return the first test images as PNG files and one photo, and the classes that the run predicts."""
    source = json.loads((run / "run.json").read_text("utf-8"))["dataset"]["source"]
    images = load_dataset(source).test.images[:NUM_IMAGES]
    files = []
    for image in images:
        file = BytesIO()
        Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(file, "PNG")
        files.append(file.getvalue())
    files.append(photo_of(Image.fromarray(images[0].squeeze())))
    return files, [each.class_name for each in convscope.predict(run, files, top=1)]


def photo_of(image: Image.Image) -> bytes:
    """Return an image as a photo: large, on paper, with noise, as JPEG."""
    paper = 215 - np.asarray(image.resize((PHOTO_SIDE // 3, PHOTO_SIDE // 3)), np.int64) * 3 // 4
    margin = [(PHOTO_SIDE // 3, PHOTO_SIDE // 3)] * 2 + [(0, 0)] * (paper.ndim - 2)
    whole = np.pad(paper, margin, constant_values=215)
    noisy = whole + np.random.default_rng(0).integers(-6, 7, whole.shape)
    file = BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


def processes(service: int) -> list[int]:
    """Return the numbers of the service and its workers (Linux)."""
    children = Path(f"/proc/{service}/task/{service}/children").read_text("ascii").split()
    return [service, *map(int, children)]


def megabytes(service: int) -> float:
    """Return the resident memory of the service and its workers (Linux)."""
    pages = 0
    for each in processes(service):
        with contextlib.suppress(OSError):  # one that ends now
            pages += int(Path(f"/proc/{each}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def attacker(port: int, seconds: float) -> asyncio.subprocess.Process:
    """Return a process that begins with one attack of each kind after another, all of them in ``seconds``."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, ATTACKERS, str(port), str(seconds), stdout=asyncio.subprocess.PIPE
    )
    assert started.stdout is not None
    await started.stdout.readline()  # it has made its images, which would take the processor from the clients
    return started


class Load:
    """Clients that send requests until the time is over, their latencies and errors."""

    def __init__(self, port: int, files: list[bytes], expected: list[str], pause: float) -> None:
        self.port, self.files, self.expected, self.pause = port, files, expected, pause
        self.seconds: list[float] = []
        self.errors: list[str] = []

    async def client(self, number: int, until: float) -> None:
        """Send requests over one connection."""
        await asyncio.sleep(self.pause * (number % 100) / 100)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        index = number
        try:
            while time.perf_counter() < until:
                index = (index + 1) % len(self.files)
                started = time.perf_counter()
                status, body = await request(reader, writer, self.port, self.files[index])
                self.seconds.append(time.perf_counter() - started)
                if status != 200 or json.loads(body)["predictions"][0]["class_name"] != self.expected[index]:
                    self.errors.append(f"{status}: {body[:200]!r}")
                await asyncio.sleep(self.pause)
        except (OSError, EOFError, ValueError) as error:
            self.errors.append(repr(error))
        finally:
            writer.close()

    async def run(self, clients: int, seconds: float, process: int) -> list[tuple[int, float]]:
        """Return, for each tenth of the time, the number of responses so far and the minimum memory of the server in MB."""
        started = time.perf_counter()
        tasks = [asyncio.create_task(self.client(number, started + seconds)) for number in range(clients)]
        samples: list[list[float]] = [[] for _ in range(TENTHS)]
        answers = [0] * TENTHS
        while (taken := time.perf_counter() - started) < seconds:
            tenth = int(taken / seconds * TENTHS)
            samples[tenth].append(megabytes(process))
            answers[tenth] = len(self.seconds)
            await asyncio.sleep(1 / SAMPLES_PER_SECOND)
        await asyncio.gather(*tasks)
        return [(count, min(each)) for count, each in zip(answers, samples, strict=True) if each]


async def request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, body: bytes) -> tuple[int, bytes]:
    """Send one request on an open connection and return status and body of the response."""
    head = f"POST /predict?top=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:"))
    return int(lines[0].split()[1]), await reader.readexactly(length)


def measure(run: Path, clients: int, seconds: float, *, attacked: bool) -> dict[str, Any]:
    """Start the server, load it, stop it."""
    files, expected = image_files_of(run)
    line = [sys.executable, "-m", "convscope", "serve", str(run), "--port", "0", "--json"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        output = ""
        while not output.endswith("}\n"):
            output += server.stdout.readline()
        port = int(json.loads(output)["url"].rstrip("/").rsplit(":", 1)[1])
        load = Load(port, files, expected, pause=1.0 if attacked else 0.0)
        time.sleep(2)  # until all workers have started
        before, number = megabytes(server.pid), len(processes(server.pid))

        async def loaded() -> tuple[float, list[tuple[int, float]]]:
            attacking = await attacker(port, seconds) if attacked else None
            started = time.perf_counter()
            samples = await load.run(clients, seconds, server.pid)
            taken = time.perf_counter() - started
            if attacking:
                await attacking.wait()
            return taken, samples

        taken, memory = asyncio.run(loaded())
        after = before * 10
        for _ in range(60):  # images of attackers that have left are finished, for at most twenty seconds
            after = min(after, megabytes(server.pid))
            if len(processes(server.pid)) <= number and after < 1.2 * before:
                break
            time.sleep(0.5)
        descriptors = len(list(Path(f"/proc/{server.pid}/fd").iterdir()))
        started = time.perf_counter()
        server.terminate()
        status = server.wait(60)
        end = time.perf_counter() - started
    growth = memory[-1][1] - memory[WARM][1]
    median, p95, p99 = (1e3 * float(np.quantile(load.seconds, share)) for share in (0.5, 0.95, 0.99))
    return {
        "clients": clients, "attacked": attacked, "seconds": taken, "answers": len(load.seconds), "errors": len(load.errors),
        "first_errors": load.errors[:5], "answers_per_second": len(load.seconds) / taken,
        "milliseconds": {"median": median, "p95": p95, "p99": p99, "worst": 1e3 * max(load.seconds)},
        "megabytes_before": before, "megabytes_after": after, "descriptors_after": descriptors, "seconds_to_end": end,
        "server_megabytes": [each for _, each in memory], "growth_megabytes": growth,
        "growth_bytes_per_answer": growth * 2**20 / max(1, memory[-1][0] - memory[WARM][0]), "exit_status": status,
    }  # fmt: skip


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--attacked", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    out = arguments.out or RESULTS / ("service_attacked.json" if arguments.attacked else "service.json")
    with tempfile.TemporaryDirectory() as folder:
        run = arguments.run
        if run is None:
            run = Path(folder) / "run"
            line = [sys.executable, "-m", "convscope", "train", "mnist", "--recipe", "sprint", "--out", str(run), "--quiet"]
            subprocess.run(line, check=True)
        before = os.getloadavg()[0]
        results = {
            **measured_with(),
            "load_before": before, **measure(run, arguments.clients, arguments.seconds, attacked=arguments.attacked),
        }  # fmt: skip
    write_json(out, results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
