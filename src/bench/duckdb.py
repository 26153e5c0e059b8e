# Answers one question over one file, and says what it cost: seconds, CPU seconds, peak bytes, results.
import json, resource, sys, time

import duckdb

sql, threads = sys.argv[1], int(sys.argv[2])
started = time.perf_counter()
connection = duckdb.connect(config={"threads": threads})
# Long questions draw a bar where the answer is read.
connection.execute("set enable_progress_bar = false")
results = connection.execute(sql).fetchone()[0]
wall = time.perf_counter() - started
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "wall": wall,
    "cpu": used.ru_utime + used.ru_stime,
    "peak": used.ru_maxrss * 1024,
    "results": results,
}))
