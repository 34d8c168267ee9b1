"""Training with Keras: the reference, and the general path for other layers, GPUs and several machines.

The modules import Keras at their top: import them only when such a training starts.
"""
