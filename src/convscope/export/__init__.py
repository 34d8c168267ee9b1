"""The trained network for elsewhere. The only room that imports ``onnx``."""
