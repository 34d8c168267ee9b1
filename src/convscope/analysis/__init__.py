"""Arrays in, frozen dataclasses of numbers out: no files, no figures, no run folders."""
