package main

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	sls "github.com/aliyun/aliyun-log-go-sdk"
)

const group = "billing"

var (
	client sls.ClientInterface
	low    = strings.Repeat("0", 32)
	high   = strings.Repeat("f", 32)
)

// Every operation that a consumer needs, one after another, as calls.py does it.
func calls() {
	client = newClient()
	logstores()
	records()
	groups()
	heartbeats()
	checkpoints()
	lineage()
	missing()
}

func logstores() {
	call("CreateProject", func() (any, error) {
		_, err := client.CreateProject(project, "made by an official SDK")
		return nil, err
	})
	call("GetProject", func() (any, error) {
		found, err := client.GetProject(project)
		if err != nil {
			return nil, err
		}
		return found.Name, nil
	})
	create := func() (any, error) { return nil, client.CreateLogStore(project, logstore, 7, 2, false, 64) }
	call("CreateLogStore", create)
	call("CreateLogStore again", create)
	call("GetLogStore", func() (any, error) {
		found, err := client.GetLogStore(project, logstore)
		if err != nil {
			return nil, err
		}
		return []any{found.Name, found.TTL, found.ShardCount}, nil
	})
	call("ListLogStores", func() (any, error) { return client.ListLogStore(project) })
	call("ListShards", func() (any, error) { return listShards(project, logstore) })
}

func records() {
	first := logGroup("orders", map[string]string{"host": "web-1"},
		record(1700000000, "order", "1", "customer", "Zoë 李"), record(1700000001, "order", "2", "note", ""))
	call("PutLogs by key", func() (any, error) { return nil, client.PostLogStoreLogs(project, logstore, first, &low) })
	call("PutLogs uncompressed", func() (any, error) {
		third := logGroup("", nil, record(1700000002, "order", "3"))
		request := &sls.PostLogStoreLogsRequest{LogGroup: third, HashKey: &high, CompressType: sls.Compress_None}
		return nil, client.PostLogStoreLogsV2(project, logstore, request)
	})
	call("PutLogs", func() (any, error) {
		return nil, client.PutLogs(project, logstore, logGroup("", nil, record(1700000003, "order", "4")))
	})
	call("PutLogs in turn", func() (any, error) {
		fifth := logGroup("", nil, record(1700000004, "order", "5"))
		return nil, client.PutLogsWithCompressType(project, logstore, fifth, sls.Compress_ZSTD)
	})
	begin, end := cursor(0, "begin"), cursor(0, "end")
	call("GetCursor", func() (any, error) { return position(end) - position(begin), nil })
	call("GetCursor by time", func() (any, error) { return position(cursor(0, "4102444800")) - position(begin), nil })
	call("GetCursorTime", func() (any, error) {
		at, err := client.GetCursorTime(project, logstore, 0, begin)
		return time.Since(at).Abs() < time.Minute, err
	})
	call("PullLogs", func() (any, error) { return pull(0, begin, "", 1, sls.Compress_LZ4) })
	call("PullLogs to the end", func() (any, error) { return pull(0, begin, "", 1000, sls.Compress_ZSTD) })
	call("PullLogs at the end", func() (any, error) { return pull(0, end, "", 1000, sls.Compress_LZ4) })
	other := cursor(1, "begin")
	call("PullLogs with an end", func() (any, error) { return pull(1, other, after(other, 1), 1000, sls.Compress_LZ4) })
	call("PullLogs beyond the end", func() (any, error) { return pull(0, after(end, 1000), "", 1000, sls.Compress_LZ4) })
	call("PullLogs without a cursor", func() (any, error) { return pull(0, "nonsense", "", 1000, sls.Compress_LZ4) })
}

func groups() {
	settings := sls.ConsumerGroup{ConsumerGroupName: group, Timeout: 60, InOrder: true}
	create := func() (any, error) { return nil, client.CreateConsumerGroup(project, logstore, settings) }
	call("CreateConsumerGroup", create)
	call("CreateConsumerGroup again", create)
	call("ListConsumerGroup", listGroups)
	call("UpdateConsumerGroup", func() (any, error) {
		return nil, client.UpdateConsumerGroup(project, logstore, sls.ConsumerGroup{ConsumerGroupName: group, Timeout: 30, InOrder: true})
	})
	call("ListConsumerGroup updated", listGroups)
}

func heartbeats() {
	call("HeartBeat of nobody", heartbeat("alpha", 0, 1))
	call("HeartBeat to join", heartbeat("alpha"))
	call("HeartBeat", heartbeat("alpha", 0, 1))
	call("HeartBeat of a second one", heartbeat("beta"))
	call("HeartBeat told to give up", heartbeat("alpha", 0, 1))
	call("HeartBeat too early", heartbeat("beta"))
	call("HeartBeat given up", heartbeat("alpha", 0))
	call("HeartBeat handed over", heartbeat("beta"))
}

func checkpoints() {
	begin, end := cursor(0, "begin"), cursor(0, "end")
	call("GetCheckPoint of nothing", func() (any, error) {
		points, err := client.GetCheckpoint(project, logstore, group)
		told := []any{}
		for _, point := range points {
			told = append(told, []any{point.ShardID, point.CheckPoint, point.Consumer})
		}
		return told, err
	})
	call("UpdateCheckPoint", commit(0, end, "alpha", false))
	call("GetCheckPoint", func() (any, error) {
		points, err := client.GetCheckpoint(project, logstore, group)
		if err != nil {
			return nil, err
		}
		return []any{position(points[0].CheckPoint) - position(begin)}, nil
	})
	call("UpdateCheckPoint of another's shard", commit(0, begin, "beta", false))
	call("UpdateCheckPoint of nobody", commit(0, begin, "gamma", false))
	call("UpdateCheckPoint of no shard", commit(9, begin, "alpha", false))
	call("UpdateCheckPoint to nonsense", commit(0, "!", "alpha", false))
	call("UpdateCheckPoint by force", commit(1, cursor(1, "begin"), "", true))
}

func lineage() {
	call("SplitShard", func() (any, error) {
		return shardsOf(client.SplitShard(project, logstore, 0, "4"+strings.Repeat("0", 31)))
	})
	call("HeartBeat after the split", heartbeat("alpha", 0))
	call("MergeShards", func() (any, error) { return shardsOf(client.MergeShards(project, logstore, 2)) })
	call("ListShards after all", func() (any, error) { return listShards(project, logstore) })
	call("DeleteConsumerGroup", func() (any, error) { return nil, client.DeleteConsumerGroup(project, logstore, group) })
	call("ListConsumerGroup deleted", listGroups)
}

func missing() {
	call("HeartBeat of no group", heartbeat("alpha"))
	call("GetCursor of no shard", func() (any, error) { return client.GetCursor(project, logstore, 9, "begin") })
	call("ListShards of no logstore", func() (any, error) { return listShards(project, "nowhere") })
	call("ListShards of no project", func() (any, error) { return listShards("nowhere", logstore) })
}

func listShards(project, logstore string) (any, error) {
	return shardsOf(client.ListShards(project, logstore))
}

func shardsOf(shards []*sls.Shard, err error) (any, error) {
	told := []any{}
	for _, shard := range shards {
		told = append(told, []any{shard.ShardID, shard.Status, shard.InclusiveBeginKey, shard.ExclusiveBeginKey})
	}
	return told, err
}

func listGroups() (any, error) {
	listed, err := client.ListConsumerGroup(project, logstore)
	told := []any{}
	for _, found := range listed {
		told = append(told, []any{found.ConsumerGroupName, found.Timeout, found.InOrder})
	}
	return told, err
}

func heartbeat(consumer string, shards ...int) func() (any, error) {
	return func() (any, error) {
		assigned, err := client.HeartBeat(project, logstore, group, consumer, shards)
		return append([]int{}, assigned...), err
	}
}

func commit(shard int, checkpoint, consumer string, force bool) func() (any, error) {
	return func() (any, error) {
		return nil, client.UpdateCheckpoint(project, logstore, group, consumer, shard, checkpoint, force)
	}
}

func pull(shard int, start, end string, count, compression int) (any, error) {
	list, meta, err := client.PullLogsWithQuery(&sls.PullLogRequest{
		Project: project, Logstore: logstore, ShardID: shard, Cursor: start, EndCursor: end,
		LogGroupMaxCount: count, CompressType: compression,
	})
	if err != nil {
		return nil, err
	}
	told := []any{}
	for _, group := range list.LogGroups {
		for _, log := range group.Logs {
			told = append(told, []any{group.GetTopic(), group.GetSource(), tagsOf(group), log.GetTime(), fieldsOf(log)})
		}
	}
	return []any{position(meta.NextCursor) - position(start), told}, nil
}

func cursor(shard int, from string) string {
	found, err := client.GetCursor(project, logstore, shard, from)
	check(err)
	return found
}

// Cursors are decimal numbers in base64.
func position(cursor string) int64 {
	text, err := base64.StdEncoding.DecodeString(cursor)
	check(err)
	number, err := strconv.ParseInt(string(text), 10, 64)
	check(err)
	return number
}

func after(cursor string, distance int64) string {
	return base64.StdEncoding.EncodeToString([]byte(strconv.FormatInt(position(cursor)+distance, 10)))
}
