"""Requests whose body is changed on its way."""

from common import LOGSTORE, PROJECT, call, make_client, put

client = make_client()
call("no body", lambda: len(client.list_shards(PROJECT, LOGSTORE).get_shards_info()))
call("logs", lambda: put(client, [(1700000000, {"n": "1"})]))
call("logs uncompressed", lambda: put(client, [(1700000000, {"n": "1"})], compress=False))
call("a consumer group", lambda: client.create_consumer_group(PROJECT, LOGSTORE, "billing", 60) and None)
call("a heartbeat", lambda: client.heart_beat(PROJECT, LOGSTORE, "billing", "alpha", [0, 1]).get_shards())
