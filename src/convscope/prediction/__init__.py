"""Classes for new pictures: what a run needs for it, and what it answers."""
