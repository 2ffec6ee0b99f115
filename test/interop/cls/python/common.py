"""What all drivers share: the settings, the clients, and how an answer is told."""

import json
import os
import threading

from tencentcloud.log.cls_pb2 import LogGroupList
from tencentcloud.log.logclient import LogClient, YunApiLogClient
from tencentcloud.log.logexception import LogException

ENDPOINT = os.environ["INTEROP_ENDPOINT"]
# The SDK itself reads where the other plane is, and only from here.
API_ENDPOINT = os.environ["YUNAPI_ENDPOINT"]
LOGSET = os.environ["INTEROP_LOGSET"]
TOPICS = os.environ["INTEROP_TOPICS"].split(",")
KEY_ID = os.environ["INTEROP_ACCESS_KEY_ID"]
KEY_SECRET = os.environ["INTEROP_ACCESS_KEY_SECRET"]
REGION = os.environ["INTEROP_REGION"]

_printing = threading.Lock()


def make_client(key_id=KEY_ID, secret=KEY_SECRET, token=None):
    """Of the data plane."""
    return LogClient(ENDPOINT, key_id, secret, token, region=REGION)


def make_api_client(key_id=KEY_ID, secret=KEY_SECRET, token=None):
    """Of the control plane."""
    return YunApiLogClient(key_id, secret, securityToken=token, region=REGION)


def tell(value):
    """Prints one line of JSON. Whole lines only, whichever thread speaks."""
    with _printing:
        print(json.dumps(value), flush=True)


def call(name, action):
    """Tells what an operation answered, or which error."""
    try:
        answer = action()
    except LogException as error:
        tell([name, {"status": error.resp_status, "code": error.get_error_code()}])
    else:
        tell([name, answer])


def put(client, topic, *groups):
    """A log group is its logs, each a pair of a time and its fields, and what else it has."""
    package = LogGroupList()
    for logs, properties in groups:
        group = package.logGroupList.add()
        group.filename = properties.get("filename", "")
        group.source = properties.get("source", "192.0.2.1")
        for key, value in properties.get("tags", {}).items():
            tag = group.logTags.add()
            tag.key, tag.value = key, value
        for time, fields in logs:
            log = group.logs.add()
            log.time = time
            for key, value in fields.items():
                content = log.contents.add()
                content.key, content.value = key, value
    return client.put_log_raw(topic, package)


def fields_of(log):
    return {content.key: content.value for content in log.contents}
