"""Delays: events that wait for their time before a pathway sees them."""

import weakref

import numpy as np
from brian2.codegen.codeobject import create_runner_codeobj

from .codeobjects import PLAN
from .variables import add_matrix

__all__ = ["DelayLine"]


class DelayLine:
    """Events on their way: what happened in each of the last few time steps.

    Parameters
    ----------
    pathway : DensePathway
    synapses : DenseSynapses
    """

    def __init__(self, pathway, synapses):
        self._pathway, self._synapses = weakref.proxy(pathway), weakref.proxy(synapses)
        self.name = f"_delivered_{pathway.objname}"
        self._steps = 0
        #: Time step of the rows (seconds); None: not known yet.
        self._dt = None
        #: Array like an eventspace: the events whose delay is over, and their number.
        self.delivered = None

    def code_object(self, run_namespace):
        """Return what moves the events on, or None without delay."""
        pathway = self._pathway
        dt = float(pathway.source.clock.dt_)
        steps = int(pathway.seconds / dt + 0.5)
        if steps != self._steps or (steps and dt != self._dt):
            self._make_room(steps, dt)
        if not steps:
            return None
        variables = self._synapses.variables
        names = [f"_{what}_{pathway.objname}" for what in ("waiting", "turn")]
        waiting, turn = (variables[name] for name in names)
        return create_runner_codeobj(
            self._synapses,
            "",
            "dense_delay",
            run_namespace=run_namespace,
            name=f"{pathway.name}_delay_codeobject*",
            check_units=False,
            additional_variables=pathway.variables,
            needed_variables=[pathway.eventspace, self.name, *names],
            template_kwds={
                PLAN: {
                    "eventspace_variable": pathway.source.variables[pathway.eventspace],
                    "delivered": self.delivered,
                    "waiting": waiting,
                    "turn": turn,
                    "steps": steps,
                }
            },
            codeobj_class=pathway.codeobj_class,
        )

    def names(self):
        """Names of its arrays, which `stored_events` stands for."""
        objname = self._pathway.objname
        return [f"_{what}_{objname}" for what in ("delivered", "waiting", "turn")]

    def stored_events(self):
        """Events on their way, a row for each time step, and how long a step is.

        None without a delay.
        """
        return (self._in_order(), self._dt) if self._steps else None

    def restore_events(self, stored):
        """Bring back what `stored_events` returned."""
        table, dt = stored or (None, self._dt)
        if table is None:
            table = np.zeros((self._steps, self.delivered.size if self._steps else 0))
        if len(table) != self._steps or dt != self._dt:
            self._steps = 0  # forget what is on its way now
            self._make_room(len(table), dt)
        if self._steps:
            variables = self._synapses.variables
            _, waiting, turn = (variables[name] for name in self.names())
            waiting.set_value(table.ravel().astype(np.int32))
            turn.set_value(np.zeros(1, dtype=np.int32))

    def _make_room(self, steps, dt):
        """Make the arrays; events on their way arrive when they would have."""
        pathway, variables = self._pathway, self._synapses.variables
        events = pathway.source.variables[pathway.eventspace]
        table = np.zeros((max(1, steps), events.size), dtype=np.int32)
        if self._steps:
            self._move_events(self._in_order(), table[:steps], dt)
        for name in self.names():
            variables._variables.pop(name, None)
        self._steps, self._dt = steps, dt
        self.delivered = add_matrix(
            self._synapses, self.name, np.int32, index="0", size=events.size
        )
        waiting, _ = (
            add_matrix(self._synapses, name, np.int32, index="0", size=size)
            for name, size in (
                (f"_waiting_{pathway.objname}", table.size),
                (f"_turn_{pathway.objname}", 1),
            )
        )
        if table.any():
            waiting.set_value(table.ravel())

    def _move_events(self, before, table, dt):
        """Fill the table of a line from that of another one, at other time steps."""
        # Rounded as in the queues of `Synapses`, where the last of two rows is kept.
        rows = (np.arange(len(before)) * (self._dt / dt) + 0.5).astype(int)
        for row, (first, events) in enumerate(zip(rows, before, strict=True)):
            if not events[-1]:
                continue
            if first >= len(table):
                self._refuse("became shorter while events were on their way")
            if first in rows[row + 1 :]:
                self._refuse(
                    "is counted in longer time steps, and events on their way would "
                    "fall into one of them"
                )
            table[first] = events

    def _refuse(self, what):
        raise NotImplementedError(
            f"The delay of pathway '{self._pathway.objname}' {what}: use Synapses"
        )

    def _in_order(self):
        """Events on their way, those that arrive next first."""
        objname, variables = self._pathway.objname, self._synapses.variables
        try:
            table = variables[f"_waiting_{objname}"].get_value()
            turn = int(variables[f"_turn_{objname}"].get_value()[0])
        except NotImplementedError:
            raise NotImplementedError(
                f"The delay of pathway '{objname}', or the time step it is counted in, "
                "cannot change between runs of a standalone program: use Synapses"
            ) from None
        return np.roll(table.reshape(self._steps, -1), -turn, axis=0)
