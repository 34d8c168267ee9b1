"""Figures of a run, drawn with matplotlib only: one function per figure, which returns an :class:`Illustration`."""
