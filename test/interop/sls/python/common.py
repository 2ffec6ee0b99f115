"""What all drivers share: the settings, the client, and how an answer is told."""

import base64
import json
import os
import threading

from aliyun.log import LogClient, LogException, LogItem, PutLogsRequest

ENDPOINT = os.environ["INTEROP_ENDPOINT"]
SIGNATURE = os.environ["INTEROP_SIGNATURE"]
PROJECT = os.environ["INTEROP_PROJECT"]
LOGSTORE = os.environ["INTEROP_LOGSTORE"]
KEY_ID = os.environ["INTEROP_ACCESS_KEY_ID"]
KEY_SECRET = os.environ["INTEROP_ACCESS_KEY_SECRET"]
REGION = "local"

_printing = threading.Lock()


def make_client(endpoint=ENDPOINT, key_id=KEY_ID, secret=KEY_SECRET):
    return LogClient(endpoint, key_id, secret, auth_version=SIGNATURE, region=REGION)


def tell(value):
    """Prints one line of JSON. Whole lines only, whichever thread speaks."""
    with _printing:
        print(json.dumps(value), flush=True)


def call(name, action):
    """Tells what an operation answered, or which error."""
    try:
        answer = action()
    except LogException as error:
        tell([name, {"status": error.get_resp_status(), "code": error.get_error_code()}])
    else:
        tell([name, answer])


def position(cursor):
    """Cursors are decimal numbers in base64."""
    return int(base64.b64decode(cursor))


def put(client, records, hash_key=None, compress=True, **group):
    """One log group; a record is a pair of its time in seconds and its fields."""
    items = [LogItem(timestamp=time, contents=list(fields.items())) for time, fields in records]
    client.put_logs(
        PutLogsRequest(
            PROJECT,
            LOGSTORE,
            topic=group.get("topic", ""),
            source=group.get("source", "192.0.2.1"),
            logitems=items,
            hashKey=hash_key,
            compress=compress,
            logtags=group.get("tags"),
        )
    )
