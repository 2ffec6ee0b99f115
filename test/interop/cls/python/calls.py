"""Every operation that the SDK of the log service has, one after another; what each answered is told in one line."""

from common import LOGSET, TOPICS, call, fields_of, make_api_client, make_client, put

# With one partition, and with two.
ORDERS, AUDIT = TOPICS
GROUP = "billing"
NOWHERE = "00000000-0000-0000-0000-000000000000"
FAR_AWAY = 4102444800

client = make_client()
api = make_api_client()


def main():
    groups()
    records()
    heartbeats()
    offsets()
    missing()


def groups():
    call("CreateConsumerGroup", lambda: done(api.create_consumer_group(LOGSET, GROUP, 60, [ORDERS])))
    call("CreateConsumerGroup again", lambda: done(api.create_consumer_group(LOGSET, GROUP, 60, [ORDERS])))
    call("DescribeConsumerGroups", lambda: list_groups([ORDERS]))
    call("ModifyConsumerGroup", lambda: done(api.update_consumer_group(LOGSET, GROUP, TOPICS, 30)))
    call("DescribeConsumerGroups of the other topic", lambda: list_groups([AUDIT]))


def records():
    first = [(1700000000, {"order": "1", "customer": "Zoë 李"}), (1700000001000, {"order": "2", "note": ""})]
    properties = {"filename": "web.log", "tags": {"host": "web-1"}}
    call("PutLogs", lambda: done(put(client, ORDERS, (first, properties))))
    second = ([(1700000002000000, {"order": "3"})], {})
    third = ([(1700000003000000, {"order": "4"})], {})
    call("PutLogs of two groups", lambda: done(put(client, ORDERS, second, third)))
    call("PutLogs, the id of the request", lambda: len(put(client, AUDIT, second).get_request_id()))
    call("PutLogs of nothing", lambda: done(put(client, ORDERS)))
    begin, end = offset_from("begin"), offset_from("end")
    call("DescribeConsumerOffsets", lambda: end - begin)
    call("DescribeConsumerOffsets by time", lambda: offset_from("1700000000") - begin)
    call("DescribeConsumerOffsets by a time to come", lambda: offset_from(str(FAR_AWAY)) - begin)
    call("PullLogs", lambda: pull(begin, begin))
    call("PullLogs of one group", lambda: pull(begin, begin, size=1))
    call("PullLogs from nowhere", lambda: pull(-1, begin, size=1))
    call("PullLogs at the end", lambda: pull(end, begin))
    query = 'log_keep(op_and(op_gt(v("order"), 1), str_exist(v("order"), "3")))'
    call("PullLogs with a filter", lambda: pull(begin, begin, query=query))
    call("PullLogs with an end to come", lambda: pull(end, begin, end_time=FAR_AWAY))
    call("PullLogs with an end", lambda: pull_to_the_end(begin))
    call("PullLogs beyond the end", lambda: pull(end + 1000, begin))


def heartbeats():
    call("SendConsumerHeartbeat to join", lambda: heartbeat("alpha", {ORDERS: [], AUDIT: []}))
    call("SendConsumerHeartbeat", lambda: heartbeat("alpha", {ORDERS: [1], AUDIT: [1, 2]}))
    call("SendConsumerHeartbeat of a second one", lambda: heartbeat("beta", {ORDERS: [], AUDIT: []}))
    call("SendConsumerHeartbeat told to give up", lambda: heartbeat("alpha", {ORDERS: [1], AUDIT: [1, 2]}))
    call("SendConsumerHeartbeat too early", lambda: heartbeat("beta", {ORDERS: [], AUDIT: []}))
    call("SendConsumerHeartbeat given up", lambda: heartbeat("alpha", {ORDERS: [1], AUDIT: [1]}))
    call("SendConsumerHeartbeat handed over", lambda: heartbeat("beta", {ORDERS: [], AUDIT: []}))


def offsets():
    end = offset_from("end")
    call("CommitConsumerOffsets", lambda: commit("alpha", ORDERS, 1, end - 1))
    call("DescribeConsumerOffsets of a checkpoint", lambda: [offset_from(at) - end for at in ("begin", "end")])
    call("DescribeConsumerOffsets of all partitions", lambda: all_offsets(AUDIT))
    call("CommitConsumerOffsets of another's partition", lambda: commit("beta", ORDERS, 1, end))
    call("CommitConsumerOffsets of nobody", lambda: commit("gamma", ORDERS, 1, end))
    call("CommitConsumerOffsets of no offset", lambda: commit("alpha", AUDIT, 1, -1))
    call("CommitConsumerOffsets of no partition", lambda: commit("alpha", ORDERS, 9, end))
    call("DescribeConsumerOffsets after all", lambda: offset_from("begin") - end)
    call("DeleteConsumerGroup in use", lambda: done(api.delete_consumer_group(LOGSET, GROUP)))


def missing():
    call("SendConsumerHeartbeat of no group", lambda: heartbeat("alpha", {ORDERS: []}, group="nobody"))
    call("DescribeConsumerGroups of no logset", lambda: list_groups([ORDERS], logset=NOWHERE))
    call("CreateConsumerGroup of no topic", lambda: done(api.create_consumer_group(LOGSET, "x", 60, [NOWHERE])))
    call("DescribeConsumerOffsets of no topic", lambda: done(api.get_offsets(LOGSET, GROUP, NOWHERE, 1, "begin")))
    call("PutLogs of no topic", lambda: put(client, NOWHERE, ([(1700000000, {"n": "1"})], {})))
    call("PullLogs of no topic", lambda: client.pull_logs(NOWHERE, 1, 1048576, offset=0))
    call("PullLogs of no partition", lambda: client.pull_logs(ORDERS, 9, 1048576, offset=0))


def done(_response):
    return None


def list_groups(topics, logset=LOGSET):
    listed = api.list_consumer_group(logset, topics).get_consumer_groups()
    return [[group.get_consumer_group_name(), group.get_timeout(), group.get_topics()] for group in listed]


def heartbeat(consumer, partitions, group=GROUP):
    held = [{"TopicID": topic, "Partitions": ids} for topic, ids in partitions.items()]
    given = api.heart_beat(LOGSET, group, consumer, held).get_partitions()
    return {topic["TopicID"]: topic["Partitions"] for topic in given}


def commit(consumer, topic, partition, offset):
    info = [{"TopicID": topic, "PartitionOffsets": [{"PartitionId": partition, "Offset": offset}]}]
    api.update_offsets(LOGSET, GROUP, consumer, info)


def offset_from(position):
    return api.get_offsets(LOGSET, GROUP, ORDERS, 1, position).get_consumer_group_partition_offsets()


def all_offsets(topic):
    found = api.get_offsets(LOGSET, GROUP, topic, position="begin").get_consumer_group_offsets()
    return [entry["PartitionId"] for entry in found[topic]]


def pull(offset, begin, size=1048576, **options):
    """Where it led to, counted from the beginning, and what was read."""
    response = client.pull_logs(ORDERS, 1, size, offset=offset, **options)
    return [
        response.get_next_offset() - begin,
        [
            [group.filename, group.source, {tag.key: tag.value for tag in group.logTags}, log.time, fields_of(log)]
            for group in response.get_log_groups()
            for log in group.logs
        ],
    ]


def pull_to_the_end(begin):
    """Everything came after that time: there is nothing to be read, now or ever."""
    response = client.pull_logs(ORDERS, 1, 1048576, offset=begin, end_time=1700000000)
    return [response.get_next_offset(), response.get_log_group_count()]


main()
