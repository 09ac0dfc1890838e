"""What was found, shown: one value, one file a format."""
