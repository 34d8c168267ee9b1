"""Many trainings in place of one: every combination of models, recipes, sizes and seeds, and what can be said of them."""
