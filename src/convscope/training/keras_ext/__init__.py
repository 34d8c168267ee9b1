"""Modules that import Keras, some TensorFlow too, at their top: import them only when a training starts."""
