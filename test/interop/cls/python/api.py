"""What the SDK that is generated for API 3.0 calls, on a service where there is nothing yet."""

from functools import partial

import generated
from common import LOGSET, TOPICS
from generated import call, make_client

ORDERS, AUDIT = TOPICS
GROUP = "billing"


ask = partial(generated.ask, make_client())


def main():
    topics()
    group()
    lineage()
    refusals()


def topics():
    call("CreateLogset", lambda: ask("CreateLogset", LogsetName="interop", LogsetId=LOGSET).LogsetId == LOGSET)
    call("CreateLogset again", lambda: ask("CreateLogset", LogsetName="interop", LogsetId=LOGSET) and None)
    call("DescribeLogsets", lambda: [found.LogsetName for found in ask("DescribeLogsets").Logsets])
    call("CreateTopic", lambda: create_topic(ORDERS, "orders", 1))
    call("CreateTopic of two partitions", lambda: create_topic(AUDIT, "audit", 2))
    call("DescribeTopics", lambda: [[found.TopicName, found.PartitionCount] for found in ask("DescribeTopics").Topics])
    call("DescribePartitions", lambda: partitions_of(ask("DescribePartitions", TopicId=AUDIT)))


def group():
    call("CreateConsumerGroup", lambda: ask_group("CreateConsumerGroup", Timeout=60, Topics=TOPICS).ConsumerGroup)
    call("CreateConsumerGroup again", lambda: ask_group("CreateConsumerGroup", Timeout=60, Topics=TOPICS))
    call("ModifyConsumerGroup", lambda: ask_group("ModifyConsumerGroup", Timeout=30, Topics=TOPICS) and None)
    call("DescribeConsumerGroups", list_groups)
    call("SendConsumerHeartbeat", lambda: heartbeat([]))
    call("CommitConsumerOffsets of many", lambda: commit({ORDERS: {1: 5}, AUDIT: {1: 6, 2: 7}}))
    call("DescribeConsumerOffsets of all", lambda: offsets(From="begin"))
    call("DescribeConsumerOffsets of a topic", lambda: offsets(From="begin", TopicId=AUDIT))
    call("DescribeConsumerOffsets of a partition", lambda: offsets(From="begin", TopicId=AUDIT, PartitionId="2"))
    call("CommitConsumerOffsets of many, one wrong", lambda: commit({ORDERS: {1: 8}, AUDIT: {9: 9}}))
    call("DescribeConsumerOffsets after that", lambda: offsets(From="begin"))
    call("DeleteConsumerGroup in use", lambda: ask_group("DeleteConsumerGroup"))


def lineage():
    call("SplitPartition", lambda: partitions_of(ask("SplitPartition", TopicId=ORDERS, PartitionId=1)))
    call("SendConsumerHeartbeat after the split", lambda: heartbeat([1]))
    call("MergePartition", lambda: partitions_of(ask("MergePartition", TopicId=ORDERS, PartitionId=2)))
    call("DescribePartitions after all", lambda: partitions_of(ask("DescribePartitions", TopicId=ORDERS)))


def refusals():
    call("a wrong secret", lambda: generated.ask(make_client(secret="wrong"), "DescribeLogsets"))
    call("an action that is not there", lambda: ask("DescribeAlarms"))


def ask_group(action, **fields):
    return ask(action, LogsetId=LOGSET, ConsumerGroup=GROUP, **fields)


def create_topic(topic, name, partitions):
    fields = {"LogsetId": LOGSET, "TopicId": topic, "TopicName": name, "PartitionCount": partitions}
    return ask("CreateTopic", **fields).TopicId == topic


def partitions_of(response):
    return [[p.PartitionId, p.Status, p.InclusiveBeginKey, p.ExclusiveEndKey] for p in response.Partitions]


def list_groups():
    listed = ask("DescribeConsumerGroups", LogsetId=LOGSET, Topics=[ORDERS]).ConsumerGroupsInfo
    return [[group.ConsumerGroup, group.Timeout, group.Topics] for group in listed]


def heartbeat(held):
    info = [{"TopicID": ORDERS, "Partitions": held}, {"TopicID": AUDIT, "Partitions": [1, 2] if held else []}]
    given = ask_group("SendConsumerHeartbeat", Consumer="alpha", TopicPartitionsInfo=info).TopicPartitionsInfo
    return {topic.TopicID: topic.Partitions for topic in given}


def commit(wanted):
    info = [
        {"TopicID": topic, "PartitionOffsets": [{"PartitionId": id, "Offset": at} for id, at in offsets.items()]}
        for topic, offsets in wanted.items()
    ]
    ask_group("CommitConsumerOffsets", Consumer="alpha", TopicPartitionOffsetsInfo=info)


def offsets(**fields):
    found = ask_group("DescribeConsumerOffsets", **fields).TopicPartitionOffsetsInfo
    return {topic.TopicID: {str(p.PartitionId): p.Offset for p in topic.PartitionOffsets} for topic in found}


main()
