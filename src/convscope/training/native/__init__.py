"""A small engine in C that trains chains of the usual layers on a CPU, without Keras or TensorFlow.

``engine.c`` computes, ``engine.h`` explains how the arrays lie, ``plan`` says which networks it can train, ``library`` builds
and loads it. No verb uses it yet: it is compared with Keras and ONNX Runtime first.
"""
