"""One step of differential equations: in closed form if they are linear.

``rates(x, t, xi)`` returns dx/dt by name for values x by name, at a time t and with
white noise xi; all of them are arrays of one number for each neuron.
"""

import numpy as np

__all__ = ["choose", "step", "traits_of"]

#: What Brian2 tries, in this order, if a model names no method.
DEFAULT = ("exact", "euler", "heun")


def choose(method, traits):
    """Choose the first of some methods that fits.

    Parameters
    ----------
    method : str, sequence of str or None
    traits : set of str
        Of the equations: ``"linear"`` (with coefficients that are constant over the
        step, and a fixed point without oscillations), ``"conditionally linear"``,
        ``"noise"``, ``"multiplicative"``.
    """
    methods = [method] if isinstance(method, str) else method or DEFAULT
    for name in methods:
        if _fits(name.lower(), traits):
            return name.lower()
    raise ValueError(f"none of {methods} fits")


def _fits(method, traits):
    if method in ("exact", "linear"):
        return "linear" in traits
    if method == "exponential_euler":
        return "conditionally linear" in traits
    if method == "euler":
        return "multiplicative" not in traits
    return method in ("heun", "milstein") or "noise" not in traits


def step(method, rates, x, t, dt, normal, parts=None):
    """Advance by one time step.

    Parameters
    ----------
    method : str
    rates : callable
    x : dict of numpy.ndarray
    t : float
    dt : float, or array of one number for each neuron
    normal : numpy.ndarray or None
        Random number of each neuron if there is noise.
    parts : dict of tuple of numpy.ndarray, optional
        a and b of each variable, for ``exponential_euler``, see `linear_part`.

    Returns
    -------
    x : dict of numpy.ndarray
    """
    noise = 0.0 if normal is None else np.sqrt(dt) * normal

    def f(x, t=t):
        return rates(x, t, 0.0)

    def g(x, t=t):
        with_noise, without = rates(x, t, 1.0), rates(x, t, 0.0)
        return {name: with_noise[name] - without[name] for name in x}

    if method in ("exact", "linear"):
        return _closed_form(f, x, dt)
    if method == "exponential_euler":
        return _exponential_euler(parts, x, dt)
    if method == "rk2":
        return _sum(x, (dt, f(_sum(x, (dt / 2, f(x))), t + dt / 2)))
    if method == "rk4":
        k1 = f(x)
        k2 = f(_sum(x, (dt / 2, k1)), t + dt / 2)
        k3 = f(_sum(x, (dt / 2, k2)), t + dt / 2)
        k4 = f(_sum(x, (dt, k3)), t + dt)
        return _sum(x, (dt / 6, k1), (dt / 3, k2), (dt / 3, k3), (dt / 6, k4))
    if method == "heun":
        support = g(_sum(x, (noise, g(x))), t + dt)
        return _sum(x, (dt, f(x)), (noise / 2, g(x)), (noise / 2, support))
    if method == "milstein":
        moved = g(_sum(x, (dt, f(x)), (np.sqrt(dt), g(x))))
        slope = {n: (moved[n] - g(x)[n]) / (2 * np.sqrt(dt)) for n in x}
        return _sum(x, (dt, f(x)), (noise, g(x)), (noise**2, slope))
    return _sum(x, (dt, f(x)), (noise, g(x)))  # euler


def _sum(x, *terms):
    return {n: x[n] + sum(factor * change[n] for factor, change in terms) for n in x}


def _closed_form(f, x, dt):
    """Solve dx/dt = A x + c: the exponential of [[A, c], [0, 0]] times dt."""
    names, n = list(x), len(next(iter(x.values())))
    origin = {name: np.zeros(n) for name in names}
    c = f(origin)
    system = np.zeros((n, len(names) + 1, len(names) + 1))
    for row, name in enumerate(names):
        system[:, row, -1] = c[name]
        for column, other in enumerate(names):
            unit = f(origin | {other: np.ones(n)})
            system[:, row, column] = unit[name] - c[name]
    vector = np.stack([*x.values(), np.ones(n)], axis=1)
    system = system * np.reshape(dt, (-1, 1, 1))
    moved = np.einsum("nij,nj->ni", _exponential(system), vector)
    return {name: moved[:, row] for row, name in enumerate(names)}


def _exponential(matrices):
    """Taylor's series of a small part, squared until it is the whole."""
    squarings = 20
    small = matrices / 2.0**squarings
    # What is added to 1, which would hide it.
    total = term = small
    for k in range(2, 8):
        term = term @ small / k
        total = total + term
    for _ in range(squarings):
        total = 2 * total + total @ total
    return total + np.eye(matrices.shape[-1])


def _exponential_euler(parts, x, dt):
    """Each variable in closed form, while a and b stand still."""
    after = {}
    for name, value in x.items():
        a, b = parts[name]
        still = a == 0
        a = np.where(still, 1, a)
        after[name] = np.where(
            still, value + dt * b, (value + b / a) * np.exp(a * dt) - b / a
        )
    return after


def traits_of(expressions, evaluate, others, n, moves):
    """Find out what kind of equations these are, by trying.

    Parameters
    ----------
    expressions : dict of str
        Right sides by name of the variable.
    evaluate : callable
        Takes an expression, and the values of some names.
    others : set of str
        Variables that are no result of these equations.
    n : int
        How many numbers a variable has.
    moves : bool
        Whether coefficients change within a time step.

    Returns
    -------
    traits : set of str
        See `choose`; whether they are conditionally linear is not tried.
    """
    random, names = np.random.default_rng(5), list(expressions)
    given = {name: random.uniform(0.5, 1.5, n) for name in sorted(others)}

    def rates(x, xi=0.0):
        known = given | x | {"xi": xi}
        found = [evaluate(text, known) for text in expressions.values()]
        return np.stack([np.broadcast_to(rate, n).astype(float) for rate in found])

    def linear_map(x):
        return rates(x) - origin

    x, y = ({name: random.uniform(-1, 1, n) for name in names} for _ in range(2))
    noise = rates(x, 1.0) - rates(x)
    if noise.any():
        same = np.allclose(noise, rates(y, 1.0) - rates(y), rtol=1e-9)
        return {"noise"} if same else {"noise", "multiplicative"}
    zero = {name: np.zeros(n) for name in names}
    origin = rates(zero)
    affine = all(
        np.allclose(
            linear_map({name: s * (x[name] + y[name]) for name in names}),
            s * (linear_map(x) + linear_map(y)),
            rtol=1e-9,
        )
        for s in (1.0, -3.0, 40.0)
    )
    columns = [linear_map(zero | {name: np.ones(n)})[:, 0] for name in names]
    matrix = np.stack(columns)
    solved = np.linalg.matrix_rank(matrix) == len(names)
    # Brian2 has no closed form for what oscillates.
    solved &= np.isreal(np.linalg.eigvals(matrix)).all()
    return {"linear"} if affine and solved and not moves else set()
