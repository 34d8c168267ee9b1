"""The label audit: out-of-sample predictions that disagree with labels."""
