"""Clean-Backup on many machines: its kernels as tasks of Spark or Sail."""

__version__ = "0.1.0"
