"""What to learn: MNIST (in the package), folders of images, SVHN, regression tasks."""

import lazy_loader

# A command line's --help needs the names of data sets, and not SciPy: all are imported
# when they are used, from where ``__init__.pyi`` says.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
