"""A small engine in C that trains chains of the usual layers on a CPU, without Keras or TensorFlow.

``engine.c`` computes, ``engine.h`` explains how the arrays lie, ``plan`` says which networks it can train, ``build`` compiles
it, ``library`` loads it, ``engine`` trains with it.
"""
