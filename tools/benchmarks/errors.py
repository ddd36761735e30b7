"""What a benchmark raises."""


class BenchmarkError(Exception):
    """The benchmark cannot go on, or a contender ended with other data than the others; nothing of it counts."""
