"""The one exception that a user is meant to read."""


class InkError(Exception):
    """Bad input, bad params or a state the user can mend.

    The message says what was expected, what was found, where, and what to do. Stage scripts print it without a
    traceback and exit with status 1; anything else that escapes is a bug and keeps its traceback.
    """
