"""Rides in the forms of other years, and what is no CSV although its name says so."""

import csv
import io

from tests.data_makers import DATA
from tests.data_makers.dice import Dice

COLUMNS = (
    "hvfhs_license_num,dispatching_base_num,originating_base_num,request_datetime,"
    "on_scene_datetime,pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,trip_miles,"
    "trip_time,base_passenger_fare,tolls,bcf,sales_tax,congestion_surcharge,airport_fee,tips,"
    "driver_pay,shared_request_flag,shared_match_flag,access_a_ride_flag,wav_request_flag,"
    "wav_match_flag\n"
)
# Since 2024 nothing is quoted, and every column has a value.
OF_2024 = """\
HV0003,B03404,B03404,2024-01-01 03:10:12,2024-01-01 03:13:40,2024-01-01 03:14:02,\
2024-01-01 03:41:55,90,61,6.13,1673,33.17,0.0,0.91,2.94,2.75,0.0,0.0,24.06,N,N,N,N,N
HV0003,B03404,B03404,2024-01-01 03:22:41,2024-01-01 03:24:03,2024-01-01 03:25:50,\
2024-01-01 03:33:19,41,166,1.22,449,9.4,0.0,0.26,0.83,0.0,0.0,2.0,6.31,N,N,N,N,N
HV0003,B03404,B03404,2024-01-01 03:48:00,2024-01-01 03:50:31,2024-01-01 03:51:07,\
2024-01-01 04:20:44,138,79,10.04,1777,47.9,6.94,1.37,4.25,2.75,2.5,0.0,35.5,N,N,N,N,N
"""
# In 2021 no ride had an airport's fee, and one flag was a space.
OF_2021 = """\
HV0003,B02764,B02764,2021-01-01 02:11:06,2021-01-01 02:15:31,2021-01-01 02:17:00,\
2021-01-01 02:35:12,75,119,4.81,1092,19.74,0.0,0.59,1.75,0.0,,0.0,14.2,N,N, ,N,N
HV0003,B02764,B02764,2021-01-01 02:40:19,2021-01-01 02:44:52,2021-01-01 02:46:01,\
2021-01-01 03:02:33,119,244,3.3,992,15.08,0.0,0.45,1.34,0.0,,3.0,12.66,N,N, ,N,N
"""
FLOATS = ("passenger_count", "RatecodeID", "fare_amount", "extra", "tip_amount", "tolls_amount")
ROWS = 99


def with_index() -> str:
    """The head of the yellow cabs' rides after a way through pandas: `id` is its index."""
    path = DATA / "rides" / "yellow_tripdatasample_2020-04.csv"
    header, *rows = csv.reader(io.StringIO(path.read_text("ascii"), newline=""))
    lines = [",".join(("id", *header))]
    for number, row in enumerate(rows[:ROWS]):
        values = [
            f"{float(value)}" if name in FLOATS and value else value.removesuffix(".000000")
            for name, value in zip(header, row, strict=True)
        ]
        lines.append(",".join((str(number), *values)))
    return "".join(f"{line}\n" for line in lines)


def parquet() -> bytes:
    """The begin of a Parquet file: its magic number, bytes of any kind and no end."""
    dice = Dice(7)
    pages = bytearray()
    for _ in range(40):
        pages += b"\x15\x04\x15\x3c\x15\x4c\x00\x06\x00\x00\x1f\x8b\x08\x00"
        pages += bytes(dice.below(256) for _ in range(dice.between(40, 90))) + b"\n"
    return b"PAR1" + bytes(pages)


def files() -> dict[str, bytes]:
    return {
        "fhvhv_tripdata_2024-01.csv": (COLUMNS + OF_2024).encode(),
        "fhvhv_tripdata_2021-01.csv": (COLUMNS + OF_2021).encode(),
        "yellow_2020-04.with-pandas-id.csv": with_index().encode(),
        "head.parquet-bytes-named.csv": parquet(),
    }
