"""The modules that import Keras at their top; import them only after `require_backend()`."""
