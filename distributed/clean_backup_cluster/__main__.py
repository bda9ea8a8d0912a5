"""`python -m clean_backup_cluster`."""

from clean_backup_cluster.cli import entry

if __name__ == "__main__":
    entry()
