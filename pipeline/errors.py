"""The exception whose message is for users."""


class InkError(Exception):
    """Bad input, bad params or a state that the user can correct.

    The message says what was expected, what was found, where, and what to do. Commands print it without a traceback
    and exit with status 1. Any other exception that ends a command is a bug and keeps its traceback.
    """
