"""The main loop of generated programs: they stay in memory and run when asked.

Brian2's programs make their runs and end. Here everything from setting variables to
writing them down is inside a loop over requests (``requests.h``); what is not set by a
request is as the run before left it. `MainLoop` writes the lines for C++ standalone
mode.
"""

import shutil
from pathlib import Path

from brian2 import SpikeMonitor, prefs
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.device import get_device

from ...brian import clocks_of
from .generated import (
    arrays_of_functions,
    before_each_run,
    order_of_clocks,
    order_of_records,
    with_arguments,
)

__all__ = ["MainLoop", "add_header", "include_header"]

_HEADER = "requests.h"


def include_header():
    """Let generated files include what the loop needs."""
    included = f'"{_HEADER}"'
    if included not in prefs.codegen.cpp.headers:
        prefs.codegen.cpp.headers += [included]


def add_header(directory):
    """Put the header into the folder of a project.

    Parameters
    ----------
    directory : pathlib.Path
    """
    source, copy = Path(__file__).with_name(_HEADER), directory / _HEADER
    if not copy.exists() or copy.read_bytes() != source.read_bytes():
        shutil.copyfile(source, copy)


class MainLoop:
    """Writes the main program of a network for the active standalone device.

    Parameters
    ----------
    network : FeedbackNetwork
    chunk : NeuronGroup
        With the arguments of a run: ``gate``, ``start``, ``steps`` and ``seed``.
    written : dict
        Variables that requests may ask for, by name.
    """

    #: Lines after the last request.
    ending: tuple[str, ...] = ("return 0;",)

    #: Lines that seed the random numbers.
    seeding = (
        "for (size_t _i = 0; _i < _random_generators.size(); _i++)",
        "    _random_generators[_i].seed({seed}[0] + _i);",
    )

    def __init__(self, network, chunk, written):
        self.network, self.chunk, self.written = network, chunk, written
        self.device = get_device()

    def write(self):
        """Add everything to the program of the device."""
        network, device = self.network, self.device
        brian_network, dt = network.brian_network, network.model["dt"]
        order_of_records(network.monitors.values())
        device.run_args_applied = True  # requests bring them
        queue, border = device.main_queue, "// What the network needs"
        device.insert_code("before_start", "spikefa::Requests requests;")
        device.insert_code("main", border)
        brian_network.run(dt, namespace={})
        order_of_clocks(queue, queue.index(("insert_code", border)) + 1)
        (lines,) = [run[1] for kind, run in queue if kind == "run_network"]
        lines[:] = self._lines(lines, before_each_run(queue))
        after = [self.write_variable(*item) for item in self.written.items()]
        after += ["requests.answer(Network::_globally_stopped);", "}", *self.ending]
        device.insert_code("main", "\n".join(after))

    def _lines(self, lines, calls):
        chunk, dt = self.chunk.variables, float(self.network.model["dt"])
        array = {
            name: self.device.get_array_name(chunk[name])
            for name in ("gate", "start", "steps", "seed")
        }
        monitors = (self.network.readout, *self.network.monitors.values())
        yield "while (requests.next()) {"
        yield "set_from_command_line(requests.values);"
        known = arrays_of_functions(self.device)
        for stimulus in self.network.stimuli:
            for key in stimulus.arrays:
                if (name := f"{stimulus.name}_{key}") in known:
                    yield self.read_array(name)
        for line in self.seeding:
            yield line.format(seed=array["seed"])
        for monitor in monitors:
            yield from self.empty(monitor)
        steps = f"{array['steps']}[0] * {dt!r}"
        before_run = [*self._set_time(f"{array['start']}[0]"), *calls]
        before_run += ["requests.start();"]
        yield from with_arguments(
            self.adapt(lines), self._gates, array["gate"], steps, before_run
        )
        yield "requests.stop();"

    def _set_time(self, start):
        """Let network and clocks start from a time step, the next of their own."""
        net, dt = self.network.brian_network, float(self.network.model["dt"])
        yield f"{net.name}.t = {start} * {dt!r};"
        for clock in clocks_of(net):
            period = round(clock.dt_ / dt)
            now = f"ceil({start} / {period}.0) * {clock.name}.dt[0]"
            yield f"{clock.name}.t[0] = {now};"

    @property
    def _gates(self):
        """Gate by the name of the function that it opens."""
        return {
            f"_run_{code_object.name}": gate
            for brian_object in self.network.brian_network.sorted_objects
            for code_object in brian_object.code_objects
            if (gate := self.network.gates.get(brian_object.name)) is not None
        }

    def read_array(self, name):
        """Return a line that reads a static array if the request says so."""
        return f'requests.read("{name}", {name}, _num_{name});'

    def adapt(self, lines):
        """Change the lines of the program that list what is run in a time step."""
        return list(lines)

    def empty(self, monitor):
        """Yield lines that let a monitor forget what it has recorded.

        Parameters
        ----------
        monitor : StateMonitor or SpikeMonitor
        """
        # Brian2 has put them there in the order of a set.
        for _, variable in sorted(monitor.variables.items()):
            own = getattr(variable.owner, "name", None) == monitor.name
            if own and isinstance(variable, DynamicArrayVariable):
                yield from self.empty_array(variable)
        yield f"{self.device.get_array_name(monitor.variables['N'])}[0] = 0;"
        if isinstance(monitor, SpikeMonitor):
            yield self.fill_with_zeros(monitor.variables["count"])

    def empty_array(self, variable):
        """Yield lines that take all elements from a dynamic array."""
        name = self.device.get_array_name(variable, access_data=False)
        yield f"{name}.clear();" if variable.ndim == 1 else f"{name}.resize(0, 0);"

    def fill_with_zeros(self, variable):
        """Return a line that sets an array to zero."""
        return (
            f"std::fill_n({self.device.get_array_name(variable)}, {variable.size}, 0);"
        )

    def write_variable(self, name, variable):
        """Return lines that write a variable down if the request asks for it.

        Parameters
        ----------
        name : str
            In the request.
        variable : ArrayVariable
        """
        array = self.device.get_array_name(variable, access_data=False)
        if not isinstance(variable, DynamicArrayVariable):
            return f'requests.write("{name}", {array}, {variable.size});'
        if variable.ndim == 1:
            return f'requests.write("{name}", {array}.data(), {array}.size());'
        return f'requests.write_rows("{name}", {array});'
