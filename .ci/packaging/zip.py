#!/usr/bin/env python3
"""Packs a folder into FOLDER.zip: sorted, and with the time SOURCE_DATE_EPOCH."""

import os
import sys
import time
import zipfile
from pathlib import Path

folder = Path(sys.argv[1])
when = time.gmtime(max(int(os.environ["SOURCE_DATE_EPOCH"]), 315532800))[:6]
with zipfile.ZipFile(f"{folder}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        entry = zipfile.ZipInfo(file.relative_to(folder.parent).as_posix(), when)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 3
        entry.external_attr = (0o100755 if file.suffix == ".exe" else 0o100644) << 16
        archive.writestr(entry, file.read_bytes())
