"""Responses to valid requests, tokens, limits and shutdown."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.api.run import Run
from convscope.system.installation import pip_line

from .conftest import Service, announced, parse, read_all, start, stop


@pytest.fixture(scope="module")
def client(service: Service) -> httpx.Client:
    with httpx.Client(base_url=f"http://127.0.0.1:{service.port}", timeout=30) as found:
        yield found


@pytest.mark.slow
def test_a_prediction_is_what_the_command_line_prints(client: httpx.Client, png: bytes, digits_run: Run) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "convscope", "predict", str(digits_run.folder), "-", "--json", "--top", "4"],
        input=png, capture_output=True, check=True,
    )  # fmt: skip
    answer = client.post("/predict", params={"top": 4}, content=png)
    expected = json.loads(printed.stdout)
    expected["predictions"][0]["name"] = "the image file"
    assert answer.status_code == 200
    assert answer.json() == expected


def test_every_image_format_gives_the_prediction_of_python(client: httpx.Client, digits_run: Run) -> None:
    image = Image.fromarray(digits_run.dataset.test.images[3, ..., 0])
    for kind in ("PNG", "BMP", "GIF", "TIFF", "WEBP"):
        file = BytesIO()
        image.save(file, kind, lossless=True)
        found = client.post("/predict?top=1", content=file.getvalue()).json()["predictions"][0]
        assert found["class_name"] == convscope.predict(digits_run, file.getvalue())[0].class_name, kind


def test_an_out_of_distribution_image_is_flagged(client: httpx.Client, digits_run: Run) -> None:
    def is_out_of_distribution(pixels: Any) -> bool:
        file = BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        found = client.post("/predict", content=file.getvalue()).json()["predictions"][0]
        assert (found["distance"] > found["threshold"]) == found["out_of_distribution"]
        return bool(found["out_of_distribution"])

    size = digits_run.dataset.image_shape[0]
    checkers = np.kron(np.indices((size // 2, size // 2)).sum(axis=0) % 2 * 255, np.ones((2, 2))).astype(np.uint8)
    assert is_out_of_distribution(checkers)
    assert sum(is_out_of_distribution(image[..., 0]) for image in digits_run.dataset.test.images[:10]) <= 1


@pytest.mark.slow
def test_a_bad_image_file_gets_the_error_of_the_command_line(client: httpx.Client, digits_run: Run) -> None:
    answer = client.post("/predict", content=b"GIF89a nonsense")
    printed = subprocess.run(
        [sys.executable, "-m", "convscope", "predict", str(digits_run.folder), "-"],
        input=b"GIF89a nonsense", capture_output=True, check=False,
    )  # fmt: skip
    assert printed.returncode == 1
    sentence = printed.stderr.decode().strip().removeprefix("convscope: error: ")
    assert answer.status_code == 422
    assert answer.json() == {"error": sentence.replace("standard input", "the image file"), "status": 422}


def test_each_image_of_a_form_gets_the_answer_that_it_gets_alone(client: httpx.Client, digits_run: Run) -> None:
    """In their order, whatever the parts are called, with a bad image among them and an empty one."""
    contents = [b"GIF89a nonsense", b""]
    for image in digits_run.dataset.test.images[:30]:
        file = BytesIO()
        Image.fromarray(image[..., 0]).save(file, "PNG")
        contents.append(file.getvalue())
    contents = contents[2:9] + contents[:2] + contents[9:]
    alone = [client.post("/predict?top=2", content=content).json() for content in contents if content]
    alone.insert(8, {"error": "the image file is empty (0 bytes). Copy or save it again.", "status": 422})
    files = [(f"image{number % 3}", (f"{number}.png", content)) for number, content in enumerate(contents)]
    answer = client.post("/predict?top=2", files=files)
    assert answer.status_code == 200
    assert answer.json() == {"answers": alone}
    assert [each.get("status") for each in alone[6:10]] == [None, 422, 422, None]


def test_a_form_has_as_many_images_as_the_description_says(client: httpx.Client, png: bytes) -> None:
    most = client.get("/openapi.json").json()["components"]["schemas"]["ImageFiles"]["properties"]["image"]["maxItems"]
    answer = client.post("/predict", files=[("image", png)] * most)
    assert (answer.status_code, len(answer.json()["answers"])) == (200, most)
    answer = client.post("/predict", files=[("image", png)] * (most + 1))
    assert (answer.status_code, str(most) in answer.json()["error"]) == (413, True)


def test_the_page_is_the_runs_own_under_its_own_policy(client: httpx.Client, digits_run: Run) -> None:
    answer = client.get("/")
    page = (digits_run.folder / "report.html").read_bytes()
    assert answer.content == page
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert policy.endswith("frame-ancestors 'none'")
    (script,) = re.findall(rb"<script>(.*?)</script>", page, flags=re.S)[-1:]
    assert f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" in policy
    head = client.head("/")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(page)))


def test_health_says_so(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}


def test_responses_match_the_openapi_document(client: httpx.Client, png: bytes, digits_run: Run) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {"/", "/predict", "/openapi.json", "/health"}

    def check(value: object, schema: str) -> None:
        jsonschema.validate(value, {"$ref": f"#/components/schemas/{schema}", "components": document["components"]},
                            cls=jsonschema.Draft202012Validator)  # fmt: skip

    predicted = client.post("/predict", content=png).json()
    check(predicted, "Predictions")
    check(client.post("/predict", files=[("image", png), ("image", b"text")]).json(), "Answers")
    check(client.get("/health").json(), "Health")
    said = document["paths"]["/predict"]["post"]["responses"]
    for answer in (
        client.post("/predict", content=b"text"),
        client.post("/predict?top=0", content=png),
        client.post("/predict", content=png, headers={"origin": "http://evil.example"}),
        client.post("/predict", content=png, headers={"host": "evil.example"}),
        client.post("/predict", content=png, headers={"content-type": "multipart/form-data; boundary=x"}),
        client.post("/predict", content=png, headers={"content-type": "multipart/mixed; boundary=x"}),
        client.post("/predict", content=iter([png])),
    ):
        assert str(answer.status_code) in said
        check(answer.json(), "Error")
    with pytest.raises(jsonschema.ValidationError):
        check({**predicted, "temperature": "warm"}, "Predictions")
    for path, methods in document["paths"].items():
        assert {method.upper() for method in methods} == ({"POST"} if path == "/predict" else {"GET"})
        wrong = client.request("PATCH", path)
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST" if path == "/predict" else "GET, HEAD")


def test_a_tunnel_may_change_the_port(client: httpx.Client) -> None:
    for host in ("localhost:9000", "127.0.0.1:1"):
        assert client.get("/health", headers={"host": host, "origin": f"http://{host}"}).status_code == 200
        assert client.get("/health", headers={"host": host, "origin": "http://localhost:9001"}).status_code == 403


def test_many_requests_go_over_one_connection(client: httpx.Client, png: bytes) -> None:
    answers = {client.post("/predict", content=png).text for _ in range(50)}
    assert len(answers) == 1


def test_only_workers_open_the_network_and_none_loads_tensorflow(service: Service) -> None:
    """The service itself decodes nothing: it holds neither the network nor an image."""
    assert "onnxruntime" not in Path(f"/proc/{service.process.pid}/maps").read_text("utf-8")
    workers = [Path(f"/proc/{each}/maps").read_text("utf-8") for each in service.workers()]
    assert workers
    assert any("onnxruntime" in maps for maps in workers)
    assert not any("tensorflow" in maps for maps in workers)


@pytest.mark.slow
def test_only_the_right_token_is_accepted(digits_run: Run, png: bytes) -> None:
    secured = start(digits_run.folder, "--token", "a-token-of-24-characters")
    try:
        basic = base64.b64encode(b"anybody:a-token-of-24-characters").decode()
        for value in ("Bearer a-token-of-24-characters", "bearer a-token-of-24-characters", f"Basic {basic}"):
            assert secured.ask("POST", "/predict", png, Authorization=value).status == 200
        wrong = ["", "Bearer", "Bearer ", "Bearer A-TOKEN-OF-24-CHARACTERS", "Bearer a-token-of-24-character", "Basic !",
                 "Basic YQ==", "a-token-of-24-characters", "Bearer " + "a" * 10_000, "Bearer tökén"]  # fmt: skip
        for value in wrong:
            answer = secured.ask("POST", "/predict", png, Authorization=value)
            assert answer.status == 401, value
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert secured.ask("POST", "/predict", png).status == 401
        assert secured.ask("GET", "/").status == 401
        assert secured.ask("GET", "/openapi.json").status == 401
        assert secured.ask("GET", "/?token=a-token-of-24-characters").status == 401
        assert secured.ask("GET", "/health").status == 200
        assert secured.ask("GET", "/", Host="evil.example").status == 421
        right = {"Authorization": "Bearer a-token-of-24-characters"}
        assert secured.ask("GET", "/openapi.json", **right).status == 200
        for _ in range(30):  # others may guess from behind the same address
            assert secured.ask("GET", "/", Authorization="Bearer a-token-of-24-letters-all").status == 401
        assert secured.ask("GET", "/openapi.json", **right).status == 200
        assert secured.ask("GET", "/health").status == 200
    finally:
        stop(secured)


SHORT = """
import json, sys
from convscope.server.address import Address, listen
from convscope.server.limits import Limits
from convscope.server.lifecycle import run_service
limits = Limits(header_seconds=0.5, body_seconds=0.5, linger_seconds=0.5, idle_seconds=1, most_connections=12)
listening = listen("127.0.0.1", 0)
address = Address("127.0.0.1", listening.getsockname()[1])
say = lambda: print(json.dumps({"url": address.url, "token": None}), flush=True)
run_service(sys.argv[1], listening, address, limits=limits, started=say)
"""


@pytest.mark.slow
def test_time_and_connections_are_limited(digits_run: Run, png: bytes) -> None:
    """Slow clients and too many of them, against a service with little of both."""
    line = [sys.executable, "-c", SHORT, str(digits_run.folder / "model.onnx")]
    short = announced(subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    head = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
    try:
        assert short.ask("POST", "/predict", png).status == 200
        assert short.ask("GET", "/").status == 404  # a network alone has no page
        for beginning, words in (
            (b"POST /pre", "headers"),
            (b"", "headers"),
            (head + b"x", "1 of 1,000"),
        ):
            answer = parse(short.say(beginning))
            assert answer.status == 408
            assert words in str(answer.json["error"])
        with contextlib.ExitStack() as held:
            waiting = [held.enter_context(short.connect()) for _ in range(3)]
            for connection in waiting:
                connection.sendall(head + b"x")
            assert {short.ask("POST", "/predict", png).status for _ in range(9)} == {200}
            assert all(parse(read_all(connection)).status == 408 for connection in waiting)
        assert short.ask("GET", "/health").status == 200
        with contextlib.ExitStack() as held:
            crowd = [held.enter_context(short.connect()) for _ in range(30)]
            assert {parse(read_all(connection)).status for connection in crowd} == {408, 503}
        assert short.ask("POST", "/predict", png).status == 200
    finally:
        assert "Traceback" not in stop(short)


@pytest.mark.slow
def test_pending_requests_are_finished_after_sigterm(digits_run: Run, png: bytes) -> None:
    running = start(digits_run.folder / "model.onnx")
    with running.connect() as connection, running.connect() as idle:
        head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(png)}\r\n\r\n".encode()
        connection.sendall(head + png[:20])
        time.sleep(0.3)
        running.process.terminate()
        assert read_all(idle) == b""
        with pytest.raises(ConnectionRefusedError):
            for _ in range(100):
                running.connect().close()
                time.sleep(0.05)
        assert running.process.poll() is None
        connection.sendall(png[20:])
        answer = parse(read_all(connection))
    assert answer.status == 200
    assert answer.json["predictions"][0]["class_name"] == str(digits_run.evaluation.predictions[0])  # type: ignore[index]
    assert running.process.wait(20) == 0
    assert "stopped" in running.process.communicate()[1]


@pytest.mark.slow
def test_ctrl_c_exits_with_130(digits_run: Run) -> None:
    import signal

    running = start(digits_run.folder / "model.onnx", "--quiet")
    running.process.send_signal(signal.SIGINT)
    said = running.process.communicate(timeout=20)[1]
    assert (running.process.returncode, said) == (130, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--port", "{taken}"], 1, "address already in use"),
        (["--host", "203.0.113.7"], 1, "203.0.113.7 port 8000"),
        (["--port", "70000"], 2, "from 1 to 65535"),
        (["--host", "0.0.0.0", "--token", "short"], 2, "at least 16"),
    ],
)
def test_an_unusable_address_or_token_is_one_error(arguments: list[str], status: int, words: str, digits_run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = [each.format(taken=taken.getsockname()[1]) for each in arguments]
        command = [sys.executable, "-m", "convscope", "serve", str(digits_run.folder / "model.onnx"), *line]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("convscope: error: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_without_the_extra_the_error_says_how_to_install_it(digits_run: Run) -> None:
    code = (
        "import contextlib, sys, convscope; sys.modules['h11'] = None; from convscope.cli.main import main\n"
        f"with contextlib.suppress(convscope.MissingExtraError): convscope.serve({str(digits_run.folder)!r})\n"
        f"sys.exit(main(['serve', {str(digits_run.folder)!r}]))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ})
    assert result.returncode == 1
    assert result.stderr.startswith("convscope: error: ")
    assert result.stderr.count("\n") == 1
    assert "'h11'" in result.stderr
    assert pip_line("serve") in result.stderr


@pytest.mark.slow
def test_beyond_the_loopback_a_token_is_generated_and_ip_addresses_are_accepted(digits_run: Run, png: bytes) -> None:
    wide = start(digits_run.folder / "model.onnx", "--host", "0.0.0.0")
    try:
        assert wide.token is not None
        assert len(wide.token) >= 43
        shown = {"Authorization": f"Bearer {wide.token}"}
        assert wide.ask("POST", "/predict", png, **shown).status == 200
        assert wide.ask("POST", "/predict", png, Host="192.0.2.7:8000", **shown).status == 200
        assert wide.ask("POST", "/predict", png, Host="evil.example", **shown).status == 421
        assert wide.ask("POST", "/predict", png).status == 401
    finally:
        stop(wide)


def test_concurrent_requests_get_equal_predictions(service: Service, png: bytes, digits_run: Run) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda _: service.ask("POST", "/predict", png), range(64)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert np.isclose(answers[0].json["predictions"][0]["probability"], convscope.predict(digits_run, png)[0].probability)  # type: ignore[index]
