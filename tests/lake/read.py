"""What other readers find in a folder of Parquet files, as JSON.

Both look at the same list of files, since more may appear meanwhile. Footers are looked at too.
"""

import glob
import json
import sys

import duckdb
import pyarrow.dataset
import pyarrow.parquet

folder, run = sys.argv[1], sys.argv[2]
files = sorted(glob.glob(f"{folder}/**/*-{run}-*.parquet", recursive=True))

places = "select place, count(*) from rows group by place order by place nulls first"
rows = duckdb.read_parquet(files, hive_partitioning=True)
total, devices, days = duckdb.sql(
    "select count(*), count(distinct device_id), list(distinct day::text order by 1) from rows"
).fetchall()[0]
dates = duckdb.sql("select list(distinct (timestamp at time zone 'UTC')::date::text order by 1) from rows").fetchall()[0][0]
duck = {"rows": total, "devices": devices, "days": days, "places": duckdb.sql(places).fetchall()}

rows = pyarrow.dataset.dataset(
    files, partitioning=pyarrow.dataset.partitioning(flavor="hive"), partition_base_dir=folder
).to_table(columns=["device_id", "day", "place"])
arrow = {
    "rows": rows.num_rows,
    "devices": len(rows["device_id"].unique()),
    "days": sorted(set(rows["day"].to_pylist())),
    "places": duckdb.sql(places).fetchall(),
}

metadata = [pyarrow.parquet.ParquetFile(it).metadata for it in files]
groups = [it.row_group(i) for it in metadata for i in range(it.num_row_groups)]
print(
    json.dumps(
        {
            "files": len(files),
            "dates": dates,
            "duckdb": duck,
            "pyarrow": arrow,
            "sorted": all(len(it.sorting_columns) == 1 for it in groups),
            "statistics": all(it.column(i).is_stats_set for it in groups for i in range(it.num_columns)),
        }
    )
)
