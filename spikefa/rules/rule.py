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
    route : {'chain', 'direct', 'forward', 'none'}
        Where feedback synapses run: from each layer to the one below; from the
        output to every hidden layer; backwards over the forward synapses; nowhere.
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
    def has_feedback(self):
        return self.route != "none"
