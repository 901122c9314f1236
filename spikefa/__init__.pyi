"""What type checkers, and imports on demand, find where."""

from .datasets import Dataset as Dataset, load_dataset as load_dataset
from .devices.open import open_session as open_session
from .devices.session import (
    ChunkResult as ChunkResult,
    RunInterrupted as RunInterrupted,
    Session as Session,
)
from .equations.model import Model as Model, load_model as load_model
from .errors import (
    DataError as DataError,
    InputError as InputError,
    ModelError as ModelError,
    SpikefaError as SpikefaError,
)
from .learning.rules import RULES as RULES, get_rule as get_rule
from .network.architecture import Architecture as Architecture
from .training.callbacks import Callback as Callback, Measuring as Measuring
from .training.checkpoint_file import Checkpoint as Checkpoint
from .training.evaluation import Evaluation as Evaluation, evaluate as evaluate
from .training.guards import NumericalGuard as NumericalGuard
from .training.initial_state import set_initial_state as set_initial_state
from .training.progress import ProgressBar as ProgressBar, ProgressFile as ProgressFile
from .training.resume import CheckpointCallback as CheckpointCallback
from .training.stages import Stage as Stage
from .training.trainer import Trainer as Trainer

__version__: str
