"""Clients that keep a service from answering others: those that stall, flood, guess, leave, or send what takes long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from convscope.api.run import Run

from ..scripts import BENCHMARKS, load_script  # type: ignore[import-not-found]
from ..server.conftest import Service, announced, png, read_all, start  # type: ignore[import-not-found] # noqa: F401

SCRIPT = BENCHMARKS / "service_attackers.py"
ATTACKS = tuple(load_script(SCRIPT).ATTACKS)
TOKEN = "the-token-of-the-teacher"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}
MODULES = ("types", "pickle", "numpy", "PIL", "struct", "sitecustomize", "onnxruntime", "resource", "convscope")
LINUX = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts in /proc")


@pytest.fixture(scope="module")
def open_service(digits_run: Run) -> Iterator[Service]:
    """A service without a token, where every attack gets as far as it can."""
    yield from _running(start(digits_run.folder))


@pytest.fixture(scope="module")
def guarded_service(digits_run: Run) -> Iterator[Service]:
    yield from _running(start(digits_run.folder, "--token", TOKEN))


def _running(service: Service) -> Iterator[Service]:
    yield service
    service.process.terminate()
    assert "Traceback" not in service.process.communicate(timeout=20)[1]


def _attacking(service: Service, seconds: str, kind: str) -> subprocess.Popen[bytes]:
    attacker = subprocess.Popen([sys.executable, SCRIPT, str(service.port), seconds, kind], stdout=subprocess.PIPE)
    assert attacker.stdout is not None
    assert attacker.stdout.readline() == b"ready\n"
    return attacker


@LINUX
@pytest.mark.rows(7)
@pytest.mark.slow
@pytest.mark.parametrize("kind", ATTACKS)
def test_others_are_answered_beside_an_attacker(kind: str, open_service: Service, png: bytes) -> None:  # noqa: F811
    before = len(open_service.workers())
    attacker = _attacking(open_service, "0.5", kind)
    try:
        answered = 0
        while attacker.poll() is None and answered < 200:
            assert open_service.ask("POST", "/predict", png).status == 200
            assert len(os.listdir(f"/proc/{open_service.process.pid}/fd")) < 1800  # 1,024, and those just accepted
            answered += 1
        assert answered
    finally:
        attacker.kill()
        attacker.communicate()
    assert len(open_service.workers()) <= before + 3


@pytest.mark.rows(2)
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wrong_tokens", "idle", "bodies_announced", "connections_by_the_thousand"])
def test_strangers_never_lock_out_the_holder_of_the_token(kind: str, guarded_service: Service, png: bytes) -> None:  # noqa: F811
    attacker = _attacking(guarded_service, "0.5", kind)
    try:
        while attacker.poll() is None:
            assert guarded_service.ask("POST", "/predict", png, **SHOWN).status == 200
    finally:
        attacker.kill()
        attacker.communicate()


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("stuck", [signal.SIGSTOP, signal.SIGKILL])
def test_it_ends_within_five_seconds_whatever_its_workers_do(stuck: signal.Signals, digits_run: Run, png: bytes) -> None:  # noqa: F811
    service = start(digits_run.folder / "model.onnx")
    for worker in service.workers():
        os.kill(worker, stuck)
    with service.connect() as waiting:
        head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(png)}\r\n\r\n"
        waiting.sendall(head.encode() + png)
        time.sleep(0.2)
        begun = time.monotonic()
        service.process.terminate()
        service.process.communicate(timeout=10)
        assert time.monotonic() - begun < 8  # five seconds, and a busy machine
        assert service.process.returncode == 0
        assert read_all(waiting).split(b" ", 2)[1] in (b"200", b"422", b"503")


@pytest.mark.skipif(os.name != "posix", reason="fills a pipe")
@pytest.mark.slow
def test_a_log_that_nobody_reads_blocks_nothing(digits_run: Run, png: bytes) -> None:  # noqa: F811
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    line = [sys.executable, "-m", "convscope", "serve", str(digits_run.folder), "--port", "0", "--json"]
    service = announced(subprocess.Popen(line, stdout=subprocess.PIPE, stderr=writing, text=True))
    attacker = subprocess.run([sys.executable, SCRIPT, str(service.port), "0.5", "resets"], check=False)
    assert attacker.returncode == 0
    assert service.ask("POST", "/predict", png).status == 200
    service.process.terminate()
    service.process.communicate(timeout=10)
    assert service.process.returncode == 0
    os.close(reading)
    os.close(writing)


@LINUX
@pytest.mark.slow
def test_a_worker_that_dies_costs_one_image_at_most(open_service: Service, png: bytes) -> None:  # noqa: F811
    for worker in open_service.workers():
        os.kill(worker, signal.SIGKILL)
    statuses = [open_service.ask("POST", "/predict", png).status for _ in range(5)]
    assert statuses[-1] == 200
    assert set(statuses) <= {200, 422}


@pytest.fixture(scope="module")
def executed(digits_run: Run, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names of the modules in the current folder that a service and its workers have executed."""
    folder = tmp_path_factory.mktemp("modules")
    for name in MODULES:
        (folder / f"{name}.py").write_text(f"open('{name}.executed', 'w'); raise SystemExit(3)", "utf-8")
    code = "import sys; from convscope.cli.main import main; sys.exit(main())"
    line = [sys.executable, "-P", "-c", code, "serve", str(digits_run.folder / "model.onnx"), "--port", "0", "--json"]
    service = announced(subprocess.Popen(line, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    assert service.ask("GET", "/openapi.json").status == 200
    service.process.kill()
    service.process.communicate()
    return [path.stem for path in folder.glob("*.executed")]


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_workers_run_nothing_of_the_current_folder(name: str, executed: list[str]) -> None:
    assert name not in executed
