package main

import (
	"os"
	"strconv"
	"strings"

	sls "github.com/aliyun/aliyun-log-go-sdk"
	consumerLibrary "github.com/aliyun/aliyun-log-go-sdk/consumer"
)

// The SDK's own consumer, reading two fields of each record and nothing else, for `npm run bench consume`. Until it is killed.
func consume() {
	fields := strings.Split(os.Getenv("INTEROP_FIELDS"), ",")
	wanted, err := strconv.Atoi(os.Getenv("INTEROP_RECORDS"))
	check(err)
	compression := sls.Compress_LZ4
	if os.Getenv("INTEROP_COMPRESSION") == "zstd" {
		compression = sls.Compress_ZSTD
	}
	// A process reads one shard, so that nothing else counts here.
	records, characters := 0, 0
	read := func(_ int, list *sls.LogGroupList, tracker consumerLibrary.CheckPointTracker) (string, error) {
		for _, group := range list.LogGroups {
			for _, log := range group.Logs {
				records++
				for _, content := range log.Contents {
					if key := content.GetKey(); key == fields[0] || key == fields[1] {
						characters += len(content.GetValue())
					}
				}
			}
		}
		err := tracker.SaveCheckPoint(false)
		if records >= wanted {
			tell(map[string]int{"records": records, "characters": characters})
		}
		return "", err
	}
	consumerLibrary.InitConsumerWorkerWithCheckpointTracker(consumerLibrary.LogHubConfig{
		Endpoint:            endpoint,
		CredentialsProvider: credentials(),
		Project:             project,
		Logstore:            logstore,
		ConsumerGroupName:   os.Getenv("INTEROP_GROUP"),
		ConsumerName:        "sole",
		CursorPosition:      consumerLibrary.BEGIN_CURSOR,
		AuthVersion:         signature,
		Region:              region,
		CompressType:        compression,
	}, read).Start()
	select {}
}
