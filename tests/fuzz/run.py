"""Fuzz every reader, so many seconds each: ``make fuzz``, or ``python -m tests.fuzz.run --seconds 20 [READER…]``.

Each reader is tried in a process of its own: it writes down what it is about to read, so that what ends the process is found
too. Finds are made as small as they get and kept in ``tests/fuzz/corpus/READER``; ``test_corpus.py`` reads them again ever after.
Ends with 1 where anything was found.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from .mutating import minimised, mutated
from .readers import READERS, RUN, Reader
from .trying import PATIENCE, try_reader

CORPUS = Path(__file__).with_name("corpus")
LARGEST = 64 * 1024
"""Bytes of a file that is kept."""
ADDRESS_SPACE = 6 * 2**30
"""Bytes; a reader that wants more is stopped, and found."""
CURRENT = "current"


def main() -> int:
    """All readers, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="*", metavar="READER", help=", ".join(READERS))
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--run", help="a finished run; without it one is trained")
    parser.add_argument("--within", help=argparse.SUPPRESS)
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else time.time_ns() % 2**32
    if given.within:
        return fuzz(given.readers[0], Path(given.within), given.seconds, seed)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(given.run) if given.run else _trained(Path(folder) / "trained")
        finds = [_in_a_process(name, Path(folder), run, given.seconds, seed) for name in given.readers or READERS]
    return 1 if any(finds) else 0


def fuzz(name: str, place: Path, seconds: float, seed: int) -> int:
    """One reader, in this process; 1 where it found something."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, resource.RLIM_INFINITY))
    reader, source, folder = READERS[name], random.Random(f"{seed}{name}"), place / "work"
    folder.mkdir(exist_ok=True)
    if reader.needs_run and not (folder / RUN).exists():
        shutil.copytree(place / RUN, folder / RUN)
    seeds = reader.seeds(place / RUN) + [path.read_bytes() for path in sorted((CORPUS / name).glob("*.bin"))]
    for content in reader.seeds(place / RUN):
        assert try_reader(reader, folder, content) is None, "a file that is as it should be"
    known: set[str] = set()
    end, tries = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        content = mutated(source.choice(seeds), seeds, source)
        if reader.mend and source.random() < 0.7:
            content = reader.mend(content)
        (place / CURRENT).write_bytes(content)
        found, tries = try_reader(reader, folder, content), tries + 1
        if found and found.kind not in known:
            known.add(found.kind)
            least = minimised(content, partial(_fails, reader, folder, found.kind))
            print(f"  {name}: {found.kind}, kept as {_keep(name, least)}\n{found.trace}", flush=True)
    (place / CURRENT).unlink(missing_ok=True)
    print(f"{name}: {tries:,} tries in {seconds:.0f} s, {len(known)} found (seed {seed})", flush=True)
    return 1 if known else 0


def _fails(reader: Reader, folder: Path, kind: str, content: bytes) -> bool:
    """Whether it fails in that way."""
    found = try_reader(reader, folder, content)
    return found is not None and found.kind == kind


def _in_a_process(name: str, folder: Path, run: Path, seconds: float, seed: int) -> bool:
    place = folder / name
    place.mkdir()
    (place / RUN).symlink_to(run.resolve())
    words = [
        sys.executable,
        "-m",
        "tests.fuzz.run",
        name,
        "--within",
        str(place),
        "--seconds",
        str(seconds),
        "--seed",
        str(seed),
    ]
    try:
        status = subprocess.run(words, check=False, timeout=20 * seconds + 600).returncode
    except subprocess.TimeoutExpired:
        status = -9
    if status in (0, 1):
        return status == 1
    current = place / CURRENT
    kept = _keep(name, current.read_bytes()) if current.is_file() else "nothing"
    print(f"  {name}: the process ended with {status} (over {PATIENCE:.0f} s, or a crash), kept as {kept}", flush=True)
    return True


def _keep(name: str, content: bytes) -> Path:
    path = CORPUS / name / f"{hashlib.sha256(content).hexdigest()[:10]}.bin"
    if len(content) <= LARGEST:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return path.relative_to(CORPUS.parents[2])


def _trained(folder: Path) -> Path:
    import convscope

    return convscope.train("digits", model="logistic", epochs=1, out=folder, report=False).folder


if __name__ == "__main__":
    sys.exit(main())
