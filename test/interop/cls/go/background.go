package main

import (
	"strconv"

	cls "github.com/tencentcloud/tencentcloud-cls-sdk-go"
)

const (
	backgroundLogs = 20
	closeMs        = 20_000
)

type verdicts chan bool

func (told verdicts) Success(*cls.Result) { told <- true }
func (told verdicts) Fail(*cls.Result)    { told <- false }

// The producer that collects logs, and uploads them when there are enough.
func background() {
	config := cls.GetDefaultAsyncProducerClientConfig()
	config.Endpoint = endpoint
	config.AccessKeyID = keyID
	config.AccessKeySecret = keySecret
	config.LingerMs = 100
	producer, err := cls.NewAsyncProducerClient(config)
	check(err)
	producer.Start()
	told := make(verdicts, backgroundLogs)
	for n := range backgroundLogs {
		check(producer.SendLog(topic, cls.NewCLSLog(1700000000, map[string]string{"n": strconv.Itoa(n)}), told))
	}
	check(producer.Close(closeMs))
	arrived := 0
	for range backgroundLogs {
		if <-told {
			arrived++
		}
	}
	tell("PutLogs in the background", arrived)
}
