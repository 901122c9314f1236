"""Regression tasks of the paper: linear, by a teacher network, and quadratic.

Inputs and targets are data; nothing here is part of a simulated network.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..seeds import generator

__all__ = ["Task", "linear_task", "quadratic_task", "teacher_task"]


@dataclass(frozen=True, eq=False)
class Task:
    """Examples to learn from, and others to test with.

    Parameters
    ----------
    inputs : numpy.ndarray, shape (n, n_inputs)
    targets : numpy.ndarray, shape (n, n_outputs)
    test_inputs, test_targets : numpy.ndarray
        The same for examples that are never learned from.
    """

    inputs: np.ndarray
    targets: np.ndarray
    test_inputs: np.ndarray
    test_targets: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)


def linear_task(
    seed: int,
    n_examples: int,
    n_test: int = 500,
    sizes: tuple[int, int] = (30, 10),
) -> Task:
    """Targets are a linear function of the inputs (Fig. 2).

    ``y* = T x`` with T from U[-1, 1] and x from N(0, I) [paper].

    Parameters
    ----------
    seed : int
        Decides T and all examples.
    n_examples, n_test : int
    sizes : tuple of int
        Inputs and outputs.

    Returns
    -------
    Task

    Raises
    ------
    InputError
        If there are no examples.
    """
    n_inputs, n_outputs = sizes
    T = generator(seed, "linear task").uniform(-1, 1, (n_inputs, n_outputs))
    return _task(seed, "linear", n_examples, n_test, _normal(n_inputs), lambda x: x @ T)


def teacher_task(
    seed: int,
    n_examples: int,
    n_test: int = 500,
    sizes: tuple[int, ...] = (30, 20, 10, 10),
) -> Task:
    """Targets are the outputs of another network (Fig. 3c,d).

    The teacher has tanh units, but linear outputs, weights from U[-0.5, 0.5] and no
    biases; x is from N(0, I) [paper; that it has no biases is reconstructed].

    Parameters
    ----------
    seed : int
        Decides the teacher and all examples.
    n_examples, n_test : int
    sizes : tuple of int
        Layers of the teacher.

    Returns
    -------
    Task

    Raises
    ------
    InputError
        If there are no examples.
    """
    random = generator(seed, "teacher")
    weights = [
        random.uniform(-0.5, 0.5, pair) for pair in zip(sizes, sizes[1:], strict=False)
    ]

    def teacher(x):
        for hidden in weights[:-1]:
            x = np.tanh(x @ hidden)
        return x @ weights[-1]

    return _task(seed, "teacher", n_examples, n_test, _normal(sizes[0]), teacher)


def quadratic_task(
    seed: int,
    n_examples: int,
    n_test: int = 500,
    sizes: tuple[int, int] = (20, 20),
) -> Task:
    """Targets are quadratic forms of the inputs (Fig. 5).

    ``y_k = x^T Q_k x`` with Q from U[-0.5, 0.5] and x from U[-2, 2] [paper].

    Parameters
    ----------
    seed : int
        Decides Q and all examples.
    n_examples, n_test : int
    sizes : tuple of int
        Inputs and outputs.

    Returns
    -------
    Task

    Raises
    ------
    InputError
        If there are no examples.
    """
    n_inputs, n_outputs = sizes
    shape = (n_outputs, n_inputs, n_inputs)
    Q = generator(seed, "quadratic task").uniform(-0.5, 0.5, shape)

    def forms(x):
        return np.einsum("ni,kij,nj->nk", x, Q, x, optimize=True)

    def draw(random, n):
        return random.uniform(-2, 2, (n, n_inputs))

    return _task(seed, "quadratic", n_examples, n_test, draw, forms)


def _normal(n_inputs):
    return lambda random, n: random.standard_normal((n, n_inputs))


def _task(seed, name, n_examples, n_test, draw, answer):
    for n in (n_examples, n_test):
        if n < 1:
            raise InputError(f"a task needs examples, got {n}")
    inputs = draw(generator(seed, f"{name} examples"), n_examples)
    test_inputs = draw(generator(seed, f"{name} tests"), n_test)
    return Task(inputs, answer(inputs), test_inputs, answer(test_inputs))
