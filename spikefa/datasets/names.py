"""What data sets are called on the command line."""

__all__ = ["DATASETS"]

DATASETS = ("mnist", "svhn")
