"""Scaling laws: what a model of some size, fed some data, can reach."""
