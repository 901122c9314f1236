"""Compare random networks of `DenseSynapses` with those of `Synapses`."""

import gc
import warnings
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
from brian2 import Synapses
from brian2.codegen.generators.numpy_generator import NumpyCodeGenerator
from random_networks import draw, run

from spikefa.dense import DenseSynapses

__all__ = ["compare", "judge", "one_by_one", "outcome_of"]


def cause_of(error):
    """The error that others were raised from."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


@contextmanager
def one_by_one():
    """Let NumPy code go through synapses one after the other, as compiled code does."""
    before = NumpyCodeGenerator._use_ufunc_at_vectorisation
    NumpyCodeGenerator._use_ufunc_at_vectorisation = False
    try:
        yield
    finally:
        NumpyCodeGenerator._use_ufunc_at_vectorisation = before


def outcome_of(what, synapses_class):
    """What a class makes of a description: its values, or the error."""
    no_collection = patch.object(gc, "collect")  # takes half of the time
    with (
        no_collection,
        warnings.catch_warnings(),
        np.errstate(divide="raise", invalid="raise"),
    ):
        warnings.simplefilter("ignore")
        try:
            return run(what, synapses_class)
        except Exception as error:
            return cause_of(error)


def refused(outcome):
    """Whether it is one clear refusal."""
    return isinstance(outcome, NotImplementedError) and "use Synapses" in str(outcome)


def compare(dense, stock, rtol=1e-8):
    """Name the first difference of two outcomes; None if there is none."""
    if isinstance(dense, Exception):
        return f"{type(dense).__name__}: {dense}"
    if dense.keys() != stock.keys():
        return f"other names: {sorted(dense.keys() ^ stock.keys())}"
    for name, expected in stock.items():
        found = dense[name]
        if found.shape != expected.shape:
            return f"{name}: shape {found.shape}, not {expected.shape}"
        if not np.allclose(found, expected, rtol=rtol, atol=1e-10, equal_nan=True):
            return f"{name}: {found.ravel()[:6]}, not {expected.ravel()[:6]}"
    return None


def judge(seed):
    """What becomes of the network of a seed.

    Returns
    -------
    verdict : {'equal', 'refused', 'not for Synapses', 'fault'}
    reason : str
    """
    what = draw(seed)
    stock = outcome_of(what, Synapses)
    if isinstance(stock, Exception):
        return "not for Synapses", f"{type(stock).__name__}: {stock}"
    dense = outcome_of(what, DenseSynapses)
    if refused(dense):
        return "refused", str(dense)
    difference = compare(dense, stock)
    return ("equal", "") if difference is None else ("fault", difference)
