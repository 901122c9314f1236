"""The weights of a session, and how well its feedback is aligned with them."""

import numpy as np

from ..analysis import angle
from ..network.feedback_grid import state_variable, stored_weights

__all__ = [
    "feedback_angles",
    "feedback_places",
    "feedback_weights",
    "output_errors",
    "transposed_weights",
    "weights",
]


def feedback_places(session):
    """Find the state variables that hold the feedback weights.

    Parameters
    ----------
    session : Session

    Returns
    -------
    places : dict of (str, Place)
        The name in `Session.variables`, which may be that of whole grid steps, and
        the place that the route tells, by the hidden layer that the weights end in.
    """
    network = session.network
    places = {}
    for layer, place in network.rule.route.feedback_variables(network).items():
        name = f"{place.group}.{place.variable}"
        places[layer] = state_variable(name, session.variables), place
    return places


def feedback_weights(session):
    """Read the feedback weights, whatever projection they are in and in how many bits.

    Parameters
    ----------
    session : Session

    Returns
    -------
    B : dict of numpy.ndarray
        By the hidden layer that they end in, each of shape (n_upper, n_lower), where
        the upper layer is the one that the error comes from; empty for rules that
        have none.
    """
    found = {}
    for layer, (name, place) in feedback_places(session).items():
        stored = session.get_state([name])[name]
        value = stored_weights(session.network, name, stored)
        found[layer] = value.T if place.reverse else value
    return found


def weights(session):
    """Read all weights.

    Returns
    -------
    W : list of numpy.ndarray
        Forward weights, from the input up, each of shape (n_lower, n_upper).
    B : list of numpy.ndarray or None
        Feedback weights into each hidden layer, shape (n_upper, n_lower); None for
        rules without any.
    """
    n_layers = session.network.n_layers
    names = [f"forward_{layer}.W" for layer in range(1, n_layers + 1)]
    state, B = session.get_state(names), feedback_weights(session)
    return [state[name] for name in names], [B[n] for n in sorted(B)] or None


def feedback_angles(session):
    """Measure how far the feedback weights are from those of backpropagation.

    The feedback to a hidden layer is compared with the transposed forward weights on
    the same way, which for direct feedback is their product.

    Parameters
    ----------
    session : Session

    Returns
    -------
    angles : list of float or None
        In degrees, from the first hidden layer up; None where it is undefined, as all
        weights on the way are 0. Empty for rules whose feedback weights alone do not
        say what they send.
    """
    angles = []
    for layer, B in sorted(feedback_weights(session).items()):
        backprop = transposed_weights(session, layer)
        if backprop is None:
            return []
        degrees = angle(B, backprop)
        angles.append(None if np.isnan(degrees) else degrees)
    return angles


def transposed_weights(session, layer):
    """Read what backpropagation would have in the place of feedback weights.

    Parameters
    ----------
    session : Session
        Of a rule with feedback weights.
    layer : int
        The hidden layer that they end in.

    Returns
    -------
    weights : numpy.ndarray, shape (n_upper, n_lower), or None
        The transposed forward weights on the same way, for direct feedback their
        product. None for rules whose feedback weights alone do not say what they send.
    """
    crossed = session.network.rule.route.crossed_layers(session.network, layer)
    if crossed is None:
        return None
    names = [f"forward_{above}.W" for above in crossed]
    state = session.get_state(names)
    product = state[names[-1]].T
    for name in names[-2::-1]:
        product = np.matmul(product, state[name].T)
    return product


def output_errors(trainer, n_images):
    """Return the output errors of the first test images of a rate network.

    Parameters
    ----------
    trainer : Trainer
        Of a network that shows an image for one step.
    n_images : int
        How many, at most.

    Returns
    -------
    errors : numpy.ndarray, shape (n, n_classes)
    """
    dataset, session = trainer.dataset, trainer.session
    n = min(n_images, session.chunk_images, len(dataset.test_labels))
    labels = dataset.test_labels[:n]
    with session.evaluating():
        result = session.run(
            dataset.test_inputs[:n],
            labels,
            seed=0,
            gates=session.learn_nothing,
            record=False,
        )
    return np.eye(dataset.n_classes)[labels] - result.output[:, 0]
