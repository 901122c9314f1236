"""What a learning rule declares."""

from dataclasses import dataclass

__all__ = ["Rule"]


@dataclass(frozen=True)
class Rule:
    """A learning rule.

    Parameters
    ----------
    name : str
        Short name, as on the command line.
    title : str
        Name in figures and tables.
    reference : str
        Where the rule was published.
    route : {'chain', 'direct', 'forward', 'reward', 'none'}
        Where feedback runs: from each layer to the one below; from the output to
        every hidden layer; backwards over the forward synapses; as a single number to
        all neurons; nowhere.
    synapse : str
        Equations that the rule adds to the forward synapses (``route='forward'``).
    learning_layers : {'all', 'last'}
        Which forward synapses are plastic.
    """

    name: str
    title: str
    reference: str
    route: str
    synapse: str = ""
    learning_layers: str = "all"

    @property
    def perturbs(self):
        """Whether a noisy second pass is needed."""
        return self.route == "reward"
