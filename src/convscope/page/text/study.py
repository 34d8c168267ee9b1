"""The sentences of a study's page, with the numbers of its runs, and which configurations differ significantly."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...formatting import count_of, join_words, p_value, percentage_points, shorten_list
from .numbers import capital, counted, decimal, name, percent, percent_range, whole, word

Results = Mapping[str, Any]


def run_summary(results: Results, request: Mapping[str, Any]) -> str:
    """Return what was run, on which machine and with which version."""
    sizes = len(request["sizes"])
    at_sizes = f" × {counted(sizes, 'training set size')}" if sizes > 1 else ""
    return (
        f"{capital(counted(len(results['table']), 'configuration'))} × {counted(len(results['seeds']), 'seed')}{at_sizes}: "
        f"{count_of(len(results['runs']), 'run')} with one thread each, {_where(request)}"
        f"with convscope {request['versions']['convscope']}."
    )


def _where(request: Mapping[str, Any]) -> str:
    processor = request["machine"]["processor"]
    return f"on {processor}, " if processor else ""


def table_title(results: Results) -> str:
    """Return the largest spread between seeds."""
    widest = max(results["table"], key=lambda row: row["highest"] - row["lowest"])
    if len(results["seeds"]) == 1:
        return "Accuracy of each configuration"
    spread = widest["highest"] - widest["lowest"]
    if not spread:
        return "Seeds do not differ in accuracy"
    return f"Seeds of {name(widest['name'])} differ by up to {percentage_points(spread)} percentage points"


def curve_title(results: Results) -> str:
    """Return the effect of doubling the training set, if it is significant."""
    curves, steepest = results["curves"], results["steepest_curve"]
    if steepest is not None:
        best = next(curve for curve in curves if curve["name"] == steepest)
        return f"Doubling the training set helps {name(steepest)} most: {_reduction(best)} fewer errors"
    falling = [curve for curve in curves if curve["falls"]]
    if not curves or len(falling) < len(curves):
        return "Error rate by training set size"
    if len(curves) == 1:
        return f"Doubling the training set reduces the errors of {name(curves[0]['name'])} by {_reduction(curves[0])}"
    reductions = sorted(1 - curve["factor_of_doubling"] for curve in curves)
    return f"Doubling the training set reduces errors by {percent_range((reductions[0], reductions[-1]), 0)}"


def _reduction(curve: Mapping[str, Any]) -> str:
    return percent(1 - curve["factor_of_doubling"], 0)


def search_title(results: Results) -> str:
    """Return whether the hyperparameter search found better settings."""
    if not any(each["setting"] for each in results["searches"]):
        return "No better settings found"
    return "Settings with a lower validation loss"


def hard_images_title(results: Results) -> str:
    """Return how many images every run misclassifies."""
    hard = results["hard_images"]
    never = sum(each["wrong"] == each["runs"] for each in hard)
    if never:
        return f"{capital(counted(never, 'image'))} misclassified by every run"
    return (
        f"The {counted(len(hard), 'image')} that most runs misclassify"
        if len(hard) > 1
        else "The image that most runs misclassify"
    )


def table_caption(results: Results) -> str:
    """Explain the table of accuracies."""
    if len(results["seeds"]) == 1:
        return "A dot is a run. One seed has no spread."
    return ("A dot is a run. The bar is the 95% CI of the mean over seeds (Student’s t): other seeds, same "
            f"{whole(results['dataset']['test'])} test images. “Over images” is Wilson’s interval: same runs, other test images. "
            "“Over both” allows for other seeds and other images, from the variance components.")  # fmt: skip


def best_seed_sentence(results: Results) -> str:
    """State by how much the best seed would overstate the accuracy."""
    row, n = results["table"][0], len(results["seeds"])
    gain = percentage_points(row["best_of"][-1] - row["mean"])
    return (f"Reporting the best of {counted(n, 'seed')} of {name(row['name'])} instead of the mean would overstate the accuracy "
            f"by {gain} percentage points. The columns show the expected best of so many runs.")  # fmt: skip


def best_columns(results: Results) -> list[int]:
    """Return the columns "best of K": K = 1, 2, 5, 10 and so on, and all seeds."""
    n = len(results["seeds"])
    return sorted({k for power in range(4) for step in (1, 2, 5) if (k := step * 10**power) < n} | {n})


def curve_sentence(curve: Mapping[str, Any]) -> str:
    """State the effect of doubling the training set for one configuration."""
    if curve["exponent"] is None:
        return f"{name(curve['name'])}: no line was fitted, because a run without errors has no place on a logarithmic axis."
    text = f"{name(curve['name'])}: doubling the training set leaves {percent(curve['factor_of_doubling'], 0)} of the errors"
    interval = curve["factor_interval"]
    if interval is None:
        return f"{text}."
    is_open = not curve["falls"] and interval[1] >= 1
    rest = ", not significantly fewer" if is_open else ""
    return f"{text} (95% CI over seeds {percent_range(interval, 0)}){rest}."


def search_sentence(found: Mapping[str, Any]) -> str:
    """Return the result of a search, and how much of it may be selection."""
    title = f"{name(found['model'])} with the recipe {name(found['recipe'])}"
    stopped = f" ({whole(found['pruned'])} stopped early)" if found["pruned"] else ""
    trials = f"{counted(found['trials'], 'trial')}{stopped}"
    if not found["setting"]:
        return f"{title}: in {trials}, no setting reached a lower validation loss than the recipe."
    return (f"{title}: the best of {trials} reaches a validation loss of {decimal(found['validation_loss'])} and an accuracy of "
            f"{percent(found['validation_accuracy'])}, the recipe {decimal(found['base_loss'])} and "
            f"{percent(found['base_accuracy'])}. The best of several trials is optimistic; the table above shows its test "
            "accuracy.")  # fmt: skip


def hard_images_sentence(results: Results) -> str:
    """State how many images every run misclassifies, and what that may mean."""
    hard = results["hard_images"]
    never, runs = sum(each["wrong"] == each["runs"] for each in hard), hard[0]["runs"]
    by_all = "by the run" if runs == 1 else f"by all {whole(runs)} runs"
    if not never:
        return f"None of the {images_of(results)} is misclassified {by_all}."
    cut, are = "At least " if never == len(hard) else "", "is" if never == 1 else "are"
    return (f"{cut}{whole(never)} of {images_of(results)} {are} misclassified {by_all}. Either these images are too hard for all "
            "of these networks, or their labels are incorrect: check the images.")  # fmt: skip


def setting_words(setting: Mapping[str, float]) -> list[tuple[str, str]]:
    """Return the name and the value of each setting that was varied."""
    known = {"learning_rate": ("learning rate", "{:.3g}"), "weight_decay": ("weight decay", "{:.3g}"),
             "batch_size": ("batch size", "{:.0f}"), "label_smoothing": ("label smoothing", "{:.3f}"),
             "augmentation": ("augmentation, times the recipe’s", "{:.2f}")}  # fmt: skip
    words = [(label, form.format(setting[key])) for key, (label, form) in known.items() if key in setting]
    if "slowness" in setting:
        words.append(("beta 2", f"{1 - setting['slowness']:.4f}"))
    return words


def spread(row: Mapping[str, Any]) -> str:
    """Return mean and standard deviation: ``"99.44 ± 0.04%"``."""
    if row["sd"] is None:
        return percent(row["mean"])
    return f"{100 * row['mean']:.2f} ± {percent(row['sd'])}"


def images_of(results: Results) -> str:
    """Return ``"10,000 test images"``."""
    return f"{whole(results['dataset']['test'])} test images"


MAX_NAMED = 4
FEW = "too few seeds"


def claim(results: Results) -> str:
    """Return the first half of the title: the best configuration, or that none is significantly best."""
    rows, n = results["table"], len(results["seeds"])
    best = rows[0]
    if len(rows) == 1:
        return f"{name(best['name'])} classifies {percent(best['mean'])} of {images_of(results)} correctly"
    if n == 1 or not results["comparisons"][0]["judged"]:
        seeds = f"{word(n)} seed is" if n == 1 else f"{word(n)} seeds are"
        if best["mean"] == rows[1]["mean"]:
            both = f"{name(best['name'])} and {name(rows[1]['name'])} have the same accuracy"
            return f"{both}, and {seeds} too few for a significance test"
        return f"{name(best['name'])} has the highest accuracy, but {seeds} too few for a significance test"
    close = not_distinguishable(results, best["name"])
    if not close:
        others = name(rows[1]["name"]) if len(rows) == 2 else "both others" if len(rows) == 3 else "all others"
        return f"{name(best['name'])} is significantly better than {others}"
    return f"No significant difference between {_list([best['name'], *close])}"


def best_difference(results: Results) -> str:
    """Return the second half of the title: the numbers."""
    rows, n = results["table"], len(results["seeds"])
    best = rows[0]
    if len(rows) == 1:
        return f"{spread(best)} over {counted(n, 'seed')}."
    means = f"{percent(best['mean'])} against {percent(rows[1]['mean'])} for {name(rows[1]['name'])}"
    if n == 1:
        return f"{means}."
    pair = comparison_of(results, best["name"], rows[1]["name"])
    ahead = sign(pair, best["name"])
    over_seeds, over_both = (_range(pair[key], ahead) for key in ("interval", "interval_of_both"))
    low, high = pair["interval"]
    over_seeds = f"the same with {counted(n, 'seed')}" if low == high else f"95% CI {over_seeds} over {counted(n, 'seed')}"
    test = f", p {p_value(pair['p_adjusted'])}" if pair["judged"] else ""
    return (f"{means}, a difference of {percentage_points(abs(pair['difference']))} percentage points ({over_seeds}{test}; "
            f"95% CI {over_both} over seeds and images).")  # fmt: skip


def not_distinguishable(results: Results, from_name: str) -> list[str]:
    """Return the configurations that do not differ significantly from ``from_name``, in the order of the table."""
    others = [row["name"] for row in results["table"] if row["name"] != from_name]
    return [other for other in others if not comparison_of(results, from_name, other)["distinguishable"]]


def comparison_of(results: Results, one: str, other: str) -> Mapping[str, Any]:
    """Return the comparison of two configurations, whichever of them is first in it."""
    found: Mapping[str, Any] = next(
        each for each in results["comparisons"] if {each["first"], each["second"]} == {one, other}
    )
    return found


def sign(pair: Mapping[str, Any], ahead: str) -> int:
    """Return 1 if the difference is that of ``ahead`` minus the other, otherwise −1."""
    return 1 if pair["first"] == ahead else -1


def comparison_title(results: Results) -> str:
    """Return how many pairs differ significantly."""
    pairs = results["comparisons"]
    if not pairs[0]["judged"]:
        return "At least 5 seeds are needed for significance tests"
    significant = sum(pair["distinguishable"] for pair in pairs)
    if len(pairs) == 1:
        return "The difference is significant" if significant else "The difference is not significant"
    if significant in (0, len(pairs)):
        return f"All {word(len(pairs))} differences are significant" if significant else "No difference is significant"
    return (
        f"{capital(word(significant))} of {word(len(pairs))} differences {'is' if significant == 1 else 'are'} significant"
    )


def comparison_caption(results: Results) -> str:
    """Explain the tests."""
    number = len(results["comparisons"])
    corrected = f", Holm-corrected for {word(number)} comparisons" if number > 1 else ""
    return (f"Differences are paired by seed. p is from the paired t-test{corrected}. The test and the first interval hold for "
            "other seeds on the same test images; “Over both” allows for other images too.")  # fmt: skip


def pair_result(pair: Mapping[str, Any]) -> str:
    """Return the result of a comparison for a table cell."""
    if not pair["judged"]:
        return FEW
    if not pair["distinguishable"]:
        return "no significant difference"
    return f"{name(pair['first'] if pair['difference'] > 0 else pair['second'])} is better"


def _range(interval: Sequence[float], ahead: int) -> str:
    low, high = sorted(ahead * end for end in interval)
    return f"{percentage_points(low)} to {percentage_points(high)}"


def _list(names: Sequence[str]) -> str:
    shown = [name(each) for each in names]
    return shorten_list(shown, MAX_NAMED - 1) if len(names) > MAX_NAMED else join_words(shown)
