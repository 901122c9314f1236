"""Files and folders of data, and words about them for errors of one line."""

from pathlib import Path

from ..errors import DataError

__all__ = [
    "is_file",
    "is_folder",
    "list_folder",
    "list_subfolders",
    "one_line",
    "reason",
    "title",
]


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


def list_folder(directory):
    """Return the files in a folder, in order of their names.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    paths : list of pathlib.Path

    Raises
    ------
    DataError
        If there is no such folder, or if it cannot be read.
    """
    return [path for path in _entries(directory) if is_file(path)]


def list_subfolders(directory):
    """Return the folders in a folder that are not hidden, in order of their names.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    paths : list of pathlib.Path

    Raises
    ------
    DataError
        If there is no such folder, or if it cannot be read.
    """
    return [
        path
        for path in _entries(directory)
        if not path.name.startswith(".") and is_folder(path)
    ]


def is_folder(path):
    """Return whether `path` is a folder, whatever text it is made of."""
    return _is(path, Path.is_dir)


def is_file(path):
    """Return whether `path` is a file, whatever text it is made of."""
    return _is(path, Path.is_file)


def _is(path, kind):
    try:
        return kind(path)
    except (OSError, ValueError):  # a name that is too long, a null byte
        return False


def _entries(directory):
    try:
        return sorted(directory.iterdir())
    except FileNotFoundError:
        raise DataError(f"{one_line(directory)}: no such folder") from None
    except NotADirectoryError:
        raise DataError(f"{one_line(directory)}: is not a folder") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise DataError(
            f"{one_line(directory)}: cannot be read ({reason(error)})"
        ) from error


def title(directory):
    """Return the name of the data set in a folder.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    name : str
        That of the folder; of the one above it where it is only called ``raw``.
    """
    directory = directory.resolve()
    if directory.name == "raw":
        directory = directory.parent
    return directory.name or "data"
