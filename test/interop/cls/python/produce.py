"""Puts numbered records, in turn into the topics, and splits a partition of the first one half-way."""

import os
import time

import generated
from common import TOPICS, make_client, put, tell

GROUPS = int(os.environ["INTEROP_GROUPS"])
RECORDS_PER_GROUP = int(os.environ["INTEROP_RECORDS_PER_GROUP"])

client = make_client()
for group in range(GROUPS):
    if group == GROUPS // 2:
        generated.ask(generated.make_client(), "SplitPartition", TopicId=TOPICS[0], PartitionId=1)
    first = group * RECORDS_PER_GROUP
    now = int(time.time() * 1_000_000)
    logs = [(now, {"n": str(n)}) for n in range(first, first + RECORDS_PER_GROUP)]
    put(client, TOPICS[group % len(TOPICS)], (logs, {}))
tell({"records": GROUPS * RECORDS_PER_GROUP})
