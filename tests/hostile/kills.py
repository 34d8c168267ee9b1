"""Kill every verb that writes, at random: `python -m tests.hostile.kills --kills 300`, which takes half an hour.

Every other process is killed before or after one of its calls that change the disk, the others at a random moment. Then what
was there must be whole, the old or the new; the user's own files must be as they were; and each fifth time the verb must run.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import convscope
from convscope.errors import RunError
from convscope.models.predictor import Predictor
from convscope.runs import files, run_folder
from convscope.system.files import is_temporary

CHILD = """
import os, signal, sys
fatal, when, done = int(sys.argv[1]), sys.argv[2], 0
def deadly(name):
    real = getattr(os, name)
    def call(*arguments, **keywords):
        global done
        done += 1
        number = done
        if number == fatal and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return real(*arguments, **keywords)
        finally:
            if number == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
    setattr(os, name, call)
for name in ("fsync", "replace", "rename", "mkdir", "unlink", "rmdir"):
    deadly(name)
from convscope.cli.main import main
status = main(sys.argv[3:])
print(f"calls {done}", file=sys.stderr)
sys.exit(status)
"""
QUICK = ("--epochs", "1", "--model", "logistic", "--quiet")


@dataclass(frozen=True)
class Verb:
    arguments: tuple[str, ...]
    share: int
    """Of 300 kills."""
    written: str = ""
    """The file that it writes beside the run, in ``place``."""
    on: str = "complete"
    """The run in ``place``: complete, unfinished or none."""


VERBS = {
    "train": Verb(("train", "digits", "--out", "run", *QUICK), 12, on="none"),
    "train --no-report": Verb(("train", "digits", "--out", "run", "--no-report", *QUICK), 35, on="none"),
    "train --overwrite": Verb(("train", "digits", "--out", "run", "--overwrite", "--seed", "1", *QUICK), 15),
    "train --overwrite --no-report": Verb(
        ("train", "digits", "--out", "run", "--overwrite", "--seed", "1", "--no-report", *QUICK), 45
    ),
    "train --overwrite, a link": Verb(
        ("train", "digits", "--out", "link", "--overwrite", "--seed", "1", "--no-report", *QUICK), 25
    ),
    "train --resume": Verb(("train", "digits", "--out", "run", "--resume", "--no-report", *QUICK), 20, on="unfinished"),
    "report": Verb(("report", "run", "--quiet"), 30),
    "audit": Verb(("audit", "run", "--confirmed", "run/label_suspects.csv", "--quiet"), 18),
    "evaluate": Verb(("evaluate", "run", "other.npz", "--quiet"), 25),
    "mistakes --csv": Verb(("mistakes", "run", "--csv", "out.csv", "--overwrite", "--quiet"), 15, "out.csv"),
    "predict --csv": Verb(("predict", "run", "good.png", "--csv", "out.csv", "--overwrite", "--quiet"), 20, "out.csv"),
    "explain": Verb(("explain", "run", "good.png", "--output", "out.html", "--overwrite", "--quiet"), 10, "out.html"),
    "export": Verb(("export", "run", "--out", "out.onnx", "--overwrite", "--quiet"), 20, "out.onnx"),
    "study": Verb(("study", "digits", "--models", "logistic", "--recipes", "sprint", "--seeds", "2", "--out", "study",
                   "--quiet"), 10),
    "study --search": Verb(("study", "digits", "--models", "logistic", "--recipes", "sprint", "--seeds", "1", "--search", "4",
                            "--out", "study", "--quiet"), 15),
}  # fmt: skip


def convscope_of(
    *words: str, place: Path, code: Sequence[str] = ("-m", "convscope"), limit: float = 300
) -> tuple[int, str, float]:
    """Run convscope in ``place``, killed after ``limit`` seconds; return its status, what it said, and its seconds."""
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *code, *words], cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as child:
        try:
            said = child.communicate(timeout=limit)[1]
        except subprocess.TimeoutExpired:
            child.kill()
            said = child.communicate()[1]
    return child.returncode, said.decode("utf-8", "replace"), time.perf_counter() - started


class Kills:
    """Kills of every verb, each in a fresh copy of what it works on."""

    def __init__(self, folder: Path, names: Iterable[str] = ()) -> None:
        self.folder = folder
        self.template = folder / "template"
        self.template.mkdir()
        run = convscope.train("digits", model="logistic", epochs=1, out=self.template / "run")
        convscope.audit(run, folds=2)
        test = run.dataset.test
        np.savez(self.template / "other.npz", x_test=test.images[:50], y_test=test.labels[:50])
        Image.fromarray(test.images[0, ..., 0]).save(self.template / "good.png")
        for name in ("out.csv", "out.html", "out.onnx"):
            (self.template / name).write_text("the file before")
        for name in ("run/notes.txt", "run/figures/mine.txt", ".run.old", ".run.new"):
            (self.template / name).write_text("mine")
        self.full = {name: self._in_full(name) for name in names}

    def _place(self, name: str, number: object) -> Path:
        place = Path(shutil.copytree(self.template, self.folder / f"{name.replace(' ', '_')}-{number}"))
        verb = VERBS[name]
        if verb.on == "none":
            shutil.rmtree(place / "run")
        elif verb.on == "unfinished":
            (place / "run" / files.MANIFEST).unlink()
        (place / "link").symlink_to("run")
        return place

    def _in_full(self, name: str) -> tuple[int, float]:
        """Return the number of its calls that change the disk, and its seconds, after running a verb to its end."""
        place = self._place(name, "full")
        status, said, seconds = convscope_of(*VERBS[name].arguments, place=place, code=("-c", CHILD, "0", "never"))
        if status:
            raise AssertionError(f"{name} fails by itself: {said}")
        return int(said.rsplit("calls ", 1)[1]), seconds

    def kill(self, name: str, number: int) -> str:
        """Kill a verb once; return what is wrong afterwards, or an empty text."""
        if name not in self.full:
            self.full[name] = self._in_full(name)
        draw = random.Random(f"{name} {number}")
        place, verb, (calls, seconds) = self._place(name, number), VERBS[name], self.full[name]
        fatal, limit = (draw.randint(1, calls), 300.0) if number % 2 else (0, seconds * draw.uniform(0.3, 1.0))
        when = draw.choice(["before", "after"])
        status, said, _ = convscope_of(*verb.arguments, place=place, code=("-c", CHILD, str(fatal), when), limit=limit)
        if status not in (-9, 0):
            return f"status {status}: {said}"
        wrong = self._wrong(place, verb)
        if not wrong and number % 5 == 0:
            wrong = self._run_again(place, verb)
        if not wrong:
            shutil.rmtree(place)
        return wrong

    def _run_again(self, place: Path, verb: Verb) -> str:
        """Run a verb to its end after a kill; return what is wrong then."""
        words = [*verb.arguments]
        if words[0] == "train" and run_folder.is_run(place / "run"):
            words = [*(word for word in words if word not in ("--resume", "--overwrite")), "--overwrite"]
        elif words[0] == "train":
            words = [*(word for word in words if word not in ("--resume", "--overwrite")), "--resume"]
        status, said, _ = convscope_of(*words, place=place)
        if status:
            return f"again: status {status}: {said}"
        left = [str(each) for each in place.rglob("*") if is_temporary(each.name) and words[0] == "train"]
        return f"left: {left}" if left else self._wrong(place, verb)

    def _wrong(self, place: Path, verb: Verb) -> str:
        for name in ("run/notes.txt", "run/figures/mine.txt", ".run.old", ".run.new"):
            if verb.on != "none" and (place / name).read_text() != "mine":
                return f"{name} is gone"
        runs = [place / "run", *(place / "study" / "runs").glob("*")]
        for run in runs:
            if not (run_folder.is_run(run) or (verb.on == "complete" and run.name == "run")):
                continue  # unfinished
            try:
                record = convscope.load_run(run).record
                if record.metrics["seed"] != record.request["seed"]:
                    return f"{run} is of two runs"
            except RunError as error:
                return f"{run}: {error}"
        if (place / "study" / "study-results.json").exists():
            json.loads((place / "study" / "study-results.json").read_text("utf-8"))
        return "" if not verb.written or _is_whole(place / verb.written) else f"{verb.written} is torn"


def _is_whole(path: Path) -> bool:
    content = path.read_bytes()
    if content == b"the file before":
        return True
    if path.suffix == ".onnx":
        return len(Predictor(path).image_shape) == 3
    return content.rstrip().endswith(b"</html>") if path.suffix == ".html" else content.endswith(b"\n")


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    names = [name for name, verb in VERBS.items() for _ in range(verb.share)]
    random.Random(options.seed).shuffle(names)
    names, torn = names[: options.kills], 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        kills = Kills(Path(folder), set(names))
        for count, wrong in enumerate(pool.map(kills.kill, names, range(len(names))), start=1):
            torn += bool(wrong)
            if wrong or count % 25 == 0:
                print(f"{count} killed, {torn} torn {wrong}", flush=True)
        for name, number in Counter(names).items():
            print(f"{number:4} kills  {name} ({kills.full[name][0]} calls that change the disk)")
    sys.exit(bool(torn))


if __name__ == "__main__":
    _main()
