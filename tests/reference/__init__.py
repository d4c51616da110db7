"""The readable specification of hanflow, one module a stage. Used by the tests and by nothing else."""
from .normalize import Options, normalize, repairs  # noqa: F401
