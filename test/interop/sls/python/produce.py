"""Puts numbered records, and splits shard 0 half-way."""

import os
import time

from common import LOGSTORE, PROJECT, make_client, put, tell

GROUPS = int(os.environ["INTEROP_GROUPS"])
RECORDS_PER_GROUP = int(os.environ["INTEROP_RECORDS_PER_GROUP"])
KEYS = [digit + "0" * 31 for digit in "048c"]

client = make_client()
for group in range(GROUPS):
    if group == GROUPS // 2:
        client.split_shard(PROJECT, LOGSTORE, 0, KEYS[1])
    first = group * RECORDS_PER_GROUP
    records = [(int(time.time()), {"n": str(n)}) for n in range(first, first + RECORDS_PER_GROUP)]
    put(client, records, KEYS[group % len(KEYS)])
tell({"records": GROUPS * RECORDS_PER_GROUP})
