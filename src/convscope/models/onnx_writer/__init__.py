"""Networks as ONNX bytes, without the onnx package."""
