"""The words that a reader may not know, each explained in one sentence: behind every "?" of the page, and as its last list."""

from __future__ import annotations

GLOSSARY = {
    "accuracy": "The share of the images whose most probable class is the true one.",
    "loss": "The mean of −ln(p), where p is the probability that the network gave to the true class: 0 if it was always sure "
            "and right, and unbounded where it was sure and wrong. Also called sparse categorical cross-entropy.",
    "interval": "The range that the true share lies in with 95 % confidence, by Wilson's formula: another test set of this "
                "size could well have given any number in it.",
    "precision": "Of the images that were called this class, the share that is.",
    "recall": "Of the images that are this class, the share that was called so.",
    "F1": "The harmonic mean of precision and recall: high only if both are.",
    "macro F1": "The mean of F1 over all classes, each counting the same, however many images it has.",
    "support": "How many test images of this class there are.",
    "parameters": "The numbers in the network that training adjusts: weights and biases.",
    "multiply-adds": "How many products are computed and summed to classify one image, without biases and activations.",
    "receptive field": "The patch of the input that can change one number in this layer, in pixels.",
    "epoch": "One pass over all training images.",
    "learning rate": "How far one step of the optimiser moves the weights.",
    "validation": "Measuring on images that are not trained on, while the training goes on.",
    "kernel": "A small grid of weights that slides over a picture; at each place it is multiplied with what lies under it.",
    "film": "The network after each epoch, from weights that were kept while it learned, rounded to eight binary digits but for "
            "the last; what it did on the test images was measured when the training was over.",
    "confusion": "How often each class was called each class: a row holds the images of one class, a column those that were "
                 "called so.",
    "confidence": "The probability that the network gives to the class it answers: its softmax.",
    "probability of the true class": "What the network gave to the class that the image has; its mistakes are the images where "
                                     "another class got more.",
    "calibrated": "The probabilities after the logits are divided by one number, the temperature, which was fitted so that of "
                  "the answers with 90 % nine in ten are right.",
    "calibration error": "How far the confidence of the answers and the share of them that is right are apart, on average over "
                         "bins of confidence (ECE); measured, it is never quite zero.",
    "Brier score": "The mean over the images of the summed squares by which the probabilities miss: 0 is sure and right, 2 sure "
                   "and wrong.",
    "temperature": "What the logits are divided by before the softmax: above 1 the network was too sure of itself, below 1 too "
                   "modest; no answer changes by it.",
    "coverage": "The share of the images that are answered when those below a threshold of confidence are left aside.",
    "AUROC": "How often an image of the one kind gets a higher score than one of the other: 0.5 is guessing, 1 never mistakes.",
    "noticed": "The share of these images that lie beyond the distance at which the page warns; the interval holds with 95 % "
               "confidence.",
    "corruption": "Damage done to an image by a formula, in five strengths: noise, blur, shifts, stripes, weather.",
    "attack": "Changes, too small to matter to people, that are computed from the network itself so as to mislead it.",
    "label suspect": "An image whose label networks that never saw it would not have given: worth a look, and no more than that.",
    "distance": "How far apart two images are for the network: the root of the summed squares of the differences between their "
                "activations in this layer.",
    "feature map": "The picture that one filter makes of one image: bright where its pattern was found.",
}  # fmt: skip


def slug(term: str) -> str:
    """The term as it stands in an id."""
    return term.lower().replace(" ", "-")
