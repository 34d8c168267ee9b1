"""A run's page and predictions over HTTP, for this machine or for clients with the token."""
