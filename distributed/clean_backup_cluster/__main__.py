"""`python -m clean_backup_cluster`."""

import sys

from clean_backup_cluster.cli import main

if __name__ == "__main__":
    sys.exit(main())
