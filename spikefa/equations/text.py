"""Strings as people write them, in the form that both engines take.

Brian2 takes a condition as one expression, and statements one a line. People write
comments, triple quotes, several statements in a line with ``;`` between them, and
expressions that go on in the next line inside parentheses.
"""

import io
import tokenize
from functools import lru_cache
from textwrap import dedent

__all__ = ["tidy_condition", "tidy_statements"]


def tidy_statements(text):
    """Put each statement on a line of its own, without comments.

    Parameters
    ----------
    text : str

    Returns
    -------
    tidied : str
        Unchanged if it is no Python at all; what is wrong is found out later.
    """
    lines = _logical_lines(text)
    return text if lines is None else "\n".join(lines)


def tidy_condition(text):
    """Put an expression on one line, without comments.

    Lines are joined: what Brian2 is given is one expression or an error.
    """
    lines = _logical_lines(text)
    return text if lines is None else " ".join(lines)


@lru_cache(maxsize=1024)  # a network takes the same strings many times
def _logical_lines(text):
    """Split at ends of lines and ``;`` outside of brackets and strings."""
    lines, words = [], []
    text = dedent(text).strip()
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return _lines_of_broken(text)
    last = None
    for token in tokens:
        if token.type in (tokenize.COMMENT, tokenize.NL) or token.type in _LAYOUT:
            last = None
        elif token.type == tokenize.NEWLINE or token.string == ";":
            lines.append("".join(words))
            words, last = [], None
        else:
            # As it was written, so that messages quote what the user sees.
            if last is not None and last.end[0] == token.start[0]:
                words.append(" " * (token.start[1] - last.end[1]))
            elif words:
                words.append(" ")
            words.append(token.string)
            last = token
    lines.append("".join(words))
    return [line.strip() for line in lines if line.strip()]


_LAYOUT = (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def _lines_of_broken(text):
    lines = [line.split("#")[0].strip() for line in text.replace(";", "\n").split("\n")]
    return [line for line in lines if line]
