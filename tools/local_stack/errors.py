"""What the commands tell instead of a traceback."""


class StackError(Exception):
    """One sentence that says what is wrong and what to do."""
