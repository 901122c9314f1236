"""Parts of a time step: kernels that can share a launch, and what they use.

A code object of the dense engine is made of parts, see
``dense/neuron_templates/cuda/part.cu``. What a part uses is read off its code, and
whatever is not plainly a read is a write.
"""

import re
from dataclasses import dataclass, field
from math import prod

from ...brian import GeneratedCodeError

__all__ = ["Part", "Use", "uses_in"]

_ASSIGNED = re.compile(r"\s*(\+\+|--|(?:<<|>>|[-+*/%&|^])?=(?!=))")
_SHARED = re.compile(r"__shared__ (\w+) \w+((?:\[[^\]]+\])*);")
_BYTES = {"double": 8, "int64_t": 8, "uint64_t": 8, "bool": 1, "char": 1}


@dataclass(frozen=True)
class Use:
    """How a part uses an array.

    Attributes
    ----------
    written : bool
        Whether it may be written to.
    own : bool
        Whether each thread uses the element of its own neuron only.
    """

    written: bool
    own: bool


@dataclass(eq=False)
class Part:
    """A kernel that can be called from another, or what cannot, as it is.

    Attributes
    ----------
    kernel : str
        Name; empty for what is not made of parts.
    code_object : str
    size : int
    unit : {'elements', 'threads', 'blocks'}
    body : str
        Code of the kernel, after its parameters.
    parameters : dict of tuple
        By name: the type, and what the host gives.
    uses : dict of Use
        By name of the array.
    prepared : bool
        Whether the host has to call ``_prepare_...`` of the code object before.
    clock, gate, line : str
        Where the program adds it to the network.
    """

    kernel: str
    code_object: str
    size: int = 0
    unit: str = ""
    body: str = ""
    parameters: dict = field(default_factory=dict)
    uses: dict = field(default_factory=dict)
    prepared: bool = False
    clock: str = ""
    gate: str = ""
    line: str = ""

    @property
    def shared_bytes(self):
        """Shared memory of a block."""
        return sum(
            _BYTES.get(kind, 4) * prod(map(int, re.findall(r"\d+", sizes)))
            for kind, sizes in _SHARED.findall(self.body)
        )

    def shares(self, other):
        """Names of arrays that one of two parts writes, and the other uses."""
        return [
            name
            for name in self.uses.keys() & other.uses.keys()
            if self.uses[name].written or other.uses[name].written
        ]

    def continues(self, other):
        """Whether its threads can go on where those of another end."""
        return (
            self.unit == other.unit == "elements"
            and self.size == other.size
            and all(
                self.uses[name].own and other.uses[name].own
                for name in self.shares(other)
            )
        )


def uses_in(body, pointers):
    """Read off how code uses arrays.

    Parameters
    ----------
    body : str
        Of a kernel.
    pointers : iterable of str

    Returns
    -------
    uses : dict of Use
    """
    uses = {name: _use(body, name) for name in pointers}
    if re.search(r"\b(_poisson|_binomial\w*)\(", body):
        uses["states of random numbers"] = Use(written=True, own=False)
    return uses


def _use(body, name):
    written, own = False, True
    for found in re.finditer(rf"\b{name}\b", body):
        before, after = body[: found.start()].rstrip(), body[found.end() :]
        if not after.startswith("["):
            return Use(written=True, own=False)
        index, rest = _bracketed(after)
        own = own and index.strip() == "_idx"
        taken = re.search(r"(?<!&)&$|\+\+$|--$", before)
        written = written or bool(taken or _ASSIGNED.match(rest))
    return Use(written, own)


def _bracketed(text):
    """What is in the brackets that text begins with, and what follows."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if depth == 0:
            return text[1:place], text[place + 1 :]
    raise GeneratedCodeError(f"no closing bracket: {text}")
