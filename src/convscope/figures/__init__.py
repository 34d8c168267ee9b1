"""Results as pictures, with matplotlib only. One figure per file: ``draw(result, …)`` returns a :class:`Illustration`."""
