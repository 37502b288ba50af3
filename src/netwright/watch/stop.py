"""StopWatching: what ends a script from within its own loop, once enough was seen."""


class StopWatching(BaseException):
    """The asked number of steps was made. Not an Exception, so that few scripts catch it."""
