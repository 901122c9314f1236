"""Where the code that Brian2 generates for arrays of time is changed."""

from ..brian import substituted

__all__ = ["in_a_ring", "of_bytes_too"]

#: Targets in which Brian2 knows no unsigned bytes, or takes them for signed ones.
_UNSIGNED = {"cpp": "(uint8_t)", "cuda": "(uint8_t)", "cython": "<unsigned char>"}


def in_a_ring(text: str, n_rows: int) -> str:
    """Let time start again at the first row, not stay at the last one.

    Parameters
    ----------
    text : str
        Brian2's code for a `TimedArray`, in any target.
    n_rows : int

    Returns
    -------
    text : str
    """
    return substituted(
        r"= \(int\)\((.+)\)(;?)$",
        rf"= (int)(\1) % {n_rows}\2",
        text,
        "the row of a TimedArray",
    )


def of_bytes_too(text: str, name: str, target: str) -> str:
    """Let code look up what a byte stands for, where there are bytes.

    Parameters
    ----------
    text : str
        Brian2's code for a `TimedArray`.
    name : str
        Of the array. It has further arrays: ``pixels``, the bytes; ``levels``, what
        each stands for; and ``in_pixels``, whether it is to be so.
    target : {'cpp', 'cuda', 'cython'}

    Returns
    -------
    text : str
    """
    name = f"_namespace{name}"
    level = rf"{name}_levels[{_UNSIGNED[target]}{name}_pixels[\1]]"
    choice = (
        rf"{level} if {name}_in_pixels[0] else {name}_values[\1]"
        if target == "cython"
        else rf"{name}_in_pixels[0] ? {level} : {name}_values[\1]"
    )
    return substituted(
        rf"return {name}_values\[(.+)\](;?)$",
        rf"return {choice}\2",
        text,
        "the value of a TimedArray",
    )
