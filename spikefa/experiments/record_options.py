"""What to record, as text: ``layer_2.h:0,1``, ``layer_1.spikes:0-49``."""

import argparse
import re

__all__ = [
    "merged",
    "parse_record",
    "parse_windows",
    "record_option",
    "window_option",
]


def parse_record(text):
    """Read the name of a record and which neurons or synapses it has.

    Parameters
    ----------
    text : str
        ``NAME:WHICH``, with WHICH ``all``, or indices and ranges such as ``0,5-9``, or
        synapses as ``SOURCE:TARGET`` such as ``0:3,0:4``.

    Returns
    -------
    name : str
    which : True or list
        As `open_session` takes them.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    name, separator, which = text.partition(":")
    if not separator or not re.fullmatch(r"\w+\.\w+", name):
        raise ValueError(f"expected NAME:WHICH such as layer_2.h:0,1, got {text!r}")
    if which == "all":
        return name, True
    indices, pairs = [], []
    for part in which.split(","):
        match = re.fullmatch(r"(\d{1,9})(?:([-:])(\d{1,9}))?", part, re.ASCII)
        if match is None:
            raise ValueError(
                f"expected all, indices or ranges such as 0,5-9, or SOURCE:TARGET, got "
                f"{which!r} for {name}"
            )
        first, sign, last = match.groups()
        if sign == ":":
            pairs.append((int(first), int(last)))
            continue
        last = last or first
        if int(last) < int(first):
            raise ValueError(f"the range {part} of {name} ends before it starts")
        if int(last) - int(first) > 10**7:
            raise ValueError(f"the range {part} of {name} is too long")
        indices += range(int(first), int(last) + 1)
    if indices and pairs:
        raise ValueError(f"{name}: synapses go by number or as SOURCE:TARGET, not both")
    return name, indices or pairs


def record_option(text):
    """Check a record on the command line, and return the text."""
    try:
        parse_record(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None
    return text


def window_option(text):
    """Check a window on the command line, and return the text."""
    if text in ("first", "last", "all") or re.fullmatch(
        r"[1-9]\d{0,8}", text, re.ASCII
    ):
        return text
    raise argparse.ArgumentTypeError(
        f"expected first, last, all, or a number N for every N-th chunk, got {text!r}"
    )


def parse_windows(texts):
    """Read windows as `Windows` takes them."""
    return tuple(int(text) if text.isdigit() else text for text in texts)


def merged(records):
    """Merge records of one name.

    Parameters
    ----------
    records : iterable of (str, True or sequence)

    Returns
    -------
    record : dict
        As `open_session` takes it.
    """
    found = {}
    for name, which in records:
        before = found.get(name, ())
        whole = which is True or before is True
        found[name] = True if whole else [*before, *which]
    return found
