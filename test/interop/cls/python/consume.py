"""The SDK's own consumer, reading two fields of each record and nothing else, for `npm run bench consume`."""

import os
import threading

from common import ENDPOINT, KEY_ID, KEY_SECRET, LOGSET, REGION, TOPICS, tell
from tencentcloud.log.consumer import ConsumerProcessorBase, ConsumerWorker, LogHubConfig

ONE, OTHER = os.environ["INTEROP_FIELDS"].split(",")
RECORDS = int(os.environ["INTEROP_RECORDS"])
HEARTBEAT_SEC = 20
FETCH_INTERVAL_SEC = 0.05


class Processor(ConsumerProcessorBase):
    records = 0
    characters = 0

    def process(self, log_groups, tracker):
        records = characters = 0
        for group in log_groups:
            for log in group.logs:
                records += 1
                for content in log.contents:
                    key = content.key
                    if key == ONE or key == OTHER:
                        characters += len(content.value)
        self.save_offset(tracker)
        Processor.records += records
        Processor.characters += characters
        if Processor.records >= RECORDS:
            tell({"records": Processor.records, "characters": Processor.characters})


def main():
    config = LogHubConfig(
        ENDPOINT,
        KEY_ID,
        KEY_SECRET,
        REGION,
        LOGSET,
        TOPICS,
        os.environ["INTEROP_GROUP"],
        "sole",
        heartbeat_interval=HEARTBEAT_SEC,
        data_fetch_interval=FETCH_INTERVAL_SEC,
        offset_start_time="begin",
    )
    ConsumerWorker(Processor, config).start()
    # Until it is killed.
    threading.Event().wait()


main()
