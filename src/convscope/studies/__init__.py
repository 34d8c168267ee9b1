"""Many trainings and their statistics."""
