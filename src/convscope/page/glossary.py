"""The words that a reader may not know, each explained in a sentence or two: behind every "?" of a page, and as its last list."""

from __future__ import annotations

GLOSSARY = {
    "accuracy": "The share of the images whose most probable class is the true one.",
    "attack": "Changes, too small to matter to people, that are computed from the network itself so as to mislead it.",
    "AUROC": "How often an image of the one kind gets a higher score than one of the other: 0.5 is guessing, 1 never mistakes.",
    "bias": "A number that a unit or a filter adds to its sum, whatever it is given.",
    "Brier score": "The mean over the images of the summed squares by which the probabilities miss: 0 is sure and right, 2 sure "
                   "and wrong.",
    "calibrated": "The probabilities after the logits are divided by one number, the temperature, which was fitted so that of "
                  "the answers with 90% nine in ten are right.",
    "calibration error": "How far the confidence of the answers and the share of them that is right are apart, on average over "
                         "bins of confidence (ECE); measured, it is never quite zero.",
    "channel": "One of the pictures that an image or a layer's output is made of: red, green or blue, or what one filter found.",
    "confidence": "The probability that the network gives to the class it answers: its softmax.",
    "confusion": "How often each class was called each class: a row holds the images of one class, a column those that were "
                 "called so.",
    "corruption": "Damage done to an image by a formula, in five strengths: noise, blur, shifts, stripes, weather.",
    "coverage": "The share of the images that are answered when those below a threshold of confidence are left aside.",
    "distance": "How far apart two images are for the network: the root of the summed squares of the differences between their "
                "activations in this layer.",
    "epoch": "One pass over all training images.",
    "F1": "The harmonic mean of precision and recall: high only if both are.",
    "feature map": "The picture that one filter makes of one image: bright where its pattern was found.",
    "FGSM": "The fast gradient sign method: every pixel is moved by ε in the direction in which the loss grows, once.",
    "film": "The network after each epoch, from weights that were kept while it learned, rounded to eight binary digits but for "
            "the last; what it did on the test images was measured when the training was over.",
    "filter": "The weights, and their bias, that make one channel of a convolution's output: one kernel for each channel that is "
              "read.",
    "give or take": "Half the width of the 95% interval of the accuracy, in percentage points; the accuracy is the share of the "
                    "test images that are answered right.",
    "gradient": "How much a number changes for a tiny change of each of those that it depends on: the slope, at this very image.",
    "hint": "A guess at whose fault a mistake is, by three rules from what is known of the image: a reason to look at it, and no "
            "verdict.",
    "input": "A number that a unit reads: a pixel of the image, or a unit of the layer before.",
    "interval": "Of ranges made in this way from many other test sets of the same size, 95% would hold the true value, that "
                "of endlessly many such images. For shares the way is Wilson's formula.",
    "kernel": "A small grid of weights that slides over a picture: at each place every weight is multiplied with the number under "
              "it, and the products are added up.",
    "label suspect": "An image whose label networks that never saw it would not have given: worth a look, and no more than that.",
    "learning rate": "How far one step of the optimiser moves the weights.",
    "logit": "The number that the last layer gives a class, before the softmax makes a probability of it: the larger, the more "
             "speaks for the class.",
    "loss": "The mean of −ln(p), where p is the probability that the network gave to the true class: 0 if it was always sure "
            "and right, and unbounded where it was sure and wrong. Also called sparse categorical cross-entropy.",
    "macro F1": "The mean of F1 over all classes, each counting the same, however many images it has.",
    "multiply-adds": "How many products are computed and summed to classify one image, without biases and activations.",
    "noticed": "The share of these images that lie beyond the distance at which the page warns; the interval holds with 95% "
               "confidence.",
    "occlusion": "Covering a part of the image, to see how much of the answer hangs on it.",
    "parameters": "The numbers in the network that training adjusts: weights and biases.",
    "PGD": "Projected gradient descent: many small steps in the direction in which the loss grows, which together move no pixel by "
           "more than ε.",
    "precision": "Of the images that were called this class, the share that is.",
    "probability of the true class": "What the network gave to the class that the image has; its mistakes are the images where "
                                     "another class got more.",
    "product": "An input times its weight: what that input adds to the sum of the unit.",
    "recall": "Of the images that are this class, the share that was called so.",
    "receptive field": "The patch of the input that can change one number in this layer, in pixels.",
    "runner-up": "The class with the second largest probability: what it would have answered next.",
    "seconds": "What the epoch took on the machine that is named below, the measuring after it included.",
    "share of the class": "Of the test images of the true class, the part that was taken for the other one.",
    "softmax": "It makes probabilities of the logits: e to the power of each, divided by the sum over all classes.",
    "split": "A part of the images that has one purpose: to learn from, to measure on while learning, or to measure on at the end.",
    "strangeness": "How far the image lies from the training images most like it, as the network sees them: its activations in the "
                   "last hidden layer, brought to length 1, against theirs, the mean distance to the nearest few.",
    "support": "How many test images of this class there are.",
    "suspicion": "Half of 1 plus the difference between the probabilities of the suggested class and of the given one: above 0.5 "
                 "the suggested one fits better, and 1 is the most.",
    "temperature": "What the logits are divided by before the softmax: above 1 the network was too sure of itself, below 1 too "
                   "modest; no answer changes by it.",
    "test images": "How many of them this was measured on: the more, the narrower the intervals.",
    "threshold": "The confidence from which on an answer is given; an image with less is left aside.",
    "unit": "One number that a layer computes: of a layer that makes pictures, one pixel of one of them.",
    "validation": "Measuring on images that are not trained on, while the training goes on.",
    "wanted accuracy": "The share of the given answers that ought to be right, by which the threshold was chosen.",
    "weight": "A number that an input is multiplied with, set by the training.",
    "ε": "How far any pixel may be moved, as a share of the range from black to white.",
}  # fmt: skip


class Vocabulary:
    """Which of the words one page uses. Templates ask for them while they are filled in; the list of words comes last."""

    def __init__(self) -> None:
        self._asked: set[str] = set()

    def meaning(self, word: str) -> str:
        """What ``word`` means; it is then in the list. Raises :class:`KeyError` for one that the glossary lacks."""
        meaning = GLOSSARY[word]
        self._asked.add(word)
        return meaning

    def expect(self, *words: str) -> str:
        """For words that the page's script will put a "?" beside. Empty, so that it can stand in a template."""
        for word in words:
            self.meaning(word)
        return ""

    @property
    def words(self) -> dict[str, str]:
        """Those asked for so far, with their meanings, in alphabetical order."""
        return {word: meaning for word, meaning in GLOSSARY.items() if word in self._asked}

    def title(self) -> str:
        """Of the list."""
        return f"{len(self.words)} words that this page uses"


def slug(term: str) -> str:
    """The term as it stands in an id."""
    return term.lower().replace(" ", "-")
