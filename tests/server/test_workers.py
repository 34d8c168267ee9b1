"""Images that take long, beside those that do not."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from convscope.api.run import Run
from convscope.server import workers
from convscope.server.limits import Limits

from ..scripts import BENCHMARKS, load_script  # type: ignore[import-not-found]


@pytest.mark.slow
@pytest.mark.parametrize("has_timer", [True, False], ids=["interrupted", "killed"])  # killed as on Windows
def test_an_image_that_takes_long_lets_others_pass_and_is_answered(
    has_timer: bool, digits_run: Run, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "HAS_TIMER", has_timer)
    monkeypatch.setattr(workers, "QUICK_CLOCK_SECONDS", 0.5)
    slow = load_script(BENCHMARKS / "service_attackers.py").slow_image()
    limits = Limits(quick_workers=1, slow_workers=1, image_seconds=600.0, image_cpu_seconds=60)
    limits = replace(limits, quick_seconds=0.1 if has_timer else 60.0)

    async def answers() -> list[bytes]:
        async with workers.Workers(str(digits_run.folder / "model.onnx"), limits) as running:
            asked = [asyncio.create_task(running.classify("a", slow, 1))]
            await asyncio.sleep(0)
            asked += [asyncio.create_task(running.classify("a", png, 1)) for _ in range(3)]
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            assert not asked[0].done()
            return await asyncio.gather(*asked)

    with ThreadPoolExecutor(1) as pool:  # in this thread, the browser of other tests may run a loop
        found = pool.submit(lambda: asyncio.run(answers())).result()
    names = [json.loads(each)["predictions"][0]["class_name"] for each in found]
    assert names == [None, *[str(digits_run.evaluation.predictions[0])] * 3]  # there is no digit in noise
