"""A consumer of the group, as its documentation builds one. Tells every batch; ends, with the checkpoints, on SIGTERM."""

import base64
import os
import signal
import threading
import time

from aliyun.log.consumer import ConsumerProcessorBase, ConsumerWorker, LogHubConfig
from common import ENDPOINT, KEY_ID, KEY_SECRET, LOGSTORE, PROJECT, REGION, SIGNATURE, make_client, position, tell

GROUP = os.environ["INTEROP_GROUP"]
CONSUMER = os.environ["INTEROP_CONSUMER"]
HEARTBEAT_SEC = int(os.environ["INTEROP_HEARTBEAT_SEC"])
FETCH_INTERVAL_SEC = 0.2
# Long enough to be caught in the middle.
PROCESS_SEC = 0.03


class Processor(ConsumerProcessorBase):
    def process(self, log_groups, tracker):
        started_at = time.time()
        records = [
            int(content.Value)
            for group in log_groups.LogGroups
            for log in group.Logs
            for content in log.Contents
            if content.Key == "n"
        ]
        time.sleep(PROCESS_SEC)
        to = tracker.get_cursor()
        tell(
            {
                "shard": str(self.shard_id),
                "from": before(to, len(log_groups.LogGroups)),
                "to": to,
                "startedAtMs": started_at * 1000,
                "endedAtMs": time.time() * 1000,
                "records": records,
            }
        )
        self.save_checkpoint(tracker, force=True)


def before(cursor, groups):
    """Log groups follow one another without a gap."""
    return base64.b64encode(str(position(cursor) - groups).encode()).decode()


def main():
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    config = LogHubConfig(
        ENDPOINT,
        KEY_ID,
        KEY_SECRET,
        PROJECT,
        LOGSTORE,
        GROUP,
        CONSUMER,
        heartbeat_interval=HEARTBEAT_SEC,
        data_fetch_interval=FETCH_INTERVAL_SEC,
        in_order=True,
        auth_version=SIGNATURE,
        region=REGION,
    )
    worker = ConsumerWorker(Processor, config)
    worker.start()
    stopped.wait()
    worker.shutdown()
    worker.join()
    points = make_client().get_check_point(PROJECT, LOGSTORE, GROUP).get_consumer_group_check_points()
    tell({"checkpoints": {point["shard"]: point["checkpoint"] for point in points}})


main()
