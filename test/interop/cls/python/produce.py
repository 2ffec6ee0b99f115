"""Puts numbered records, in turn into the topics."""

import os
import time

from common import TOPICS, make_client, put, tell

GROUPS = int(os.environ["INTEROP_GROUPS"])
RECORDS_PER_GROUP = int(os.environ["INTEROP_RECORDS_PER_GROUP"])

client = make_client()
for group in range(GROUPS):
    first = group * RECORDS_PER_GROUP
    now = int(time.time() * 1_000_000)
    logs = [(now, {"n": str(n)}) for n in range(first, first + RECORDS_PER_GROUP)]
    put(client, TOPICS[group % len(TOPICS)], (logs, {}))
tell({"records": GROUPS * RECORDS_PER_GROUP})
