"""Delays: what is sent in one time step arrives in a later one.

A neuron remembers in which of the last time steps it has spiked: the bits of integers,
``past_spikes_0`` and so on. Once a bit is as old as the delay of a pathway, this is an
event of the neuron, and the pathway has this event in the place of the spike. Feedback
is a sum, which waits where it arrives: ``past_feedback_1`` was summed a step ago.

All of it are variables of neurons, and so part of the state: what is on its way at the
end of a run arrives in the next one, whatever the engine, the device and the length of
the runs.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from brian2 import Equations, NeuronGroup

from ..equations.model import Model
from ..errors import ModelError
from .projections import KINDS, part_of, source_of, targets_of
from .timestep import BACKWARD_GATE, Phase, backward_order, forward_order, place

if TYPE_CHECKING:
    from .network import FeedbackNetwork

__all__ = ["arrival", "arrivals", "delay_feedback", "past_feedback", "past_spikes"]
__all__ += ["remember_spikes", "rounded_delays", "with_memory"]

#: Time steps that one integer remembers, as bits: what doubled is below 2**31.
_BITS = 30

#: Each step of a delay is a variable, or a bit of one.
_MOST_STEPS = 300


def _steps(model: Model, name: str) -> int:
    """Round a delay to time steps, as Brian2 does.

    Raises
    ------
    ModelError
        If it is too long.
    """
    steps = int(float(model[name]) / float(model["dt"]) + 0.5)
    if steps > _MOST_STEPS:
        raise ModelError(
            f"{model.where(name)}: a delay of {steps} time steps, {_MOST_STEPS} is the "
            "most"
        )
    return steps


def _delay(net: "FeedbackNetwork", base: str, layer: int) -> int:
    """Time steps by which a pathway onto a layer is delayed."""
    if (name := net.string(base, layer)) not in net.model:
        return 0
    net.delays.add(name)
    return _steps(net.model, name)


def rounded_delays(net: "FeedbackNetwork") -> list[str]:
    """List the delays that are no multiples of the time step, one line each."""
    lines = []
    for name in sorted(net.delays):
        delay, dt = net.model[name], net.model["dt"]
        steps = _steps(net.model, name)
        if abs(float(delay / dt) - steps) > 1e-6:
            where = net.model.where(name)
            lines.append(f"{where}: {delay} is rounded to {steps * dt} (dt is {dt})")
    return lines


def _away(net: "FeedbackNetwork", layer: int) -> set[int]:
    """Delays of the pathways that leave a layer, in time steps."""
    ends = [
        (part_of(kind, "delay"), target)
        for kind in KINDS
        for target in targets_of(net, kind)
        if source_of(kind, target) == layer and not net.rate
    ]
    return {steps for base, end in ends if (steps := _delay(net, base, end))}


def _event(steps: int) -> str:
    return f"spike_{steps}_ago"


def arrival(
    net: "FeedbackNetwork", kind: str, layer: int, pathways: Iterable[str]
) -> dict[str, str]:
    """Say which events drive pathways onto a layer, as Brian2's ``on_event`` does.

    Parameters
    ----------
    net : FeedbackNetwork
    kind : str
        Of `KINDS`.
    layer : int
    pathways : iterable of str

    Returns
    -------
    on_event : dict
        Nothing for those without a delay, which have the spike itself.
    """
    steps = _delay(net, part_of(kind, "delay"), layer)
    return dict.fromkeys(pathways, _event(steps)) if steps else {}


def arrivals(net: "FeedbackNetwork", layer: int) -> dict[str, str]:
    """Return the events of a layer at which its spikes arrive, with conditions."""
    return {
        _event(steps): f"(past_spikes_{steps // _BITS} // {2 ** (steps % _BITS)}) % 2 "
        "== 1"
        for steps in sorted(_away(net, layer))
    }


def _numbers(net: "FeedbackNetwork", layer: int) -> range:
    """Number the integers that remember the spikes of a layer."""
    return range(max(_away(net, layer), default=-1) // _BITS + 1)


def past_spikes(net: "FeedbackNetwork", layer: int) -> str:
    """Declare what remembers the spikes of a layer."""
    return "".join(f"past_spikes_{n} : integer\n" for n in _numbers(net, layer))


def with_memory(net: "FeedbackNetwork", layer: int, reset: str | None) -> str | None:
    """Let a neuron note its spike, whatever else happens at it."""
    if not _numbers(net, layer):
        return reset or None
    return "\n".join([*([reset] if reset else []), "past_spikes_0 += 1"])


def remember_spikes(net: "FeedbackNetwork", group: NeuronGroup, layer: int) -> None:
    """Let spikes of a layer become older, and give their arrival its place."""
    if not (away := _away(net, layer)):
        return
    for steps in away:
        thresholder = group.thresholder[_event(steps)]
        place(thresholder, "forward", forward_order(layer, Phase.ARRIVE))
    top, oldest = divmod(max(away), _BITS)
    lines = []
    for n in range(top, -1, -1):  # what leaves one integer goes on in the next
        bits = oldest + 1 if n == top else _BITS
        older = f" + past_spikes_{n - 1} // {2 ** (_BITS - 1)}" if n else ""
        lines.append(f"past_spikes_{n} = (2*past_spikes_{n}) % {2**bits}{older}")
    group.run_regularly(
        "\n".join(lines),
        when="forward",
        order=forward_order(layer, Phase.PREPARE),
        name=f"{group.name}_remember",
    )


def past_feedback(
    net: "FeedbackNetwork", layer: int, equations: Equations
) -> Equations:
    """Declare what remembers the feedback of a layer, where this is declared."""
    owned = "feedback" in equations and "linked" not in equations["feedback"].flags
    steps = _delay(net, "feedback_delay", layer) if owned else 0
    names = [f"past_feedback_{n}" for n in range(1, steps + 1)]
    if "feedback" in net.doubles:
        net.doubles |= set(names)
    return Equations("".join(f"{name} : 1\n" for name in names))


def delay_feedback(net: "FeedbackNetwork", layer: int) -> None:
    """Let feedback arrive at a hidden layer later than it was summed.

    Raises
    ------
    ModelError
        If the rule delivers none.
    """
    if not (steps := _delay(net, "feedback_delay", layer)):
        return
    owners = [
        group
        for group in (net.layers[layer], net.deltas[layer])
        if group is not None and "past_feedback_1" in group.variables
    ]
    name = net.string("feedback_delay", layer)
    if not owners:
        raise ModelError(
            f"{net.model.where(name)}: {net.rule.title} delivers no feedback to layer "
            f"{layer}"
        )
    lines = [f"arriving = past_feedback_{steps}"]
    lines += [f"past_feedback_{n} = past_feedback_{n - 1}" for n in range(steps, 1, -1)]
    lines += ["past_feedback_1 = feedback", "feedback = arriving"]
    runner = owners[0].run_regularly(
        "\n".join(lines),
        when="backward",
        order=backward_order(layer, net.n_layers, Phase.DELAY),
        name=f"feedback_{layer}_delay",
    )
    net.gates[runner.name] = BACKWARD_GATE
