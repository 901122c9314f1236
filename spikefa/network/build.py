"""Building a Brian2 network from a model, layer sizes and a learning rule."""

from collections.abc import Mapping
from typing import Any

from brian2 import Network, defaultclock

from ..equations.model import Model
from ..errors import InputError, ModelError
from .architecture import Architecture
from .decay import add_decay_clock
from .delays import delay_feedback
from .further import add_further
from .masks import learn_string
from .monitors import add_readout
from .network import FeedbackNetwork, numbers_of
from .neurons import add_input, add_layer
from .outcome import add_outcome
from .precision import compute_in_double, double_variables
from .records import add_records
from .stimuli import add_stimuli
from .synapses import add_forward
from .timestep import SCHEDULE

__all__ = ["build_network", "check_choices"]


def build_network(
    architecture: Architecture,
    model: Model,
    rule: Any,
    record: Mapping[str, Any] | None = None,
) -> FeedbackNetwork:
    """Build a network; all weights are zero until a session sets them.

    Parameters
    ----------
    architecture : Architecture
    model : Model
    rule : Rule
    record : dict, optional
        What to record, see `open_session`.

    Returns
    -------
    network : FeedbackNetwork

    Raises
    ------
    ModelError
        If an equation of the model cannot be parsed.
    InputError
        If something is to be recorded that there is not.
    """
    check_choices(architecture, model, rule)
    net = FeedbackNetwork(architecture, model, rule)
    defaultclock.dt = model["dt"]
    net.brian_network = Network()
    net.doubles = double_variables(model)
    _add_namespace(net)
    add_input(net)
    for layer in range(1, net.n_layers + 1):
        add_layer(net, layer)
    rule.route.add_deltas(net)
    add_outcome(net)
    for layer in range(1, net.n_layers + 1):
        add_forward(net, layer)
    add_further(net)
    rule.route.add_feedback(net)
    for layer in range(1, net.n_layers):
        delay_feedback(net, layer)
    add_readout(net)
    add_records(net, record or {})
    net.brian_network.schedule = SCHEDULE
    compute_in_double(net)
    return net


def check_choices(architecture: Architecture, model: Model, rule: Any) -> None:
    """Refuse what does not go together.

    Raises
    ------
    InputError
        If the rule does not work in such a network.
    ModelError
        If the model lacks a string for it.
    """
    route, bits = rule.route, architecture.feedback_bits
    if route.rate_only and not model.rate:
        raise InputError(f"{rule.title} is for rate networks only")
    if bits < 32 and not route.small_weights:
        raise InputError(
            f"feedback_bits={bits}: {rule.title} has no fixed feedback weights of "
            "its own"
        )
    for name in model.variants("feedback_mask"):
        if model[name] is not None and not route.small_weights:
            raise ModelError(
                f"{model.where(name)}: {rule.title} has no feedback synapses of its own"
            )
    if architecture.weight_bits < 32:
        _check_read_bits(architecture, model)
    _check_companions(architecture, model, rule)


def _check_companions(architecture: Architecture, model: Model, rule: Any) -> None:
    """Refuse statements of weights whose counterparts for B are as they were."""
    if not (pairs := rule.route.companions):
        return
    prefix = pairs["learn"].removesuffix("learn")
    for layer in range(2, architecture.n_layers + 1):
        names = [
            tuple(learn_string(architecture, model, layer, p) for p in ("", prefix)),
            tuple(
                model.of_layer(base, layer, architecture.n_layers)
                for base in ("decay", pairs["decay"])
            ),
        ]
        for name, counterpart in names:
            if model.differs(name) and not model.differs(counterpart):
                raise ModelError(
                    f"{model.where(name)}: rule {rule.name} needs {counterpart} too"
                )
    for name in (*model.variants("learn_post"), *model.variants("learn_step")):
        if model[name]:
            raise ModelError(
                f"{model.where(name)}: rule {rule.name} has no counterpart of it for B"
            )


def _check_read_bits(architecture: Architecture, model: Model) -> None:
    """Refuse to round what spikes read where nothing makes the copy that they read.

    What the rule and the model do to the weights, the projections check themselves.
    """
    reasons = {
        "it is for networks of spiking neurons": model.rate,
        "it is for the dense engine": architecture.engine != "dense",
        "weights that learn with a mask have no copy": architecture.sparse
        or any(model[name] is not None for name in model.variants("mask")),
        "it is for single precision": architecture.precision != "single",
        "updates have to be put off": not architecture.put_off,
    }
    for reason, holds in reasons.items():
        if holds:
            raise InputError(f"weight_bits={architecture.weight_bits}: {reason}")


def _add_namespace(net: FeedbackNetwork) -> None:
    functions = [*add_stimuli(net), add_decay_clock(net)]
    net.namespace = numbers_of(net.model) | {f.name: f for f in functions}
