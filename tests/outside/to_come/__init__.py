"""What another BuildStream than the supported ones means for enforcement: seams that moved, and core fills to add."""
