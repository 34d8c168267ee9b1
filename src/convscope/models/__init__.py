"""What a network is: architectures, shapes, receptive fields, ONNX and model files."""
