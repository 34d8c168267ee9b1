"""Arrays in, frozen dataclasses out: how good a network is, where it fails, what is inside it. No files, no drawing."""
