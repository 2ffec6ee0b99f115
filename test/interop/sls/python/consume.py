"""The SDK's own consumer, reading two fields of each record and nothing else, for `npm run bench consume`."""

import os
import threading

from aliyun.log.consumer import ConsumerProcessorBase, ConsumerWorker, LogHubConfig
from common import ENDPOINT, KEY_ID, KEY_SECRET, LOGSTORE, PROJECT, REGION, SIGNATURE, tell

ONE, OTHER = os.environ["INTEROP_FIELDS"].split(",")
RECORDS = int(os.environ["INTEROP_RECORDS"])
COMPRESSION = os.environ["INTEROP_COMPRESSION"]
HEARTBEAT_SEC = 20
FETCH_INTERVAL_SEC = 0.05


class Processor(ConsumerProcessorBase):
    records = 0
    characters = 0

    def process(self, log_groups, tracker):
        records = characters = 0
        for group in log_groups.LogGroups:
            for log in group.Logs:
                records += 1
                for content in log.Contents:
                    key = content.Key
                    if key == ONE or key == OTHER:
                        characters += len(content.Value)
        self.save_checkpoint(tracker)
        Processor.records += records
        Processor.characters += characters
        if Processor.records >= RECORDS:
            tell({"records": Processor.records, "characters": Processor.characters})


def main():
    config = LogHubConfig(
        ENDPOINT,
        KEY_ID,
        KEY_SECRET,
        PROJECT,
        LOGSTORE,
        os.environ["INTEROP_GROUP"],
        "sole",
        heartbeat_interval=HEARTBEAT_SEC,
        data_fetch_interval=FETCH_INTERVAL_SEC,
        auth_version=SIGNATURE,
        region=REGION,
        accept_compress_type=COMPRESSION,
    )
    ConsumerWorker(Processor, config).start()
    # Until it is killed.
    threading.Event().wait()


main()
