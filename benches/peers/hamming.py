#!/usr/bin/env python3
"""faiss and usearch on the hashes of an exported cache, beside what `cargo bench --bench index -- peers` prints.

usage: clean-backup cache export --format parquet -o pictures.parquet
       python3 hamming.py pictures.parquet [needles]        (pip install faiss-cpu usearch duckdb numpy)
"""
import sys
import time

import duckdb
import faiss
import numpy
from usearch.index import Index

table = sys.argv[1]
asked = int(sys.argv[2]) if len(sys.argv) > 2 else 200
columns = duckdb.sql(
    f"SELECT phash, fine_0, fine_1, fine_2, fine_3 FROM '{table}' WHERE quality >= 8"
).fetchnumpy()
coarse = columns["phash"].astype(">u8").view(numpy.uint8).reshape(-1, 8)
fine = numpy.stack([columns[f"fine_{i}"].astype(">u8") for i in range(4)], axis=1)
fine = numpy.ascontiguousarray(fine).view(numpy.uint8).reshape(-1, 32)
coarse = numpy.unique(coarse, axis=0)
fine = numpy.unique(fine, axis=0)
print(f"{len(coarse)} different 64-bit hashes, {len(fine)} of 256 bits; faiss {faiss.__version__}")


def timed(name, call):
    cpu, clock = time.process_time(), time.perf_counter()
    value = call()
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    return value, cpu, clock


def per_needle(cpu, count):
    return f"{cpu * 1e6 / count:.0f} CPU-µs a needle"


needles = coarse[:: max(1, len(coarse) // asked)]
flat = faiss.IndexBinaryFlat(64)
flat.add(coarse)
for radius in (2, 5, 7, 10):
    (limits, _, _), cpu, _ = timed("range", lambda: flat.range_search(needles, radius + 1))
    print(f"faiss flat within {radius}: {per_needle(cpu, len(needles))}, {limits[-1]} found")
hashed = faiss.IndexBinaryMultiHash(64, 4, 16)
_, cpu, _ = timed("build", lambda: hashed.add(coarse))
print(f"faiss multi-hash 4 × 16: built in {cpu:.2f} CPU-s")
for radius, flips in ((2, 0), (5, 1), (7, 1), (10, 2)):
    hashed.nflip = flips
    (limits, _, _), cpu, _ = timed("range", lambda: hashed.range_search(needles, radius + 1))
    print(f"faiss multi-hash within {radius}: {per_needle(cpu, len(needles))}, {limits[-1]} found")

needles = fine[:: max(1, len(fine) // asked)]
exact = faiss.IndexBinaryFlat(256)
exact.add(fine)
(distances, _), cpu, _ = timed("scan", lambda: exact.search(needles, 10))
print(f"ten nearest of 256 bits: faiss flat {per_needle(cpu, len(needles))}")
last = distances[:, -1:]
graph = faiss.IndexBinaryHNSW(256, 16)
graph.hnsw.efConstruction = 64
_, cpu, _ = timed("build", lambda: graph.add(fine))
print(f"faiss HNSW M16 efC64: built in {cpu:.1f} CPU-s")
for effort in (16, 64, 256):
    graph.hnsw.efSearch = effort
    (found, _), cpu, _ = timed("search", lambda: graph.search(needles, 10))
    recall = (found <= last).mean()
    print(f"  ef {effort}: {per_needle(cpu, len(needles))}, recall {recall:.3f}")
graph = Index(ndim=256, metric="hamming", dtype="b1", connectivity=16, expansion_add=64)
_, cpu, _ = timed("build", lambda: graph.add(numpy.arange(len(fine)), fine))
print(f"usearch b1: built in {cpu:.1f} CPU-s")
for effort in (16, 64, 256):
    graph.expansion_search = effort
    found, cpu, _ = timed("search", lambda: graph.search(needles, 10))
    recall = (found.distances <= last).mean()
    print(f"  ef {effort}: {per_needle(cpu, len(needles))}, recall {recall:.3f}")
