"""The label audit: networks that never saw an image are asked what it is, and where they disagree with its label, people look."""
