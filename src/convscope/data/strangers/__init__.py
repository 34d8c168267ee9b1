"""Images of anything but what a network was trained on, to see whether it notices."""
