"""What a run shows, in sentences with their numbers."""
