"""The network: its handles, and the methods by which builder and routes add to it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from brian2 import (
    Equations,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    linked_var,
    prefs,
)
from brian2.groups.group import VariableOwner

from ..brian import RareClock
from ..dense.neurons import neuron_code_object_class
from ..dense.subexpressions import written_out
from ..equations.model import Model
from .architecture import Architecture
from .delays import past_feedback
from .feedback_grid import GRID_STEPS, grid_equations, grid_type
from .groups import connect_all
from .masks import learn_string, may_lack
from .once_a_step import evaluated_once, shown_once, split_updaters
from .precision import double_types
from .records import Record
from .removed import MASK, masked_equations, masked_statements
from .stimuli import Images, Stimulus
from .timestep import BACKWARD_GATE, Phase, backward_order, place

__all__ = ["FeedbackNetwork", "numbers_of"]


@dataclass
class FeedbackNetwork:
    """A built network and the handles that a session needs.

    Attributes
    ----------
    layers : list of NeuronGroup
        Input, hidden and output neurons.
    deltas : list
        Backward neurons of layer 1 .. m, the last of them the error neurons; None
        where a layer has none.
    forward : list
        Projections by the layer they end in; entry 0 is None.
    feedback : dict
        Projections that a route has of its own, by the layer they end in.
    further : dict
        Projections within and past layers, by their kind and the layer they end in.
    reference : list
        Delta neurons and projections that show what backpropagation would deliver, see
        `spikefa.learning.reference`.
    images, targets : Stimulus
        What is shown: pixels from 0 to 1, and class labels or target vectors.
    passes, training : Stimulus
        How many passes over the training set there have been; whether a run teaches.
    monitors : dict
        What records neurons while the network runs, by the name of the record.
    records : dict
        All records by name, those of synapses included.
    weights : dict of tuple of str
        Variables of each projection that are 0 where a synapse was removed.
    computed : set of str
        ``"group.variable"`` of what is set anew in every step, whatever it was.
    error_inputs : list of str
        Those by which forward neurons hear of the error; 0 where there is none.
    decay_rates : dict of float
        See `decay_rates`.
    decay_period : int
        Time steps between two decays of the weights.
    delays : set of str
        Names of the delays that the model gives and the network uses.
    doubles : set of str
        Variables that are stored in double precision, whatever the others are.
    gates : dict
        For each Brian2 object that not every run needs, its gate: 0 for the backward
        sweep, l for plasticity in layer l, and one for each record after those.
    strings_of : dict
        Names of the model strings behind each Brian2 object, by its name; for messages.
    """

    architecture: Architecture
    model: Model
    rule: Any
    layers: list[NeuronGroup] = field(default_factory=list)
    deltas: list[NeuronGroup | None] = field(default_factory=lambda: [None])
    forward: list[Synapses | None] = field(default_factory=lambda: [None])
    feedback: dict[int | str, Synapses] = field(default_factory=dict)
    further: dict[tuple[str, int], Synapses] = field(default_factory=dict)
    reference: list[VariableOwner] = field(default_factory=list)
    readout: StateMonitor = None
    monitors: dict[str, SpikeMonitor | StateMonitor] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    images: Images = field(init=False, repr=False)
    targets: Stimulus = field(init=False, repr=False)
    passes: Stimulus = field(init=False, repr=False)
    training: Stimulus = field(init=False, repr=False)
    namespace: dict[str, Any] = field(default_factory=dict)
    _seen: dict[int, Model] = field(default_factory=dict, init=False, repr=False)
    brian_network: Network = None
    decay_clock: RareClock = field(init=False, repr=False)
    weights: dict[str, tuple[str, ...]] = field(default_factory=dict)
    computed: set[str] = field(default_factory=set)
    error_inputs: list[str] = field(default_factory=list)
    doubles: set[str] = field(default_factory=set)
    decay_rates: dict[str, float] = field(default_factory=dict)
    decay_period: int = 1
    delays: set[str] = field(default_factory=set)
    gates: dict[str, int] = field(default_factory=dict)
    strings_of: dict[str, Sequence[str]] = field(default_factory=dict)

    @property
    def rate(self) -> bool:
        """Whether neurons send their rate phi(h) instead of spikes."""
        return self.model.rate

    @property
    def n_layers(self) -> int:
        """Layers above the input."""
        return self.architecture.n_layers

    @property
    def stimuli(self) -> tuple[Stimulus, ...]:
        """What runs show: images, targets, how many passes there have been, and
        whether they teach."""
        return self.images, self.targets, self.passes, self.training

    def learns(self, layer: int) -> bool:
        """Whether a layer has deltas and plastic synapses."""
        return layer == self.n_layers or self.rule.learning_layers == "all"

    @property
    def crossed(self) -> dict[tuple[str, int], Synapses]:
        """Projections that activity crosses, by kind and by the layer they end in."""
        forward = {("forward", n): s for n, s in enumerate(self.forward) if n}
        return {**forward, **self.further}

    @property
    def stateful(self) -> list[VariableOwner]:
        """All groups and projections whose variables make up the state."""
        groups = [*self.layers, *self.deltas, *self.forward, *self.feedback.values()]
        groups += self.further.values()
        return [group for group in groups if group is not None] + self.reference

    def string(self, base: str, layer: int) -> str:
        """Name the string of a layer: ``layer_2_learn``, or ``learn`` for all."""
        return self.model.of_layer(base, layer, self.n_layers)

    def may_lack(self, layer: int, base: str = "mask") -> bool:
        """Whether some of the synapses onto a layer may be missing."""
        return may_lack(self.architecture, self.model, layer, base)

    def learn_string(self, layer: int, prefix: str = "") -> str:
        """Name the statements by which synapses learn, see `learn_string`."""
        return learn_string(self.architecture, self.model, layer, prefix)

    def model_of(self, layer: int | None) -> Model:
        """Return the model with the parameters of a layer, or that of all."""
        if layer is None:
            return self.model
        if layer not in self._seen:
            self._seen[layer] = self.model.seen_by(layer, self.n_layers)
        return self._seen[layer]

    def namespace_of(self, layer: int | None) -> dict[str, Any]:
        """Return what the names in the strings of a layer mean."""
        if (model := self.model_of(layer)) is self.model:
            return self.namespace
        return self.namespace | numbers_of(model)

    def transfer_string(self, layer: int) -> str:
        """Name the transfer of a layer: of the architecture, or of the model."""
        name = self.architecture.transfer(layer)
        if name != "transfer":
            return name
        return self.model.of_layer(name, layer, self.n_layers)

    def spike_string(self, layer: int) -> str | None:
        """Name the condition on which a layer spikes, or None.

        The spikes of output neurons are sent nowhere; without a condition of their own
        there are none.
        """
        name = self.model.of_layer("spike", layer, self.n_layers)
        if self.rate or (name == "spike" and layer == self.n_layers):
            return None
        return None if self.model[name] is None else name

    def add_neurons(
        self,
        size: int,
        strings: Sequence[str],
        extra: str | Equations,
        name: str,
        slot: str,
        order: Callable[[Phase], int],
        *,
        gate: int | None = None,
        layer: int | None = None,
        linked: Mapping[str, NeuronGroup] | None = None,
        method: str | Sequence[str] | None = None,
        **kwds: Any,
    ) -> NeuronGroup:
        """Create a NeuronGroup and put its updaters into their place in the time step.

        Parameters
        ----------
        size : int
        strings : sequence of str
            Names of the model strings that make up its equations.
        extra : str or Equations
            Further equations.
        name : str
        slot : str
            Of `SCHEDULE`.
        order : callable
            Takes a `Phase`, returns the order within the slot.
        gate : int, optional
            What has to be open for its updaters to run.
        layer : int, optional
            Whose parameters it has; default: those for all layers.
        linked : dict, optional
            Variables that are those of the same name of another group.
        method : str, optional
            Of integration; Brian2's own choice otherwise.
        **kwds
            For `~brian2.groups.neurongroup.NeuronGroup`.

        Returns
        -------
        group : NeuronGroup
        """
        linked = linked or {}
        if method is not None:
            kwds["method"] = method
        model = self.model_of(layer)
        with model.naming(*strings):
            extra = Equations(extra) if isinstance(extra, str) else extra
            equations = model.equations(*strings) + extra
            equations += Equations("".join(f"{var} : 1 (linked)\n" for var in linked))
            once = evaluated_once if self.architecture.evaluate_once else shown_once
            equations = once(equations)
            group = NeuronGroup(
                size,
                equations,
                namespace=self.namespace_of(layer),
                name=name,
                codeobj_class=neuron_code_object_class(self.architecture.engine),
                dtype=double_types(self, equations),
                **kwds,
            )
        self.computed |= {f"{name}.{n}" for n in equations.subexpr_names}
        before, after = split_updaters(group, equations)
        place(before, slot, order(Phase.PREPARE))
        place(group.state_updater, slot, order(Phase.INTEGRATE))
        place(after, slot, order(Phase.EVALUATE))
        for updater in (group, before, group.state_updater, after):
            if updater is not None:
                self.strings_of[updater.name] = strings
                if gate is not None and updater is not group:
                    self.gates[updater.name] = gate
        for variable, owner in linked.items():
            setattr(group, variable, linked_var(owner, variable))
        self.brian_network.add(group)
        return group

    def add_projection(
        self,
        name: str,
        source: NeuronGroup,
        target: NeuronGroup,
        strings: Sequence[str],
        *,
        extra: str | Equations = "",
        layer: int | None = None,
        on_pre: Mapping[str, Sequence[str]] | None = None,
        on_post: Mapping[str, Sequence[str]] | None = None,
        on_event: Mapping[str, str] | None = None,
        on_grid: bool = False,
        read_bits: int = 32,
        weights: Sequence[str] = (),
        may_lack: bool = False,
        without: Sequence[str] = (),
    ) -> Synapses:
        """Connect all neurons of two groups.

        Parameters
        ----------
        name : str
        source, target : NeuronGroup
        strings : sequence of str
            Names of the model strings that make up its equations.
        extra : str or Equations, optional
            Further equations.
        layer : int, optional
            Whose parameters it has; default: those for all layers.
        on_pre, on_post : dict, optional
            For each pathway the names of the statements that run on a spike.
        on_event : dict, optional
            Events that drive a pathway in the place of spikes.
        on_grid : bool, optional
            Whether the fixed weights B are stored in the bits of the architecture.
        read_bits : {32, 16}, optional
            Bits of a plastic weight that spikes read.
        weights : sequence of str, optional
            Variables that are 0 where a synapse was removed.
        may_lack : bool, optional
            Whether some synapses may be missing.
        without : sequence of str, optional
            Variables that synapses do not have if they depend on one of these.

        Returns
        -------
        projection : DenseSynapses or Synapses
        """
        model, of_pathways = self.model_of(layer), {**(on_pre or {}), **(on_post or {})}
        statements = [text for names in of_pathways.values() for text in names]
        self.strings_of[name] = [*strings, *statements]
        with model.naming(*self.strings_of[name]):
            more = Equations(extra) if isinstance(extra, str) else extra
            equations = model.equations(*strings) + more
            if without:
                equations = independent_of(equations, without)
            if on_grid:
                equations = grid_equations(self, equations)
            dtype = double_types(self, equations)
            if on_grid:
                dtype[GRID_STEPS] = grid_type(self.architecture.feedback_bits)
            texts = {name: joined(model, of) for name, of in of_pathways.items()}
            if may_lack and weights:
                self.weights[name] = tuple(
                    GRID_STEPS if on_grid and weight == "B" else weight
                    for weight in weights
                )
                equations, texts = self._without_removed(equations, texts, weights)
            texts = {name: written_out(text, equations) for name, text in texts.items()}
            synapses = connect_all(
                self.architecture,
                source,
                target,
                equations,
                name=name,
                namespace=self.namespace_of(layer),
                on_pre={pathway: texts[pathway] for pathway in on_pre or {}},
                on_post={pathway: texts[pathway] for pathway in on_post or {}},
                on_event=on_event,
                dtype=dtype,
                read_bits=read_bits,
            )
        self.brian_network.add(synapses)
        return synapses

    def statements(
        self, owner: VariableOwner, names: Sequence[str], layer: int | None = None
    ) -> str:
        """Join statements that run on neurons, or on the synapses that are there.

        Parameters
        ----------
        owner : NeuronGroup, DenseSynapses or Synapses
        names : sequence of str
            Of the model's strings.
        layer : int, optional
            Whose parameters they have.

        Returns
        -------
        text : str
        """
        text = joined(self.model_of(layer), names)
        weights = self.weights.get(owner.name)
        return masked_statements(text, weights) if weights else text

    def _without_removed(
        self, equations: Equations, texts: dict[str, str], weights: Sequence[str]
    ) -> tuple[Equations, dict[str, str]]:
        """Let synapses that were removed take no part, with a mask if need be."""
        masked = masked_equations(equations, weights)
        texts_masked = {
            k: masked_statements(text, weights) for k, text in texts.items()
        }
        if (masked is not equations or texts_masked != texts) and MASK not in masked:
            masked += self.model.equations("sparse_synapse")
        return masked, texts_masked

    def place_summed(
        self,
        synapses: Synapses,
        variable: str,
        slot: str,
        order: int,
        strings: Sequence[str],
        gate: int | None = None,
    ) -> None:
        """Give what sums a variable its place in the time step.

        Parameters
        ----------
        synapses : DenseSynapses or Synapses
        variable : str
            Such as ``"feedback_post"``.
        slot, order
            See `spikefa.network.timestep`.
        strings : sequence of str
            Names of the model strings that are behind it.
        gate : int, optional
            What has to be open for it to run.
        """
        updater = place(synapses.summed_updaters[variable], slot, order)
        target, _, end = variable.rpartition("_")
        owner = synapses.source if end == "pre" else synapses.target
        self.computed.add(f"{owner.name}.{target}")
        self.strings_of[updater.name] = list(strings)
        if gate is not None:
            self.gates[updater.name] = gate

    def link(self, group: NeuronGroup, variable: str, owner: NeuronGroup) -> None:
        """Let a linked variable be that of the same name of another group."""
        setattr(group, variable, linked_var(owner, variable))

    def add_delta(self, layer: int) -> None:
        """Add the error neurons, or the delta neurons of a layer that learns."""
        if not self.learns(layer):
            self.deltas.append(None)
            return
        arch, last = self.architecture, layer == self.n_layers
        if last:
            target = "vector_target" if arch.vector_target else "target"
            strings, extra = [target, "error_neuron"], Equations("")
        else:
            strings = [self.model.of_layer("delta_neuron", layer, self.n_layers)]
            extra = Equations(self.rule.route.delta_equations(self, layer))
            extra += past_feedback(self, layer, extra)
        group = self.add_neurons(
            arch.layer_sizes[layer],
            [*strings, self.model.of_layer("third_factor", layer, self.n_layers)],
            extra,
            f"delta_{layer}",
            "backward",
            partial(backward_order, layer, self.n_layers),
            gate=BACKWARD_GATE,
            layer=layer,
            linked={
                name: self.layers[layer]
                for name in (*self.model.rewards, *(["phi"] if last else []))
            },
            method=self.model.get("delta_method"),
        )
        if last and not arch.vector_target:
            group.class_index = arch.class_of_outputs
        self.layers[layer].third_factor = linked_var(group, "third_factor")
        self.deltas.append(group)


def independent_of(equations: Equations, missing: Iterable[str]) -> Equations:
    """Leave out the variables that depend on what there is not.

    Parameters
    ----------
    equations : Equations
    missing : iterable of str

    Returns
    -------
    equations : Equations
    """
    missing = set(missing)
    for eq in equations.ordered:  # what a formula is made of comes before it
        if eq.expr is not None and eq.identifiers & missing:
            missing.add(eq.varname)
    return Equations([eq for eq in equations.values() if eq.varname not in missing])


def numbers_of(model: Model) -> dict[str, Any]:
    """Return parameters as the equations of a network take them.

    Plain numbers are in the precision of the state: a double would turn the loops over
    synapses into double precision.
    """
    return {
        name: prefs.core.default_float_dtype(value) if type(value) is float else value
        for name, value in model.parameters.items()
        if name != "dt"  # a variable of every Brian2 group
    }


def joined(model: Model, names: Sequence[str]) -> str:
    """Join statements of the model, each on lines of its own."""
    return "\n".join(model[name] for name in names)
