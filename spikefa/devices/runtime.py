"""Runtime mode: Brian2 steps the network from Python, through Cython or NumPy."""

from contextlib import contextmanager

import numpy as np
from brian2 import Synapses, seed as brian2_seed
from brian2.synapses.synapses import SynapticPathway
from brian2.utils.stringtools import get_identifiers

from ..brian import (
    empty,
    globals_of,
    keep_generated_code,
    noted_globals,
    owned,
    seconds_of_run,
)
from ..errors import ModelError
from .session import Session

__all__ = ["RuntimeSession", "check_statements"]


def check_statements(network):
    """Refuse what the Cython code of Brian2's `Synapses` cannot run.

    It counts spikes by an ``i`` of its own (Brian2 2.10 and 2.11). A statement that
    reads ``i`` does not compile, or its loop never ends.

    Parameters
    ----------
    network : FeedbackNetwork

    Raises
    ------
    ModelError
        Naming the string.
    """
    for synapses in network.brian_network.sorted_objects:
        if not isinstance(synapses, Synapses):
            continue
        within = synapses.equations.get_substituted_expressions(
            include_subexpressions=True
        )
        meant = {name: get_identifiers(expression.code) for name, expression in within}
        driven = synapses.event_driven
        updated = get_identifiers(str(driven)) if driven is not None else set()
        for pathway in synapses.contained_objects:
            if isinstance(pathway, SynapticPathway):
                read = get_identifiers(pathway.code)
                through = updated.union(*(meant.get(n, ()) for n in read | updated))
                if "i" in read | through:
                    culprit = pathway if "i" in read else synapses
                    where = network.model.where(*network.strings_of[culprit.name])
                    raise ModelError(
                        f"{where}: Brian2's Cython code for Synapses cannot read 'i' "
                        "in statements; take engine='dense', or device 'numpy' or 'cpp'"
                    )


class RuntimeSession(Session):
    """A network in the memory of this process."""

    def __init__(self, network):
        super().__init__(network)
        self._globals = noted_globals()
        owned(network.brian_network)

    def get_state(self, names=None):
        names = self.variables if names is None else names
        return {
            name: np.array(self.variables[name].get_value()).reshape(self.shapes[name])
            for name in names
        }

    def _write_state(self, state):
        for name, value in state.items():
            self.variables[name].get_value()[...] = np.ravel(value)

    def _run(self, images, targets, seed, gates, keep_state):
        net = self.network
        steps = len(images) * net.architecture.steps_per_image
        before = self.get_state(self._changed_by(gates))
        places = self._places(len(images))
        for stimulus, values in self._stimuli(images, targets, gates):
            stimulus.show(values, places)
        self._set_gates(gates)
        self._prepare()
        try:
            with globals_of(self._globals):
                brian2_seed(seed)
                net.brian_network.run(steps * net.model["dt"], namespace={})
                self._raise_if_interrupted()  # not all of the steps are recorded
                result = self._result(len(images))
                result.seconds = seconds_of_run()
            keep_generated_code(net.brian_network)
        except BaseException:
            self._write_state(before)
            raise
        if keep_state:
            self._step += steps
        else:
            self._write_state(before)
        return result

    @contextmanager
    def _forgetting(self):
        before = self.get_state(self._changed_by(self.learn_nothing)), self._step
        try:
            yield
        finally:
            state, self._step = before
            self._write_state(state)

    def _stop_run(self):
        self.network.brian_network.stop()

    def _recorded(self, monitor, name):
        return np.array(monitor.variables[name].get_value()).ravel()

    def _set_gates(self, gates):
        for obj in self.network.brian_network.sorted_objects:
            gate = self.network.gates.get(obj.name)
            if gate is not None:
                obj.active = bool(gates[gate])

    def _prepare(self):
        """Start where the run before ended, with empty monitors."""
        net = self.network
        net.brian_network.t_ = self._step * float(net.model["dt"])
        for monitor in (net.readout, *net.monitors.values()):
            empty(monitor)
