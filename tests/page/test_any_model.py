"""Any network, any data: small runs on made-up images, from the training to the page in a real Chromium, from its first section to
its last."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convscope
from convscope.analysis.activations import activations, kernels
from convscope.data.dataset import Dataset, Provenance, Split
from convscope.data.preprocessing import to_inputs
from convscope.figures.figure import to_drawing, to_svg
from convscope.figures.layers import draw_kernels
from convscope.figures.model_diagram import draw_model_diagram
from convscope.models.backend import require_backend
from convscope.models.network import Network
from convscope.page.render import render
from convscope.runs.evidence import ensure_evidence
from convscope.runs.record import RunRecord

from .conftest import HOSTILE  # type: ignore[import-not-found]
from .test_browser import opened  # type: ignore[import-not-found]
from .test_inspector import account_of, check_arithmetic, last, open_layer, total  # type: ignore[import-not-found]
from .test_live import answer, ready  # type: ignore[import-not-found]

if TYPE_CHECKING:
    import keras
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
Write = Callable[[str], str]
Build = Callable[[tuple[int, int, int], int], "keras.Model"]
PARTS = "main > section, #playground-bench, [data-part], [data-live], #every-image"
MAX_IN_A_MATRIX = 20
NOT_THERE = r"undefined|NaN|Infinity|\[object"


@dataclass(frozen=True)
class Case:
    """A network and the images that it is made for."""

    model: str | Build
    shape: tuple[int, int, int]
    num_classes: int
    each: int
    """Training images of each class; of test images there are a third."""
    names: tuple[str, ...] = ()
    draws: bool = True
    """Whether one can draw on its page."""
    is_drawn: bool = False
    """Whether the report is made as the command makes it, with all figures, which takes most of the time."""

    def dataset(self) -> Dataset:
        """A picture for each class, and noise on it."""
        generator = np.random.default_rng(self.num_classes)
        patterns = generator.integers(0, 200, (self.num_classes, *self.shape))

        def split(each: int) -> Split:
            labels = np.arange(each * self.num_classes) % self.num_classes
            noise = generator.integers(0, 120, (len(labels), *self.shape))
            return Split((patterns[labels] * 0.6 + noise).clip(0, 255).astype(np.uint8), labels)

        names = self.names or tuple(f"kind {number}" for number in range(self.num_classes))
        return Dataset(
            "made up", split(self.each), split(max(2, self.each // 3)), names, Provenance("made up", "made for a test")
        )


def of_every_kind(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """A user's own: strides, both paddings, and every kind of layer that the issue names."""
    require_backend()
    from keras import Input, Sequential, layers

    return Sequential([
        Input(image_shape),
        layers.Rescaling(2.0, offset=-1.0),
        layers.Normalization(mean=0.1, variance=0.5),
        layers.ZeroPadding2D(((1, 0), (2, 1))),
        layers.Conv2D(6, 3, padding="same", strides=2, name="constructor"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.AveragePooling2D(2, strides=1, padding="same", name="__proto__"),
        layers.Conv2D(8, (2, 3), activation="relu"),
        layers.MaxPooling2D(2, padding="same"),
        layers.Dropout(0.2),
        layers.GlobalAveragePooling2D(),
        layers.Dense(num_classes, activation="softmax"),
    ])  # fmt: skip


def with_one_unknown(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """A layer of a kind that the page cannot compute, in the middle of others that it can."""
    require_backend()
    from keras import Input, Sequential, layers

    return Sequential([
        Input(image_shape),
        layers.Conv2D(4, 3, activation="relu", name="known"),
        layers.Conv2DTranspose(3, 3, name="unknown"),
        layers.Flatten(),
        layers.Dense(num_classes, activation="softmax"),
    ])  # fmt: skip


def residual(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Branches, behind two layers that the page can compute."""
    require_backend()
    from keras import Input, Model, layers

    inputs = Input(image_shape)
    hidden = layers.Conv2D(4, 3, padding="same", activation="relu", name="trunk")(inputs)
    branch = layers.Conv2D(4, 3, padding="same", name="branch")(hidden)
    joined = layers.Flatten()(layers.Add(name="joined")([hidden, branch]))
    return Model(inputs, layers.Dense(num_classes, activation="softmax")(joined))


def two_paths(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Branches from the image on."""
    require_backend()
    from keras import Input, Model, layers

    inputs = Input(image_shape)
    paths = [layers.Conv2D(3, size, padding="same", name=f"path_{size}")(inputs) for size in (1, 3)]
    joined = layers.GlobalAveragePooling2D()(layers.Concatenate()(paths))
    return Model(inputs, layers.Dense(num_classes, activation="softmax")(joined))


CASES = {
    "strong, 2 classes": Case("strong", (14, 12, 1), 2, 60, HOSTILE[:2]),
    "every kind of layer, colour, 20 classes": Case(
        of_every_kind, (13, 16, 3), 20, 12, (*HOSTILE, *"abcdefghij"), draws=False
    ),
    "cnn, 100 classes": Case("cnn", (10, 10, 1), 100, 6),
    "one unknown layer": Case(with_one_unknown, (9, 11, 1), 3, 30, is_drawn=True),
    "residual": Case(residual, (9, 11, 1), 3, 30, is_drawn=True),
    "two paths": Case(two_paths, (9, 11, 3), 3, 30, is_drawn=True, draws=False),
}
INCOMPLETE = {
    "one unknown layer": ("known", "unknown is a Conv2DTranspose"),
    "residual": ("branch", "joined joins branches (it reads trunk and branch)"),
    "two paths": ("path_1", "path_3 begins a branch (it reads the image)"),
}
"""Networks that a page computes in part: the last layer that it shows, and what it says of the next."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], convscope.Run]:
    """Each is trained when it is first asked for."""
    made: dict[str, convscope.Run] = {}

    def run(name: str) -> convscope.Run:
        if name not in made:
            case, out = CASES[name], tmp_path_factory.mktemp("any") / "run"
            trained = convscope.train(
                case.dataset(), model=case.model, recipe="sprint", epochs=1, out=out, report=case.is_drawn
            )
            if not case.is_drawn:
                (out / "report.html").write_text(render(ensure_evidence(trained.record, out, trained.dataset), []), "utf-8")
            made[name] = trained
        return made[name]

    return run


SEE = """async (parts) => {
  for (const part of document.querySelectorAll(parts)) {
    part.scrollIntoView({behavior: "instant"});
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
}"""


def see_everything(page: Page) -> None:
    """Scrolls to every part, and lets it be drawn."""
    page.evaluate(SEE, PARTS)


def page_of(run: convscope.Run) -> str:
    return str((run.folder / "report.html").as_uri())


@pytest.mark.rows(2)
@pytest.mark.parametrize("name", [name for name in CASES if name not in INCOMPLETE])
def test_the_page_of_any_network_is_whole_and_runs_as_keras_does(
    browser: Browser, runs: Callable[[str], convscope.Run], name: str
) -> None:
    case, run = CASES[name], runs(name)
    images = run.dataset.test.images[:5]
    expected = run.model.predict(to_inputs(images), verbose=0)
    network = run.record.network
    with opened(browser, page_of(run), reduced_motion="reduce") as (page, troubles):
        ready(page)
        assert page.locator("#pad-clear").count() == case.draws
        assert (
            page.locator("#prediction-class").text_content() == run.dataset.class_names[int(run.evaluation.predictions[0])]
        )
        for image, probabilities in zip(images, expected, strict=True):
            found = page.evaluate("(pixels) => convscope.run(pixels).probabilities", (image.ravel() / 255).tolist())
            assert np.abs(np.array(found) - probabilities).max() <= 1e-5
        assert page.locator(".cells button:not(.recall-row)").count() == min(case.num_classes, MAX_IN_A_MATRIX) ** 2
        see_everything(page)
        check_units(page, network, to_inputs(images[:1]))
        page.evaluate("location.hash += '&target=1'")
        page.wait_for_selector("#pad-attribution-controls[data-done]", state="attached")
        assert page.locator("img").count() == 0
        assert page.evaluate("(text) => document.body.innerText.match(new RegExp(text))", NOT_THERE) is None
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        assert troubles == []


def check_units(page: Page, network: Network, inputs: Any) -> None:
    """One unit of every layer: its value is NumPy's, and what is shown adds up to it."""
    computed = activations(network, inputs)
    generator = np.random.default_rng(0)
    for layer in network.layers:
        open_layer(page, layer.name)
        assert page.locator("#inside-tiles .channel-tile").count() > 0
        place = [int(generator.integers(extent)) for extent in layer.output_shape]
        value = float(computed[layer.name][0][tuple(place)])
        account = account_of(page, layer.name, place)
        assert account["value"] == pytest.approx(value, abs=2e-5 * max(1, abs(value))), (layer.name, place)
        if account["kind"] == "mean":
            assert total(account, "window") == pytest.approx(last(account, "sum"), abs=1e-5)
            assert last(account, "sum") / last(account, "count") == pytest.approx(value, abs=1e-5)
        elif account["kind"] == "rescaling":
            assert last(account, "input") * last(account, "scale") + last(account, "bias") == pytest.approx(value, abs=1e-5)
        elif account["kind"] == "normalization":
            normalized = (last(account, "input") - last(account, "mean")) / last(account, "deviation")
            assert normalized * last(account, "gamma") + last(account, "bias") == pytest.approx(value, abs=1e-4)
        elif layer.settings.get("activation") in ("relu", "softmax") or account["kind"] in ("maximum", "copy"):
            check_arithmetic(layer, account, value)
        else:
            assert total(account, "product") + last(account, "bias") == pytest.approx(value, abs=2e-5 * max(1, abs(value)))


def test_the_softmax_of_many_classes_adds_up_whole_and_cut_short(
    browser: Browser, runs: Callable[[str], convscope.Run]
) -> None:
    run = runs("every kind of layer, colour, 20 classes")
    least, last_layer = int(run.evaluation.logits[0].argmin()), run.record.network.layers[-1].name
    terms = """() => [...document.querySelectorAll("#unit .softmax tr[data-term]")].map((row) => [
      row.dataset.term, Number(row.dataset.value), row.className,
    ])"""
    with opened(browser, f"{page_of(run)}#layer={last_layer}&unit={least}", reduced_motion="reduce") as (page, troubles):
        ready(page)
        page.wait_for_selector("#unit .softmax")
        for rows in (11, 20):
            shown = page.evaluate(terms)
            assert [term for term, _, _ in shown][-1] == "total"
            assert len(shown) == rows + 1
            assert sum(value for _, value, _ in shown[:-1]) == pytest.approx(shown[-1][1])
            assert sum(row == "is-open" for _, _, row in shown) == 1
            page.locator("#unit .arithmetic-more").click()
            page.wait_for_timeout(100)
        assert troubles == []


@pytest.mark.rows(1)
@pytest.mark.parametrize("name", INCOMPLETE)
def test_what_the_page_cannot_compute_is_trained_and_named_and_all_before_it_is_shown(
    browser: Browser, runs: Callable[[str], convscope.Run], name: str
) -> None:
    run, (shown, said) = runs(name), INCOMPLETE[name]
    assert run.evaluation.logits.shape == (30, 3)
    names = [layer.name for layer in run.record.network.layers]
    known_layers = run.record.network.layers[: names.index(shown) + 1]
    with opened(browser, page_of(run), reduced_motion="reduce") as (page, troubles):
        ready(page)
        open_layer(page, shown)
        for notice in ("#playground-problem", "#inspector-problem"):
            assert said in (page.locator(notice).text_content() or "")
            assert page.locator(notice).is_visible()
        see_everything(page)
        assert answer(page) == ""
        assert not [text for text in page.locator("[data-exercise]").all_text_contents() if ", then" in text]
        assert page.locator("#inside-panel .crumb bdi").all_text_contents() == names[: len(known_layers)]
        assert page.locator("#layer-strip .layer").count() == 1 + len(known_layers)
        assert page.locator(".cells button:not(.recall-row)").count() == 9
        assert page.locator("#every-image .tile").count() > 0 or run.evaluation.errors == 0
        pixels = run.dataset.test.images[0].ravel() / 255
        found = page.evaluate("(pixels) => convscope.run(pixels)", pixels.tolist())
        assert found["probabilities"] is None
        alone = Network("alone", run.record.network.input_shape, known_layers)
        expected = activations(alone, to_inputs(run.dataset.test.images[:1]))[shown][0]
        assert np.allclose(np.reshape(found["activations"][shown]["data"], expected.shape), expected, atol=1e-5)
        assert troubles == []


def test_hostile_names_of_layers_do_nothing(browser: Browser, write_page: Write, digits_record: RunRecord) -> None:
    record = with_layer_names(digits_record, (*HOSTILE[:5], "__proto__", "toString"))
    figures = [draw_model_diagram(record.network), *(draw_kernels(each) for each in kernels(record.network))]
    text = render(record, [to_drawing(each, to_svg(each)) for each in figures])
    image = record.examples.test_image
    expected = activations(record.network, to_inputs(image))
    with opened(browser, write_page(text), reduced_motion="reduce") as (page, troubles):
        ready(page)
        see_everything(page)
        check_units(page, record.network, to_inputs(image))
        run = "(pixels) => JSON.stringify(convscope.run(pixels).activations)"  # Playwright loses what is called __proto__
        found = json.loads(page.evaluate(run, (image.ravel() / 255).tolist()))
        assert set(found) == set(expected)
        for name in expected:
            assert name in page.evaluate("document.body.innerText")
            assert np.allclose(np.reshape(found[name]["data"], expected[name][0].shape), expected[name][0], atol=1e-5)
        assert page.locator("img").count() == 0
        assert page.locator("script").count() == text.count("<script")
        assert troubles == []


def with_layer_names(record: RunRecord, names: tuple[str, ...]) -> RunRecord:
    """The run, had its layers been called by an attacker."""
    new = {layer.name: name for layer, name in zip(record.network.layers, names, strict=True)}
    network = replace(record.network, layers=tuple(replace(layer, name=new[layer.name]) for layer in record.network.layers))
    rows = [{**row, "name": new[row["name"]]} for row in record.metrics["layers"]]
    snapshots = tuple({f"{new[key.rsplit('/', 1)[0]]}/{key.rsplit('/', 1)[1]}": array for key, array in snapshot.items()}
                      for snapshot in record.snapshots)  # fmt: skip
    evidence = record.evidence
    assert evidence is not None
    assert evidence.mahalanobis is not None
    distance = replace(evidence.mahalanobis, layer_name=new[evidence.mahalanobis.layer_name])
    return replace(
        record,
        network=network,
        metrics={**record.metrics, "layers": rows},
        snapshots=snapshots,
        evidence=replace(evidence, mahalanobis=distance),
    )
