"""Training: recipes, augmentation, schedule, loop, checkpoints and history."""
