"""Sizes and choices that a network is built from."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

from ..errors import InputError

__all__ = [
    "ENGINES",
    "FEEDBACK_BITS",
    "PRECISIONS",
    "WEIGHT_BITS",
    "Architecture",
]

#: Engine names: `~spikefa.dense.DenseSynapses`, and Brian2's own `Synapses`.
ENGINES = ("dense", "stock")

#: Bits that a feedback weight can be stored in.
FEEDBACK_BITS = (8, 16, 32)

#: Bits of a forward weight that spikes read.
WEIGHT_BITS = (16, 32)

#: In one projection: what an index of 32 bits counts.
_MOST_SYNAPSES = 2**31 - 1

#: Precisions of variables, and what NumPy calls their types.
PRECISIONS = {"single": "float32", "double": "float64"}


@dataclass(frozen=True)
class Architecture:
    """Sizes and choices that a network is built from.

    Parameters
    ----------
    layer_sizes : tuple of int
        Neurons in the input, every hidden and the output layer.
    n_classes : int, optional
        Classes; each has ``layer_sizes[-1] / n_classes`` output neurons.
    steps_per_image : int, optional
        Time steps that one image is shown.
    chunk_images : int, optional
        Most images that one run of the network can hold.
    engine : {'dense', 'stock'}, optional
        How all-to-all projections are simulated.
    evaluate_once : bool, optional
        Evaluate phi, psi and the third factor once per neuron and step. False
        leaves it to Brian2, which then does so once per synapse.
    transfers : tuple of str, optional
        Name of the transfer string of each layer above the input.
    vector_target : bool, optional
        Targets are vectors ``targets(t, i)`` instead of class labels.
    biases : bool, optional
        Whether neurons have plastic biases.
    sparse : bool, optional
        Synapses have a mask ``present``; weights that are not present stay 0.
    frozen : tuple of int, optional
        Layers, from 1, whose forward weights and biases do not learn.
    feedback_bits : {32, 16, 8}, optional
        Bits a feedback weight is stored in. Below 32 the weights lie on a grid of
        ``2**bits - 1`` values between plus and minus the feedback range, and less
        memory has to be read in every step.
    weight_bits : {32, 16}, optional
        Bits of a forward weight that spikes read. With 16 they read it rounded to 8
        significant bits, from a copy of half the size; it learns in full (see
        ``read_bits`` of `~spikefa.dense.DenseSynapses`).
    precision : {'single', 'double'}, optional
        Of all variables; single precision does not hold changes below 6e-8 of a
        variable in a step, double takes twice the memory and about twice the time.
        A model's ``precision`` asks for it variable by variable.
    put_off : int, optional
        Time steps that the dense engine may put plasticity off; 0: none. The result is
        the same but for rounding, 32 was measured to be fastest.

    Raises
    ------
    InputError
        If the sizes make no network.
    """

    layer_sizes: tuple[int, ...]
    n_classes: int = 10
    steps_per_image: int = 5
    chunk_images: int = 1000
    engine: str = "dense"
    evaluate_once: bool = True
    transfers: tuple[str, ...] = ()
    vector_target: bool = False
    biases: bool = True
    sparse: bool = False
    frozen: tuple[int, ...] = ()
    feedback_bits: int = 32
    weight_bits: int = 32
    precision: str = "single"
    put_off: int = 32

    def __post_init__(self) -> None:
        sizes = tuple(int(size) for size in self.layer_sizes)
        object.__setattr__(self, "layer_sizes", sizes)
        if len(sizes) < 2:
            raise InputError(f"a network needs at least two layers, got {list(sizes)}")
        if min(sizes) < 1:
            raise InputError(f"every layer needs a neuron, got sizes {list(sizes)}")
        for pair in pairwise(sizes):
            if (synapses := prod(pair)) > _MOST_SYNAPSES:
                raise InputError(
                    f"layers of {pair[0]} and {pair[1]} neurons have {synapses} "
                    f"synapses, Brian2 numbers {_MOST_SYNAPSES} at most"
                )
        for name in ("n_classes", "steps_per_image", "chunk_images"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be 1 or more, got {getattr(self, name)}")
        if not self.vector_target and sizes[-1] % self.n_classes:
            raise InputError(
                f"{sizes[-1]} output neurons do not divide evenly among "
                f"{self.n_classes} classes"
            )
        object.__setattr__(self, "frozen", tuple(self.frozen))
        for layer in self.frozen:
            if not 1 <= layer <= self.n_layers:
                raise InputError(
                    f"there is no layer {layer} to freeze, layers are 1 to "
                    f"{self.n_layers}"
                )
        if self.engine not in ENGINES:
            known = ", ".join(ENGINES)
            raise InputError(f"unknown engine '{self.engine}' (known: {known})")
        if self.put_off < 0:
            raise InputError(f"put_off must be 0 or more, got {self.put_off}")
        if self.feedback_bits not in FEEDBACK_BITS:
            raise InputError(
                f"feedback weights take 8, 16 or 32 bits, got {self.feedback_bits}"
            )
        if self.weight_bits not in WEIGHT_BITS:
            raise InputError(f"spikes read 16 or 32 bits, got {self.weight_bits}")
        if self.precision not in PRECISIONS:
            known = ", ".join(PRECISIONS)
            raise InputError(f"unknown precision '{self.precision}' (known: {known})")
        if self.transfers and len(self.transfers) != self.n_layers:
            raise InputError(
                f"{self.n_layers} layers need as many transfers, "
                f"got {list(self.transfers)}"
            )

    @property
    def n_layers(self) -> int:
        """Layers above the input."""
        return len(self.layer_sizes) - 1

    @property
    def class_of_outputs(self) -> list[int]:
        """Class of each output neuron."""
        per_class = self.layer_sizes[-1] // self.n_classes
        return [neuron // per_class for neuron in range(self.layer_sizes[-1])]

    def transfer(self, layer: int) -> str:
        """Name of the transfer string of layer 1 .. n_layers."""
        return self.transfers[layer - 1] if self.transfers else "transfer"
