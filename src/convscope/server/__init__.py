"""A run's page and its predictions over HTTP, for this machine, or for those who hold the token."""
