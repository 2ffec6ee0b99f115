"""A consumer of the group, as its documentation builds one. Tells every batch; ends, with the checkpoints, on SIGTERM."""

import os
import signal
import threading
import time

from common import ENDPOINT, KEY_ID, KEY_SECRET, LOGSET, REGION, TOPICS, fields_of, make_api_client, tell
from tencentcloud.log.consumer import ConsumerProcessorBase, ConsumerWorker, LogHubConfig
from tencentcloud.log.logclient import LogClient

GROUP = os.environ["INTEROP_GROUP"]
CONSUMER = os.environ["INTEROP_CONSUMER"]
HEARTBEAT_SEC = int(os.environ["INTEROP_HEARTBEAT_SEC"])
FETCH_INTERVAL_SEC = 0.2
# Long enough to be caught in the middle.
PROCESS_SEC = 0.03

# By topic, partition and the offset that a pull led to: where it began. A processor is not told.
_beginnings = {}


def watch_pulls():
    """Looks over the SDK's shoulder."""
    pull_logs = LogClient.pull_logs

    def watched(client, topic, partition, size, start_time, offset, *options):
        response = pull_logs(client, topic, partition, size, start_time, offset, *options)
        # The batch that led here may still wait to be processed when a next pull finds nothing.
        if response.get_log_group_count() > 0:
            _beginnings[topic, partition, response.get_next_offset()] = offset
        return response

    LogClient.pull_logs = watched


class Processor(ConsumerProcessorBase):
    def process(self, log_groups, tracker):
        started_at = time.time()
        records = [int(fields_of(log)["n"]) for group in log_groups for log in group.logs]
        time.sleep(PROCESS_SEC)
        to = tracker.get_offset()
        tell(
            {
                "shard": f"{tracker.topic_id}:{tracker.partition_id}",
                "from": str(_beginnings[tracker.topic_id, tracker.partition_id, to]),
                "to": str(to),
                "startedAtMs": started_at * 1000,
                "endedAtMs": time.time() * 1000,
                "records": records,
            }
        )
        self.save_offset(tracker, force=True)


def main():
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    config = LogHubConfig(
        ENDPOINT,
        KEY_ID,
        KEY_SECRET,
        REGION,
        LOGSET,
        TOPICS,
        GROUP,
        CONSUMER,
        heartbeat_interval=HEARTBEAT_SEC,
        data_fetch_interval=FETCH_INTERVAL_SEC,
        offset_start_time="begin",
    )
    watch_pulls()
    worker = ConsumerWorker(Processor, config)
    worker.start()
    stopped.wait()
    worker.shutdown()
    worker.join()
    tell({"checkpoints": checkpoints()})


def checkpoints():
    client = make_api_client()
    return {
        f"{topic}:{entry['PartitionId']}": str(entry["Offset"])
        for topic in TOPICS
        for entry in client.get_offsets(LOGSET, GROUP, topic, position="begin").get_consumer_group_offsets()[topic]
    }


main()
