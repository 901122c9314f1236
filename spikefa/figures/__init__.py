"""Figures of the package, one look."""

import lazy_loader

# A script's --help need not wait for Matplotlib: a figure is imported when it is drawn,
# from where ``__init__.pyi`` says.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
