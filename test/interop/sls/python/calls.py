"""Every operation that a consumer needs, one after another; what each answered is told in one line."""

import base64
import time

from common import LOGSTORE, PROJECT, call, make_client, position, put

LOW, HIGH = "0" * 32, "f" * 32
GROUP = "billing"

client = make_client()


def main():
    logstores()
    records()
    groups()
    heartbeats()
    checkpoints()
    lineage()
    missing()


def logstores():
    call("CreateProject", lambda: done(client.create_project(PROJECT, "made by an official SDK")))
    call("GetProject", lambda: client.get_project(PROJECT).get_projectname())
    call("CreateLogStore", lambda: done(client.create_logstore(PROJECT, LOGSTORE, ttl=7, shard_count=2)))
    call("CreateLogStore again", lambda: done(client.create_logstore(PROJECT, LOGSTORE, ttl=7, shard_count=2)))
    call("GetLogStore", get_logstore)
    call("ListLogStores", lambda: client.list_logstore(PROJECT).get_logstores())
    call("ListShards", lambda: shards_of(client.list_shards(PROJECT, LOGSTORE)))


def records():
    first = [(1700000000, {"order": "1", "customer": "Zoë 李"}), (1700000001, {"order": "2", "note": ""})]
    call("PutLogs by key", lambda: put(client, first, LOW, topic="orders", tags=[("host", "web-1")]))
    call("PutLogs uncompressed", lambda: put(client, [(1700000002, {"order": "3"})], HIGH, compress=False))
    call("PutLogs", lambda: put(client, [(1700000003, {"order": "4"})]))
    call("PutLogs in turn", lambda: put(client, [(1700000004, {"order": "5"})]))
    begin, end = cursor(0, "begin"), cursor(0, "end")
    call("GetCursor", lambda: position(end) - position(begin))
    call("GetCursor by time", lambda: position(cursor(0, 4102444800)) - position(begin))
    call("GetCursorTime", lambda: abs(cursor_time(0, begin) - time.time()) < 60)
    call("PullLogs", lambda: pull(0, begin, 1))
    call("PullLogs to the end", lambda: pull(0, begin, 1000))
    call("PullLogs at the end", lambda: pull(0, end, 1000))
    call("PullLogs with an end", lambda: pull(1, cursor(1, "begin"), 1000, end_cursor=after(cursor(1, "begin"), 1)))
    call("PullLogs beyond the end", lambda: pull(0, after(end, 1000), 1000))
    call("PullLogs without a cursor", lambda: pull(0, "nonsense", 1000))


def groups():
    call("CreateConsumerGroup", lambda: done(client.create_consumer_group(PROJECT, LOGSTORE, GROUP, 60, True)))
    call("CreateConsumerGroup again", lambda: done(client.create_consumer_group(PROJECT, LOGSTORE, GROUP, 60, True)))
    call("ListConsumerGroup", list_groups)
    call("UpdateConsumerGroup", lambda: done(client.update_consumer_group(PROJECT, LOGSTORE, GROUP, 30, True)))
    call("ListConsumerGroup updated", list_groups)


def heartbeats():
    call("HeartBeat of nobody", lambda: heartbeat("alpha", [0, 1]))
    call("HeartBeat to join", lambda: heartbeat("alpha", []))
    call("HeartBeat", lambda: heartbeat("alpha", [0, 1]))
    call("HeartBeat of a second one", lambda: heartbeat("beta", []))
    call("HeartBeat told to give up", lambda: heartbeat("alpha", [0, 1]))
    call("HeartBeat too early", lambda: heartbeat("beta", []))
    call("HeartBeat given up", lambda: heartbeat("alpha", [0]))
    call("HeartBeat handed over", lambda: heartbeat("beta", []))


def checkpoints():
    begin, end = cursor(0, "begin"), cursor(0, "end")
    call("GetCheckPoint of nothing", get_checkpoints)
    call("UpdateCheckPoint", lambda: commit(0, end, "alpha", False))
    call("GetCheckPoint", lambda: [position(point["checkpoint"]) - position(begin) for point in checkpoint(0)])
    call("UpdateCheckPoint of another's shard", lambda: commit(0, begin, "beta", False))
    call("UpdateCheckPoint of nobody", lambda: commit(0, begin, "gamma", False))
    call("UpdateCheckPoint of no shard", lambda: commit(9, begin, "alpha", False))
    call("UpdateCheckPoint to nonsense", lambda: commit(0, "!", "alpha", False))
    call("UpdateCheckPoint by force", lambda: commit(1, cursor(1, "begin"), "", True))


def lineage():
    call("SplitShard", lambda: shards_of(client.split_shard(PROJECT, LOGSTORE, 0, "4" + "0" * 31)))
    call("HeartBeat after the split", lambda: heartbeat("alpha", [0]))
    call("MergeShards", lambda: shards_of(client.merge_shard(PROJECT, LOGSTORE, 2)))
    call("ListShards after all", lambda: shards_of(client.list_shards(PROJECT, LOGSTORE)))
    call("DeleteConsumerGroup", lambda: done(client.delete_consumer_group(PROJECT, LOGSTORE, GROUP)))
    call("ListConsumerGroup deleted", list_groups)


def missing():
    call("HeartBeat of no group", lambda: heartbeat("alpha", []))
    call("GetCursor of no shard", lambda: cursor(9, "begin"))
    call("ListShards of no logstore", lambda: shards_of(client.list_shards(PROJECT, "nowhere")))
    call("ListShards of no project", lambda: shards_of(client.list_shards("nowhere", LOGSTORE)))


def done(_response):
    return None


def get_logstore():
    logstore = client.get_logstore(PROJECT, LOGSTORE)
    return [logstore.logstore_name, logstore.get_ttl(), logstore.get_shard_count()]


def shards_of(response):
    return [
        [shard["shardID"], shard["status"], shard["inclusiveBeginKey"], shard["exclusiveEndKey"]]
        for shard in response.get_shards_info()
    ]


def cursor(shard, start):
    return client.get_cursor(PROJECT, LOGSTORE, shard, start).get_cursor()


def cursor_time(shard, at):
    return client.get_cursor_time(PROJECT, LOGSTORE, shard, at).get_cursor_time()


def after(at, distance):
    return base64.b64encode(str(position(at) + distance).encode()).decode()


def pull(shard, start, count, end_cursor=None):
    response = client.pull_logs(PROJECT, LOGSTORE, shard, start, count, end_cursor=end_cursor)
    groups = response.get_loggroup_list().LogGroups
    return [
        position(response.get_next_cursor()) - position(start),
        [
            [group.Topic, group.Source, {tag.Key: tag.Value for tag in group.LogTags}, log.Time, fields_of(log)]
            for group in groups
            for log in group.Logs
        ],
    ]


def fields_of(log):
    return {content.Key: content.Value for content in log.Contents}


def list_groups():
    listed = client.list_consumer_group(PROJECT, LOGSTORE).get_consumer_groups()
    return [[group.get_consumer_group_name(), group.get_timeout(), group.is_in_order()] for group in listed]


def heartbeat(consumer, shards):
    return client.heart_beat(PROJECT, LOGSTORE, GROUP, consumer, shards).get_shards()


def checkpoint(shard):
    return client.get_check_point(PROJECT, LOGSTORE, GROUP, shard).get_consumer_group_check_points()


def get_checkpoints():
    return [[point["shard"], point["checkpoint"], point["consumer"]] for point in checkpoint(-1)]


def commit(shard, at, consumer, force):
    client.update_check_point(PROJECT, LOGSTORE, GROUP, shard, at, consumer, force)


main()
