"""Where the trainings of a study run."""
