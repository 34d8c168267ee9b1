"""Trained networks for other programs. The only package that imports ``onnx``."""
