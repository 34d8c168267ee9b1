"""Definitions of the terms on a page, shown behind every "?" and in its last section."""

from __future__ import annotations

GLOSSARY = {
    "accuracy": "The share of images whose most probable class is the true class.",
    "adversarial attack": "A small change of the pixels, computed from the network itself, that is meant to change its "
                          "prediction.",
    "AUROC": "The probability that an out-of-distribution image gets a higher score than a test image: 0.5 is chance, 1 is "
             "perfect.",
    "bias": "A number that a unit or a filter adds to its weighted sum, whatever the input.",
    "Brier score": "The squared difference between the predicted probabilities and the true class, summed over the classes "
                   "and averaged over the images: 0 is best, 2 is worst.",
    "calibrated": "Probabilities after temperature scaling, fitted so that of the predictions with 90% confidence about "
                  "90% are correct.",
    "calibration error": "The mean difference between confidence and accuracy over bins of confidence (ECE). Even a "
                         "perfectly calibrated network does not measure exactly 0.",
    "channel": "One of the 2D arrays that make up an image or a layer's output: red, green or blue, or the output of one "
               "filter.",
    "confidence": "The softmax probability of the predicted class.",
    "confusion": "How often images of one class are predicted as another. In the confusion matrix a row is a true class "
                 "and a column a predicted class.",
    "corruption": "A change of the image by a formula, at five strengths: noise, blur, shifts, stripes, weather.",
    "coverage": "The share of images whose confidence reaches the threshold.",
    "detected": "The share of these images whose distance exceeds the threshold for the warning, with its 95% interval.",
    "distance": "The Euclidean distance between the activations of two images in this layer.",
    "epoch": "One pass over all training images.",
    "epoch snapshots": "The weights after each epoch, quantized to 8 bits except for the last. The test images were "
                       "evaluated with them after training had ended.",
    "F1": "The harmonic mean of precision and recall: high only if both are high.",
    "feature map": "The output of one filter for one image: large where the filter responds.",
    "FGSM": "The fast gradient sign method: every pixel moves once by ε in the direction that increases the loss.",
    "filter": "The weights and the bias that compute one output channel of a convolution: one kernel per input channel.",
    "gradient": "The change of an output for a small change of each input, at this image.",
    "hint": "The likely cause of an error by three heuristic rules: a possible label error, an ambiguous image or a model "
            "error.",
    "input": "A number that a unit reads: a pixel of the image or a unit of the layer before.",
    "interval": "A 95% confidence interval: over many test sets of this size, 95% of such intervals contain the true "
                "value. For shares it is Wilson's.",
    "kernel": "A small grid of weights that slides over the input. At each position, the sum of the products of weights "
              "and inputs is one output.",
    "label suspect": "An image whose label differs from the prediction of networks that were trained without it. The label "
                     "may still be correct.",
    "learning rate": "The step size of the optimiser.",
    "logit": "The output of the last layer for one class, before the softmax.",
    "loss": "The mean of −ln(p), where p is the predicted probability of the true class (sparse categorical cross- "
            "entropy): 0 is best.",
    "macro F1": "The mean of F1 over all classes, with equal weight for each class.",
    "multiply-adds": "The multiplications and additions that one image takes, without biases and activations.",
    "occlusion": "Covering a patch of the image, to measure how much the output depends on it.",
    "out of distribution": "Unlike the training data. The score is the mean distance to the nearest few training images, "
                           "between activations of the last hidden layer that are scaled to length 1.",
    "parameters": "The numbers that training adjusts: weights and biases.",
    "PGD": "Projected gradient descent: many small FGSM steps that together move no pixel by more than ε.",
    "precision": "The share of the images predicted as this class that belong to it.",
    "probability of the true class": "The softmax probability of the image's true class. An image is misclassified if "
                                     "another class has a higher one.",
    "product": "An input times its weight: the contribution of that input to the sum of the unit.",
    "recall": "The share of this class' images that are predicted as this class.",
    "receptive field": "The patch of the input, in pixels, that can influence one output of this layer.",
    "runner-up": "The class with the second-highest probability.",
    "seconds": "The duration of the epoch, including the evaluation after it, on the machine named under Reproduce.",
    "share of the class": "The share of the true class' test images that are predicted as the other class.",
    "softmax": "Turns logits into probabilities: e to the power of each, divided by the sum over all classes.",
    "split": "A part of the data with one purpose: training, validation or test.",
    "support": "The number of test images of this class.",
    "suspect score": "Half of 1 plus the difference between the probabilities of the suggested class and of the label: "
                     "above 0.5 the suggested class is more probable; at most 1.",
    "target accuracy": "The accuracy that the threshold was chosen to reach.",
    "temperature": "The number by which logits are divided before the softmax: above 1 if the network is overconfident, "
                   "below 1 if it is underconfident. Predictions do not change.",
    "test images": "The number of images behind this measurement: more images give narrower intervals.",
    "threshold": "The minimum confidence of a prediction that is kept; predictions below it are rejected.",
    "unit": "One number that a layer computes, such as one pixel of a feature map.",
    "validation": "Evaluation during training, on images that are not trained on.",
    "weight": "A number, learned in training, that multiplies an input.",
    "ε": "The maximum change of a pixel, as a share of the range from black to white.",
}  # fmt: skip


class Glossary:
    """The terms that one page uses: templates request them while they are rendered, and the glossary comes last."""

    def __init__(self) -> None:
        self._asked: set[str] = set()

    def meaning(self, word: str) -> str:
        """Return the definition of ``word`` and add it to the page's glossary.

        Raises:
            KeyError: The glossary has no such term.
        """
        meaning = GLOSSARY[word]
        self._asked.add(word)
        return meaning

    def require(self, *words: str) -> str:
        """Add terms to which the page's script will attach a "?"; return an empty string, for use in a template."""
        for word in words:
            self.meaning(word)
        return ""

    @property
    def words(self) -> dict[str, str]:
        """The terms requested so far, with their definitions, in alphabetical order."""
        return {word: meaning for word, meaning in GLOSSARY.items() if word in self._asked}

    def title(self) -> str:
        """Return the heading of the glossary."""
        return f"{len(self.words)} terms on this page"


def slug(term: str) -> str:
    """Return the term as part of an id."""
    return term.lower().replace(" ", "-")
