"""Plugins of public projects, each in a small project of its own: enforced builds beside stock ones."""
