"""What a dataset is, how it is loaded, split, checked and preprocessed."""
