"""New images to classes."""
