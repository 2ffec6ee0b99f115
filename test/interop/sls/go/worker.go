package main

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	sls "github.com/aliyun/aliyun-log-go-sdk"
	consumerLibrary "github.com/aliyun/aliyun-log-go-sdk/consumer"
)

type batch struct {
	Shard       string `json:"shard"`
	From        string `json:"from"`
	To          string `json:"to"`
	StartedAtMs int64  `json:"startedAtMs"`
	EndedAtMs   int64  `json:"endedAtMs"`
	Records     []int  `json:"records"`
}

// A consumer of the group, as its documentation builds one. Tells every batch; ends, with the checkpoints, on SIGTERM.
func worker() {
	group := os.Getenv("INTEROP_GROUP")
	heartbeatSec, err := strconv.Atoi(os.Getenv("INTEROP_HEARTBEAT_SEC"))
	check(err)
	consumer := consumerLibrary.InitConsumerWorkerWithCheckpointTracker(consumerLibrary.LogHubConfig{
		Endpoint:                  endpoint,
		CredentialsProvider:       credentials(),
		Project:                   project,
		Logstore:                  logstore,
		ConsumerGroupName:         group,
		ConsumerName:              os.Getenv("INTEROP_CONSUMER"),
		CursorPosition:            consumerLibrary.BEGIN_CURSOR,
		HeartbeatIntervalInSecond: heartbeatSec,
		HeartbeatTimeoutInSecond:  2 * heartbeatSec,
		InOrder:                   true,
		AuthVersion:               signature,
		Region:                    region,
	}, process)
	consumer.Start()
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGTERM)
	<-stopped
	consumer.StopAndWait()

	points, err := newClient().GetCheckpoint(project, logstore, group)
	check(err)
	checkpoints := map[int]string{}
	for _, point := range points {
		checkpoints[point.ShardID] = point.CheckPoint
	}
	tell(map[string]any{"checkpoints": checkpoints})
}

func process(shard int, list *sls.LogGroupList, tracker consumerLibrary.CheckPointTracker) (string, error) {
	startedAt := time.Now()
	time.Sleep(30 * time.Millisecond)
	records := []int{}
	for _, group := range list.LogGroups {
		for _, log := range group.Logs {
			n, err := strconv.Atoi(fieldsOf(log)["n"])
			check(err)
			records = append(records, n)
		}
	}
	tell(batch{
		Shard: strconv.Itoa(shard), From: tracker.GetCurrentCursor(), To: tracker.GetNextCursor(),
		StartedAtMs: startedAt.UnixMilli(), EndedAtMs: time.Now().UnixMilli(), Records: records,
	})
	return "", tracker.SaveCheckPoint(true)
}
