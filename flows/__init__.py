"""Prefect flows: when, how often, how many at once, and what a person sees. They decide no number."""
