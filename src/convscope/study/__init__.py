"""Studies: many trainings over models, recipes, sizes and seeds, with statistics."""
