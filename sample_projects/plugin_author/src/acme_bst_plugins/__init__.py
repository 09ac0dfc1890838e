"""BuildStream plugins of the ACME project."""
