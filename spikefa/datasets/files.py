"""Words about files, for errors of one line."""

__all__ = ["one_line", "reason"]


def one_line(text):
    """Return `text` with all that could break or garble a line escaped.

    Parameters
    ----------
    text : object
        Usually a path or an exception; ``str(text)`` is used.

    Returns
    -------
    str
        The text, with newlines, control characters and undecodable bytes of file
        names written as escapes. Spaces and letters of any script are kept.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in str(text)
    )


def reason(error):
    """Return what the operating system, or a library, says about `error`.

    Parameters
    ----------
    error : Exception
        Any exception.

    Returns
    -------
    str
        One line: the system's words for an `OSError` without the path (which the
        caller names), else the exception's text, or its type if it has none.
    """
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return one_line(" ".join(str(text).split()))
