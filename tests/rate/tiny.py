"""Tiny rate networks, and what one example should do to their weights.

The expectations are written from the equations of the paper (and, for node
perturbation, of Werfel, Xie & Seung 2005), in float64, without anything of spikefa.
"""

import numpy as np

from spikefa.devices.open import open_session
from spikefa.equations.model import load_model
from spikefa.network.architecture import Architecture

PHI = {
    "logistic": lambda h: 1 / (1 + np.exp(-h)),
    "hyperbolic": np.tanh,
    "linear": lambda h: h,
}
PSI = {
    "logistic": lambda phi: phi * (1 - phi),
    "hyperbolic": lambda phi: 1 - phi**2,
    "linear": np.ones_like,
}

#: eta = 1 and no decay: the change of a weight is what it learned. Float32 rounds
#: weights of up to 0.8 by 6e-8, so changes of 0.01 to 1 keep four digits and more.
SIZES = (5, 4, 6, 3)
TRANSFERS = ("hyperbolic", "logistic", "linear")


def open_tiny(
    rule,
    sizes=SIZES,
    transfers=TRANSFERS,
    device="numpy",
    engine="stock",
    parameters=None,
    chunk=10,
    **kwds,
):
    """Open a session of a rate network with vector targets."""
    architecture = Architecture(
        sizes,
        steps_per_image=1,
        chunk_images=chunk,
        engine=engine,
        transfers=transfers,
        vector_target=True,
        **kwds,
    )
    model = load_model(rate=True).replace(
        **{"eta": 1.0, "gamma": 0.0, **(parameters or {})}
    )
    return open_session(architecture, model, rule, device=device)


def randomize(session, seed=5):
    """Draw all weights and biases; return them in float64."""
    rng = np.random.default_rng(seed)
    state = {
        name: rng.uniform(-0.8, 0.8, shape).astype(np.float32)
        for name, shape in session.shapes.items()
        if name.split(".")[1] in ("W", "B", "b")
    }
    session.set_state(state)
    return {name: value.astype(float) for name, value in state.items()}


def example(sizes=SIZES, seed=7):
    """Draw an input and a target that float32 holds exactly."""
    rng = np.random.default_rng(seed)
    draw = rng.integers(-64, 65, sizes[0] + sizes[-1]) / 64
    return draw[: sizes[0]], draw[sizes[0] :]


def forward(state, x, transfers=TRANSFERS, noise=None):
    """Return the outputs of all layers, the input first."""
    outputs = [x]
    for layer, transfer in enumerate(transfers, 1):
        h = state[f"layer_{layer}.b"] + outputs[-1] @ state[f"forward_{layer}.W"]
        phi = PHI[transfer](h)
        outputs.append(phi if noise is None else phi + noise[layer])
    return outputs


def loss(state, x, target, transfers=TRANSFERS, noise=None):
    """Half the squared error."""
    return 0.5 * np.sum((target - forward(state, x, transfers, noise)[-1]) ** 2)


def teaching_signals(rule, state, x, target, transfers=TRANSFERS):
    """Return delta of every learning layer by the rule's closed form."""
    outputs, m = forward(state, x, transfers), len(transfers)
    delta = {m: target - outputs[m]}
    for layer in range(m - 1, 0, -1):
        above = layer + 1
        W = state[f"forward_{above}.W"]
        if rule == "fa":
            delta[layer] = delta[above] @ state[f"feedback_{layer}.B"]
        elif rule == "dfa":
            delta[layer] = delta[m] @ state[f"feedback_{layer}.B"]
        elif rule == "sign":
            B = np.abs(state[f"forward_{above}.B"]) * np.sign(W)
            slope = PSI[transfers[above - 1]](outputs[above])
            delta[layer] = B @ (slope * delta[above])
        elif rule == "kp":
            slope = PSI[transfers[above - 1]](outputs[above])
            delta[layer] = state[f"forward_{above}.B"] @ (slope * delta[above])
        elif rule == "bp":
            slope = PSI[transfers[above - 1]](outputs[above])
            delta[layer] = W @ (slope * delta[above])
    return delta


def changes(delta, state, x, transfers=TRANSFERS):
    """Return what W and b of every layer learn from deltas."""
    outputs, learned = forward(state, x, transfers), {}
    for layer, transfer in enumerate(transfers, 1):
        post = np.zeros_like(outputs[layer])
        if layer in delta:
            post = PSI[transfer](outputs[layer]) * delta[layer]
        learned[f"forward_{layer}.W"] = np.outer(outputs[layer - 1], post)
        learned[f"layer_{layer}.b"] = post
    return learned


def learn(session, x, target, before, **kwds):
    """Show one example; return the output and what the weights learned."""
    result = session.run(x[None], target[None], seed=1, **kwds)
    after = session.get_state()
    return result.output[0, 0], {
        name: after[name] - value
        for name, value in before.items()
        if not name.endswith(".B")
    }
