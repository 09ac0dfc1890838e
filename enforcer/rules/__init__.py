"""What a job must not do: one file a rule."""
