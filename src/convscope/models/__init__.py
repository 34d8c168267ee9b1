"""What a network is: architectures, shapes, costs, receptive fields; a forward pass in NumPy; saving and loading."""
