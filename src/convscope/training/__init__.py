"""How a network learns: recipes, augmentation, schedule, the loop, the history. TensorFlow's own API stays in here."""
