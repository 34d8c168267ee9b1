"""The results and the film in a real Chromium, against NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from convscope.analysis.epoch_snapshots import quantize_weights
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.mistakes.attribution import measure_saliency
from convscope.analysis.mistakes.mistakes import explain_mistakes, mistakes_metrics
from convscope.api.run import Run
from convscope.figures.figure import Drawing
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.page.payload import make_payload
from convscope.page.render import render
from convscope.runs.record import RunRecord
from convscope.training.input_gradients import InputGradient

from .conftest import HOSTILE, drawn, with_class_names  # type: ignore[import-not-found]
from .test_browser import opened  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
Write = Callable[[str], str]

READY = "html[data-ready=true]"
GALLERY = "#every-image .gallery"
NUMBERS = """(place) => [...document.querySelectorAll(place + ' .tile')].map((tile) => Number(tile.dataset.name.slice(5)))"""
ORDERS: dict[str, Callable[[Evaluation, Any], tuple[Any, ...]]] = {
    "surest": lambda all_of, rows: (-all_of.confidence[rows].astype(np.float32),),
    "doubtful": lambda all_of, rows: (all_of.confidence[rows].astype(np.float32),),
    "worst": lambda all_of, rows: (all_of.probabilities[rows, all_of.labels[rows]].astype(np.float32),),
    "number": lambda all_of, rows: (rows,),
    "pair": lambda all_of, rows: by_pair(all_of, rows),
}


def by_pair(evaluation: Evaluation, rows: Any) -> tuple[Any, ...]:
    pairs = list(zip(evaluation.labels[rows].tolist(), evaluation.predictions[rows].tolist(), strict=True))
    sizes = np.array([-pairs.count(pair) for pair in pairs])
    return (-evaluation.confidence[rows].astype(np.float32), evaluation.predictions[rows], evaluation.labels[rows], sizes)


@contextmanager
def results(browser: Browser, address: str, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    with opened(browser, address, **options) as (page, troubles):
        page.wait_for_selector(READY, state="attached")
        yield page, troubles


def until(page: Page, expression: str, argument: Any = None) -> None:
    """Wait until a script is true; Playwright's own way evaluates text in the page, which the page's policy forbids."""
    for _ in range(200):
        if page.evaluate(expression, argument):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not true after ten seconds: {expression}")


def shown(page: Page, place: str = GALLERY) -> list[int]:
    """The numbers of all images in ``place``, page after page."""
    numbers = page.evaluate(NUMBERS, place)
    forward = page.locator(f"{place} button[aria-label='Next page']")
    while forward.is_visible() and forward.get_attribute("aria-disabled") == "false":
        forward.click()
        numbers += page.evaluate(NUMBERS, place)
    return list(numbers)


def choose(page: Page, *, truth: int = -1, predicted: int = -1, outcome: str = "all", order: str = "number") -> None:
    form = page.locator("form[aria-label='Which test images']")
    form.locator("select").nth(0).select_option(str(truth))
    form.locator("select").nth(1).select_option(str(predicted))
    form.get_by_text(outcome, exact=True).click()
    form.locator("select").nth(2).select_option(order)


def test_the_gallery_of_every_cell_is_pythons_list(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    evaluation = digits_record.evaluation
    with results(browser, write_page(page_text)) as (page, troubles):
        for true, predicted in np.ndindex(10, 10):
            rows = np.flatnonzero((evaluation.labels == true) & (evaluation.predictions == predicted))
            cell = page.locator(f".cells td[data-truth='{true}'][data-predicted='{predicted}'] button")
            assert cell.text_content() == str(len(rows))
            cell.click()
            assert sorted(shown(page, ".cell-view")) == rows.tolist(), (true, predicted)
            assert page.locator(".cell-sentence").inner_text().startswith(str(len(rows)) if len(rows) else "None")
        assert troubles == []


def test_every_test_image_can_be_reached_and_every_filter_is_pythons(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    evaluation = digits_record.evaluation
    labels, predictions = evaluation.labels, evaluation.predictions
    with results(browser, write_page(page_text)) as (page, troubles):
        choose(page)
        assert shown(page) == list(range(len(evaluation)))
        choose(page, truth=9)
        assert shown(page) == np.flatnonzero(labels == 9).tolist()
        choose(page, predicted=9, outcome="errors")
        assert shown(page) == np.flatnonzero((predictions == 9) & (labels != 9)).tolist()
        choose(page, truth=3, outcome="correct")
        assert shown(page) == np.flatnonzero((labels == 3) & (predictions == 3)).tolist()
        assert troubles == []


def test_the_mistakes_come_first_in_every_order_of_numpys(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    evaluation = digits_record.evaluation
    wrong = np.flatnonzero(evaluation.labels != evaluation.predictions)
    with results(browser, write_page(page_text)) as (page, _):
        assert shown(page) == wrong[np.lexsort((wrong, *ORDERS["surest"](evaluation, wrong)))].tolist()
        for order, keys in ORDERS.items():
            choose(page, outcome="all", order=order)
            rows = np.arange(len(evaluation))
            assert shown(page) == rows[np.lexsort((rows, *keys(evaluation, rows)))].tolist(), order


def test_a_page_is_turned_in_less_than_50_milliseconds(browser: Browser, write_page: Write, page_text: str) -> None:
    with results(browser, write_page(page_text)) as (page, _):
        choose(page)
        times = page.evaluate("""() => {
            const forward = document.querySelector("#every-image [aria-label='Next page']");
            return [1, 2, 3, 4, 5].map(() => {
                const start = performance.now();
                forward.click();
                document.body.offsetHeight;
                return performance.now() - start;
            });
        }""")
        assert sorted(times)[0] < 50, times  # the fastest of five: this machine has other work


def test_a_tile_tells_number_classes_and_the_probability_of_the_true_one(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    evaluation = digits_record.evaluation
    row = int(evaluation.mistakes[0])
    true, predicted = int(evaluation.labels[row]), int(evaluation.predictions[row])
    with results(browser, write_page(page_text)) as (page, _):
        tile = page.locator(f"{GALLERY} .tile").first
        probability = 100 * evaluation.probabilities[row, true]
        assert f"Test image {row}: {true}, predicted as {predicted};" in (tile.get_attribute("title") or "")
        assert f"{true} → {predicted}" in tile.inner_text()
        assert f"#{row}" in tile.inner_text()
        assert (f"{probability:.1f}" if probability >= 0.1 else "<0.1") in tile.inner_text()
        assert "✕" in tile.inner_text()
        assert tile.get_attribute("data-outcome") == "wrong"
        choose(page, outcome="correct")
        assert "✓" in page.locator(f"{GALLERY} .tile").first.inner_text()


def test_a_mistake_that_is_clicked_is_opened_with_the_neighbours_of_the_evidence(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    evidence, evaluation = digits_record.evidence, digits_record.evaluation
    assert evidence is not None
    nearest = evidence.nearest_neighbours
    assert nearest is not None
    with results(browser, write_page(page_text)) as (page, troubles):
        for number in range(min(3, len(nearest.test_indices))):
            index = int(nearest.test_indices[number])
            page.locator(f"{GALLERY} .tile[data-name='test-{index}']").click()
            until(page, f"location.hash.includes('image=test-{index}')")
            until(page, f"document.querySelector('.details-title').textContent.endsWith('\\u00a0{index}')")
            rows = [[row for row in group[number].tolist() if row >= 0] for group in (nearest.true, nearest.predicted)]
            names = [f"train-{evidence.reference_indices[row]}" for row in [*rows[0], *rows[1]]]
            until(
                page,
                "(names) => JSON.stringify([...document.querySelectorAll('.neighbour')].map((each) => each.dataset.name)) "
                "=== JSON.stringify(names)",
                names,
            )
            said = page.locator(".details-prediction").inner_text()
            assert said == f"true class “{evaluation.labels[index]}”, predicted as “{evaluation.predictions[index]}”"
        page.locator(".neighbour").first.click()
        until(page, "location.hash.includes('image=train-')")
        assert page.locator(".details-title").inner_text().startswith("Training image")
        assert troubles == []


def with_votes(record: RunRecord, predictor: Predictor) -> RunRecord:
    """The run, had eight seeds of a study given every image the same answer, and a ninth the right one."""
    evaluation = record.evaluation
    votes = np.zeros(evaluation.logits.shape, np.int64)
    votes[np.arange(len(evaluation)), evaluation.predictions] = 8
    votes[np.arange(len(evaluation)), evaluation.labels] += 1
    explained = explain_mistakes(record, predictor, votes=votes, voter_name="other seeds")
    told = {"study": "../..", "seeds": list(range(9))}
    mistakes = mistakes_metrics(explained, evaluation.errors, votes=told)
    return replace(record, metrics={**record.metrics, "mistakes": mistakes})


def test_an_error_has_the_likely_cause_from_python_with_its_evidence(
    browser: Browser, write_page: Write, digits_run: Run, drawings: list[Drawing]
) -> None:
    record = with_votes(digits_run.record, Predictor(digits_run.folder / "model.onnx"))
    with results(browser, write_page(render(record, drawings))) as (page, troubles):
        for each in record.metrics["mistakes"]["list"][:3]:
            page.locator(f"{GALLERY} .tile[data-name='test-{each['index']}']").click()
            until(page, f"document.querySelector('.details-title').textContent.endsWith('\\u00a0{each['index']}')")
            hint = page.locator(".image-details .triage")
            assert hint.get_attribute("data-kind") == each["triage"]
            assert hint.locator("li").all_inner_texts() == each["evidence"]
            assert f"8 of 9 other seeds also predict {each['predicted']}, 1 predicts {each['true']}" in each["evidence"]
            assert "Likely cause: " in hint.inner_text()
            assert "check the image" in hint.inner_text()
        choose(page, outcome="correct")
        page.locator(f"{GALLERY} .tile").first.click()
        until(page, "!document.querySelector('.image-details .triage')")
        assert troubles == []


def test_the_gallery_shows_the_mistakes_of_one_hint(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    told = digits_record.metrics["mistakes"]
    with results(browser, write_page(page_text)) as (page, _):
        hint = page.locator("form[aria-label='Which test images'] select").nth(3)
        expected = [kind for kind, count in told["triage"].items() if count]
        assert [text.rsplit(" ", 1)[0] for text in hint.locator("option").all_inner_texts()] == ["any", *expected]
        for kind in expected:
            choose(page, outcome="correct")
            hint.select_option(kind)  # right answers have none, so that it shows mistakes
            assert sorted(shown(page)) == sorted(told["indices"][kind])
        choose(page, outcome="correct")
        assert hint.input_value() == ""
        words = page.locator("#every-image details.words").last
        assert words.locator("tbody tr").count() == len(told["list"])
        assert words.locator("tbody tr").first.locator("td").last.text_content() == told["list"][0]["reason"].replace(
            " %", "%"
        )


def test_the_attribution_of_both_classes_of_an_image_is_that_of_python(
    browser: Browser, write_page: Write, page_text: str, digits_run: Run, digits_record: RunRecord
) -> None:
    evaluation, network = digits_record.evaluation, digits_record.network
    assert digits_record.evidence is not None
    first = int(evaluation.mistakes[0])
    image, labels = (
        digits_record.evidence.test_images[first],
        (int(evaluation.labels[first]), int(evaluation.predictions[first])),
    )
    found = measure_saliency(InputGradient(digits_run.model), image, labels)
    assert found.integrated.shape == (2, 8, 8, 1)
    # Squares of 2 × 2, set to nothing, at every place where one touches the image.
    covered = np.repeat(np.pad(image, ((1, 1), (1, 1), (0, 0)))[None], 64, axis=0)
    for number, (row, column) in enumerate(np.ndindex(8, 8)):
        covered[number, row : row + 2, column : column + 2] = 0
    logits = Predictor(onnx_bytes(network)).logits(covered[:, 1:9, 1:9])[:, labels]
    sums = {
        "gradient": found.gradient_times_input.sum(axis=(1, 2, 3)),
        "integrated": found.integrated.sum(axis=(1, 2, 3)),
        "occlusion": (found.logits - logits).max(axis=0),
    }
    with results(browser, f"{write_page(page_text)}#every-image&image=test-{first}") as (page, troubles):
        page.locator(".details-classes").scroll_into_view_if_needed()
        page.wait_for_selector(f".details-classes[data-done='{labels[0]} {labels[1]}']")
        for way, expected in sums.items():
            cells = page.locator(f".attribution-method[data-method='{way}'] [data-sum]")
            assert [float(cell.get_attribute("data-sum") or "nan") for cell in cells.all()] == pytest.approx(
                expected.tolist(), abs=2e-3
            )
            named = [picture.get_attribute("aria-label") for picture in cells.locator("canvas").all()]
            assert [text and text.split(":")[0].rsplit(" for ", 1)[1] for text in named] == [
                f"{labels[0]}, the true class", f"{labels[1]}, the predicted class"]  # fmt: skip
        assert troubles == []


def test_a_drawing_has_neighbours_from_the_sample_as_numpy_finds_them(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    """Any image that is no mistake is looked up in the sample, as a drawing is: here a right one, which Python has too."""
    evidence, evaluation = digits_record.evidence, digits_record.evaluation
    assert evidence is not None
    assert evidence.feature_distances is not None
    right = int(np.flatnonzero(evaluation.labels == evaluation.predictions)[0])
    features = features_at(digits_record, evidence.feature_distances.layer_name)
    sample = features(evidence.reference_images[: evidence.sample])
    own = features(evidence.test_images[right : right + 1])
    distances = np.linalg.norm(sample - own, axis=1)
    order = np.argsort(-evaluation.logits[right], kind="stable")
    expected = []
    for label in order[:2]:
        rows = np.flatnonzero(evidence.reference_labels[: evidence.sample] == label)
        expected += rows[np.argsort(distances[rows], kind="stable")[:3]].tolist()
    with results(browser, f"{write_page(page_text)}#every-image&image=test-{right}") as (page, _):
        page.wait_for_selector(".neighbour")
        assert (
            page.evaluate("[...document.querySelectorAll('.neighbour')].map((each) => Number(each.dataset.row))") == expected
        )


def features_at(record: RunRecord, layer: str) -> Callable[[Any], Any]:
    """The activations of a layer, by Keras' arithmetic written out in NumPy for the dense layers of the digits' network."""
    from convscope.models.activations import activations

    return lambda images: activations(record.network, images / np.float32(255))[layer].reshape(len(images), -1)


def test_the_films_matrix_is_that_of_the_epochs_weights(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    payload = make_payload(digits_record)
    evaluation = digits_record.evaluation
    assert digits_record.evidence is not None
    with results(browser, write_page(page_text)) as (page, troubles):
        cells = "[...document.querySelectorAll('.cells td button')].map((each) => Number(each.textContent.replace(',', '')))"
        slider = page.locator(".epoch-control input[type=range]")
        for place, kept in enumerate(payload["weights"]["epochs"]):
            slider.fill(str(place))
            predictions = predictions_after(digits_record, kept["epoch"])
            matrix = np.zeros((10, 10), int)
            np.add.at(matrix, (evaluation.labels, predictions), 1)
            until(page, f"({cells}).join() === '{','.join(map(str, matrix.ravel()))}'")
            wrong = int((predictions != evaluation.labels).sum())
            assert f" {wrong} errors" in page.locator(".epoch-text").inner_text()
            # And the images behind a cell are those of that epoch.
            true, predicted = np.argwhere(matrix - np.diag(np.diag(matrix)))[0]
            page.locator(f".cells td[data-truth='{true}'][data-predicted='{predicted}'] button").click()
            rows = np.flatnonzero((evaluation.labels == true) & (predictions == predicted))
            until(page, "!document.querySelector('.cell-view .small').textContent.includes('…')")
            assert sorted(shown(page, ".cell-view")) == rows.tolist()
        assert troubles == []


def predictions_after(record: RunRecord, epoch: int) -> Any:
    """What the weights that the page has of an epoch make of the test images, by ONNX Runtime."""
    assert record.evidence is not None
    if epoch == len(record.snapshots):
        return record.evaluation.predictions
    weights = {name: quantize_weights(array).astype(np.float32) for name, array in record.snapshots[epoch - 1].items()}
    return Predictor(onnx_bytes(record.network, weights)).logits(record.evidence.test_images).argmax(axis=1)


def test_while_the_film_is_not_at_its_end_the_page_says_so(browser: Browser, write_page: Write, page_text: str) -> None:
    with results(browser, f"{write_page(page_text)}#every-image&epoch=1") as (page, _):
        until(page, "document.querySelector('.details-prediction').textContent.endsWith('as after epoch 1 of 2')")
        assert page.locator(".epoch-note").text_content().startswith("as after epoch 1 of 2: ")
        assert "predictions of the last epoch" in page.locator(".gallery-summary").inner_text()
        strip = page.locator(".epoch-strip")
        assert "epoch 1 of 2" in strip.inner_text()
        strip.get_by_text("to the end").click()
        until(page, "document.querySelector('.epoch-note').hidden")
        assert "epoch=" not in page.evaluate(
            "(async () => { await new Promise((go) => setTimeout(go, 400)); return location.hash; })()"
        )
        assert "predictions of the last epoch" not in page.locator(".gallery-summary").inner_text()


def test_the_curves_read_out_what_the_history_has(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    with results(browser, write_page(page_text)) as (page, _):
        chart = page.locator("[data-live='loss-curves'] [role=slider]")
        chart.focus()
        page.keyboard.press("Home")
        first = digits_record.history[0]
        expected = f"epoch 1: training {first.loss:.4f}, validation {first.val_loss:.4f}"
        assert chart.get_attribute("aria-valuetext") == expected
        accuracy = page.locator("[data-live='accuracy-curves'] .readout").inner_text().replace("\u00a0", " ")
        assert accuracy == f"Epoch 1 training {100 * first.accuracy:.2f}%, validation {100 * first.val_accuracy:.2f}%"
        page.keyboard.press("Enter")
        until(page, "document.querySelector('.epoch-control input').value === '0'")


def test_everything_can_be_done_by_keyboard(browser: Browser, write_page: Write, page_text: str) -> None:
    here = "document.activeElement"
    with results(browser, write_page(page_text)) as (page, troubles):
        page.locator(".cells [tabindex='0']").focus()
        start = page.evaluate(f"{here}.parentElement.dataset.truth")
        page.keyboard.press("ArrowUp" if start == "9" else "ArrowDown")
        assert page.evaluate(f"{here}.parentElement.dataset.truth") != start
        page.keyboard.press("Enter")
        assert page.locator(".cells [aria-selected=true]").count() == 1
        assert page.locator(".cells [tabindex='0']").count() == 1
        truth = page.locator("form[aria-label='Which test images'] select").first
        truth.focus()
        truth.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowLeft")  # from wrong to all
        for _ in ("order", "hint", "tile"):
            page.keyboard.press("Tab")
        assert page.evaluate(f"{here}.className") == "tile"
        page.keyboard.press("PageDown")
        assert page.locator(f"{GALLERY} .pager .place").inner_text().startswith("page 2 of")
        page.keyboard.press("ArrowRight")
        name = page.evaluate(f"{here}.dataset.name")
        page.keyboard.press("Enter")
        until(page, f"location.hash.includes('image={name}')")
        assert page.evaluate(f"{here}.getAttribute('aria-current')") == "true"
        assert troubles == []


def test_a_number_of_the_tables_leads_to_its_images(
    browser: Browser, write_page: Write, page_text: str, digits_record: RunRecord
) -> None:
    evaluation = digits_record.evaluation
    labels, predictions = evaluation.labels, evaluation.predictions
    with results(browser, write_page(page_text)) as (page, _):
        page.locator("tr[data-label='8'] [data-link=recall] button").click()
        assert sorted(shown(page)) == np.flatnonzero((labels == 8) & (predictions != 8)).tolist()
        page.locator("tr[data-label='8'] [data-link=precision] button").click()
        assert sorted(shown(page)) == np.flatnonzero((labels != 8) & (predictions == 8)).tolist()
        page.locator("tr[data-label='8'] [data-link=support] button").click()
        assert sorted(shown(page)) == np.flatnonzero(labels == 8).tolist()
        door = page.locator("td[data-pair] button").first
        count = int(door.inner_text())
        door.click()
        assert len(shown(page)) == count


def test_a_class_lights_its_row_its_column_its_bar_and_its_tiles(
    browser: Browser, write_page: Write, page_text: str
) -> None:
    with results(browser, write_page(page_text)) as (page, _):
        page.locator("tr[data-label='8']").hover()
        assert page.locator(".cells th[data-highlight]").all_inner_texts() == ["8", "8"]
        assert page.locator(".cells td[data-highlight]").count() == 19
        assert page.locator(".class-bars li[data-highlight]").get_attribute("data-label") == "8"
        for tile in page.locator(f"{GALLERY} .tile").all():
            truth, predicted, lit = (tile.get_attribute(f"data-{key}") for key in ("truth", "predicted", "highlight"))
            assert (lit is not None) == ("8" in (truth, predicted))


def test_hostile_names_do_nothing_in_the_results(browser: Browser, write_page: Write, hostile_text: str) -> None:
    with results(browser, write_page(hostile_text)) as (page, troubles):
        page.locator(".cells button").nth(3).click()
        choose(page, truth=0, outcome="all")
        page.locator(f"{GALLERY} .tile").first.click()
        page.wait_for_selector(".neighbour")
        page.locator(".epoch-control input").fill("0")
        page.locator(".image-details").scroll_into_view_if_needed()
        until(page, "document.querySelector('.details-prediction').textContent.includes('after epoch 1')")
        assert page.locator("img").count() == 0
        assert HOSTILE[0] in (page.locator(".cell-sentence, .cells th").all_text_contents())
        assert troubles == []


@pytest.mark.parametrize("width", [360, 1280])
def test_the_results_never_scroll_the_page_sideways(
    browser: Browser, write_page: Write, digits_record: RunRecord, page_text: str, width: int
) -> None:
    long = with_class_names(digits_record, tuple(f"{number}-" + "Donaudampfschiffahrt" * 4 for number in range(10)))
    wide = """() => [...document.querySelectorAll('#learned *, #good *, #fails *')].filter((each) => {
        const {right, width} = each.getBoundingClientRect();
        const may = '.scroll, .drawing, .visually-hidden, .classes, .class-bars, .line-chart';
        return width && right > innerWidth + 1 && !each.closest(may);
    }).map((each) => `${each.tagName} in ${each.parentElement.className}`)"""
    for text in (page_text, render(long, drawn(long))):
        with results(browser, write_page(text), width=width) as (page, _):
            assert page.evaluate(wide) == []


def test_without_mistakes_every_image_is_in_the_section_before(
    browser: Browser, write_page: Write, digits_record: RunRecord
) -> None:
    evaluation = digits_record.evaluation
    perfect = Evaluation(evaluation.predictions, evaluation.logits, evaluation.class_names)
    metrics = {**digits_record.metrics, "test": evaluation_entry(perfect)}
    examples = replace(
        digits_record.examples, mistakes=digits_record.examples.mistakes[:0], mistake_indices=np.empty(0, int)
    )
    record = replace(digits_record, evaluation=perfect, metrics=metrics, examples=examples)
    with results(browser, write_page(render(record, drawn(record)))) as (page, troubles):
        assert page.locator("#fails").count() == 0
        assert shown(page)[:3] == np.argsort(-perfect.confidence.astype(np.float32), kind="stable")[:3].tolist()
        assert page.locator(".cells .wrong").count() == 0
        assert troubles == []


def evaluation_entry(evaluation: Evaluation) -> Any:
    from convscope.analysis.metrics import evaluation_metrics

    return evaluation_metrics(evaluation)


def test_without_evidence_the_static_figures_stay(browser: Browser, write_page: Write, digits_record: RunRecord) -> None:
    record = replace(digits_record, evidence=None, evidence_missing="made for this test")
    with results(browser, write_page(render(record, drawn(record)))) as (page, troubles):
        for figure in ("confusion_matrix", "per_class", "mistakes"):
            assert page.locator(f"#figure-{figure} .drawing").is_visible()
        assert page.get_by_text("Confusion matrix values").is_visible()
        assert not page.locator("#figure-accuracy .drawing").is_visible()  # the curves need no images
        assert troubles == []


def test_without_scripts_and_on_paper_there_are_the_figures(browser: Browser, write_page: Write, page_text: str) -> None:
    address = write_page(page_text)
    names = ("accuracy", "loss", "confusion_matrix", "mistakes")
    with opened(browser, address, java_script_enabled=False) as (page, _):
        assert all(page.locator(f"#figure-{name} .drawing").is_visible() for name in (*names, "per_class"))
        assert page.locator("[data-live]:visible").count() == 0
    with results(browser, address) as (page, _):
        page.emulate_media(media="print")
        assert all(page.locator(f"#figure-{name} .drawing").is_visible() for name in names)
        assert page.get_by_text("Scores per class").is_visible()  # in numbers, instead of the figure
        assert page.locator("[data-live]:visible, .epoch-strip:visible").count() == 0


def test_a_network_that_is_too_large_for_the_page_has_its_mistakes_and_their_neighbours(
    browser: Browser, write_page: Write, digits_record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convscope.page.payload.weights_entry", lambda record: None)
    evaluation = digits_record.evaluation
    first = int(evaluation.mistakes[0])
    with results(browser, f"{write_page(render(digits_record, []))}#every-image&image=test-{first}") as (page, troubles):
        page.wait_for_selector(".neighbour")
        said = page.locator(".details-prediction").inner_text()
        assert said == f"true class “{evaluation.labels[first]}”, predicted as “{evaluation.predictions[first]}”"
        assert page.locator(".image-details .line-chart, .answers:visible, .epoch-control").count() == 0
        assert page.locator(".cells button").count() == 100
        assert troubles == []
