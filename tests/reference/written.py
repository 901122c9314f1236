"""A model as its file has it: strings as they are written, numbers as numbers."""

__all__ = ["Written"]


class Written:
    """What the literal reading knows of a model.

    Parameters
    ----------
    model : Model
        As `load_model` reads it. The package puts schedules and signals into its
        strings; here they are names.
    """

    def __init__(self, model):
        self.model = model
        self.parameters, self.schedules = model.parameters, model.schedules

    def __getitem__(self, name):
        return self.model.written(name)

    def __contains__(self, name):
        return name in self.model

    def get(self, name, default=None):
        return self[name] if name in self else default
