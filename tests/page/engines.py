"""Firefox and WebKit, driven through W3C protocols that the packaged browsers speak: WebDriver BiDi and classic WebDriver.

Playwright drives a patched Firefox and WebKit only, and geckodriver is in neither Debian nor PyPI.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

Action = dict[str, Any]
WAIT = 120
"""Seconds for one answer of a browser."""
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Escape": "\ue00c", "Enter": "\ue007", "Tab": "\ue004"}


class Engine(Protocol):
    """A browser with one window."""

    troubles: list[str] | None
    """Warnings and errors on the console and uncaught exceptions; None where the protocol does not report them."""

    def resize(self, width: int, height: int) -> None: ...
    def open(self, address: str) -> None: ...
    def evaluate(self, expression: str) -> Any: ...
    def act(self, sources: list[Action]) -> None: ...
    def screenshot(self) -> bytes: ...
    def close(self) -> None: ...


class Firefox:
    """Firefox through WebDriver BiDi, which it serves itself."""

    def __init__(self, folder: Path) -> None:
        executable = shutil.which("firefox-esr") or shutil.which("firefox")
        if executable is None:
            raise FileNotFoundError("no Firefox on this machine")
        self.troubles: list[str] = []
        self._next = 0
        line = [executable, "--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", "0"]
        log = folder / "log"
        with log.open("wb") as errors:
            self._process = subprocess.Popen(line, stderr=errors, stdout=subprocess.DEVNULL)
        # A thread of its own: in this one, Playwright's loop may be running, and no second can.
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        try:
            said = _until(
                lambda: [line for line in log.read_text("utf-8", "replace").splitlines() if "BiDi listening on" in line]
            )
            address = said[0].split(" on ")[-1].strip()
            self._socket = self._wait(_connect(f"{address}/session"))
            self._send("session.new", {"capabilities": {}})
            self._context = self._send("browsingContext.getTree", {})["contexts"][0]["context"]
            self._send("session.subscribe", {"events": ["log.entryAdded"]})
        except BaseException:
            self._process.kill()
            self._process.wait()
            self._loop.call_soon_threadsafe(self._loop.stop)
            raise

    def resize(self, width: int, height: int) -> None:
        self._send("browsingContext.setViewport", {"context": self._context, "viewport": {"width": width, "height": height}})

    def open(self, address: str) -> None:
        self._send("browsingContext.navigate", {"context": self._context, "url": address, "wait": "complete"})

    def evaluate(self, expression: str) -> Any:
        result = self._send(
            "script.callFunction",
            {
                "functionDeclaration": f"async () => JSON.stringify(await ({expression}))",
                "target": {"context": self._context},
                "awaitPromise": True,
                "userActivation": True,
            },
        )
        if result["type"] == "exception":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"].get("value", "null"))

    def act(self, sources: list[Action]) -> None:
        self._send("input.performActions", {"context": self._context, "actions": sources})

    def screenshot(self) -> bytes:
        return base64.b64decode(self._send("browsingContext.captureScreenshot", {"context": self._context})["data"])

    def close(self) -> None:
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._process.terminate()
        self._process.wait(WAIT)

    def _send(self, method: str, parameters: dict[str, Any]) -> Any:
        self._next += 1
        message = json.dumps({"id": self._next, "method": method, "params": parameters})
        return self._wait(self._exchange(message))

    def _wait(self, answer: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(answer, WAIT), self._loop).result()

    async def _close(self) -> None:
        self._socket.close()
        await asyncio.sleep(0.1)

    async def _exchange(self, message: str) -> Any:
        await self._socket.write_message(message)
        while True:
            text = await self._socket.read_message()
            if text is None:
                raise ConnectionError("Firefox closed the connection")
            said = json.loads(text)
            if said.get("method") == "log.entryAdded" and said["params"]["level"] in {"warn", "error"}:
                self.troubles.append(said["params"]["text"])
            if said.get("id") == self._next:
                if said["type"] == "error":
                    raise RuntimeError(f"{said['error']}: {said['message']}")
                return said["result"]


class WebKit:
    """WebKitGTK's MiniBrowser through classic WebDriver, on a display of its own."""

    troubles = None

    def __init__(self, folder: Path) -> None:
        self._hangs = False
        browsers = sorted(Path("/usr").glob("lib*/**/webkit*gtk-*/MiniBrowser"))
        driver = shutil.which("WebKitWebDriver")
        if driver is None or not browsers:
            raise FileNotFoundError("no WebKitGTK with its driver on this machine")
        if shutil.which("Xvfb") is None:
            raise FileNotFoundError("no Xvfb on this machine, which WebKitGTK needs")
        screen = ["Xvfb", "-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"]
        self._display = subprocess.Popen(screen, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._display.stdout is not None
        display = self._display.stdout.readline().decode().strip()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = {**os.environ, "DISPLAY": f":{display}", "XDG_CACHE_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        self._driver = subprocess.Popen([driver, f"--port={port}"], env=environment, stderr=subprocess.DEVNULL)
        self._address = f"http://127.0.0.1:{port}"
        try:
            _until(lambda: socket.create_connection(("127.0.0.1", port), 1).close() or True)
            wanted = {"webkitgtk:browserOptions": {"binary": str(browsers[-1]), "args": ["--automation"]}}
            session = self._send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self._address += f"/session/{session['sessionId']}"
            self._send("POST", "/timeouts", {"script": WAIT * 1000})
        except BaseException:
            self._end()
            raise

    def resize(self, width: int, height: int) -> None:
        """Of what the page sees: the bar above it is not part of it."""
        self._send("POST", "/window/rect", {"width": width, "height": height})
        bar = height - self.evaluate("new Promise((done) => setTimeout(() => done(innerHeight), 300))")
        self._send("POST", "/window/rect", {"width": width, "height": height + bar})
        _until(lambda: self.evaluate("[innerWidth, innerHeight]") == [width, height])

    def open(self, address: str) -> None:
        self._send("POST", "/url", {"url": "about:blank"})
        self._send("POST", "/url", {"url": address})

    def evaluate(self, expression: str) -> Any:
        script = f"""const done = arguments[arguments.length - 1];
          (async () => JSON.stringify(await ({expression})))().then(
            (value) => done(value ?? "null"), (fault) => done(JSON.stringify({{fault: String(fault)}})));"""
        result = json.loads(self._send("POST", "/execute/async", {"script": script, "args": []}))
        if isinstance(result, dict) and result.keys() == {"fault"}:
            raise RuntimeError(result["fault"])
        return result

    def act(self, sources: list[Action]) -> None:
        self._send("POST", "/actions", {"actions": sources})

    def screenshot(self) -> bytes:
        return base64.b64decode(self._send("GET", "/screenshot"))

    def close(self) -> None:
        try:
            if not self._hangs:
                self._send("DELETE", "")
        finally:
            self._end()

    def _end(self) -> None:
        for process in (self._driver, self._display):
            process.terminate()
            process.wait(WAIT)
        assert self._display.stdout is not None
        self._display.stdout.close()

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if self._hangs:  # no test after the one that hung it waits again
            raise RuntimeError("WebKit did not answer an earlier command")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as fault:
            with fault:
                raise RuntimeError(json.load(fault)["value"]["message"]) from None
        except TimeoutError:
            self._hangs = True
            raise


async def _connect(address: str) -> Any:
    from tornado.websocket import websocket_connect

    return await websocket_connect(address, max_message_size=1 << 28)


def press(key: str) -> list[Action]:
    """A key goes down and up; named as in DOM, or one letter."""
    value = KEYS.get(key, key)
    return [{"type": "key", "id": "keyboard", "actions": [{"type": kind, "value": value} for kind in ("keyDown", "keyUp")]}]


def stroke(points: list[tuple[float, float]]) -> list[Action]:
    """The mouse goes down at the first point and up at the last, all in pixels of the window."""
    moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 20} for x, y in points]
    actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
    return [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}]


def _until(found: Callable[[], Any]) -> Any:
    """What is found once something is; a refused connection is nothing."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        try:
            if value := found():
                return value
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the browser did not answer")
