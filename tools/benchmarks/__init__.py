"""Measure the nightly load beside what a user would do instead: ``make benchmark``."""
