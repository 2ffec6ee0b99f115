// Drives the official Go SDK, which uploads only, against the service that the environment names. Every line on standard
// output is JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"

	cls "github.com/tencentcloud/tencentcloud-cls-sdk-go"
)

var (
	endpoint  = os.Getenv("INTEROP_ENDPOINT")
	topic     = strings.Split(os.Getenv("INTEROP_TOPICS"), ",")[0]
	keyID     = os.Getenv("INTEROP_ACCESS_KEY_ID")
	keySecret = os.Getenv("INTEROP_ACCESS_KEY_SECRET")
	lines     = json.NewEncoder(os.Stdout)
)

const nowhere = "00000000-0000-0000-0000-000000000000"

func main() {
	for _, compression := range []string{"lz4", "zstd", "deflate"} {
		client := newClient(compression, keySecret)
		call("PutLogs, "+compression, func() error {
			return client.SendLogList(context.Background(), topic, []*cls.Log{
				cls.NewCLSLog(1700000000, map[string]string{"compression": compression}),
				cls.NewCLSLog(1700000001, map[string]string{"text": strings.Repeat("again and ", 1000)}),
			})
		})
	}
	// Too short to become shorter.
	tiny := []*cls.Log{cls.NewCLSLog(1700000002, map[string]string{"n": "1"})}
	client := newClient("lz4", keySecret)
	call("PutLogs, not compressible", func() error { return client.SendLogList(context.Background(), topic, tiny) })
	call("PutLogs of two groups", func() error {
		return client.SendLogGroupList(context.Background(), topic, []*cls.LogGroup{{Logs: tiny}, {Logs: tiny}})
	})
	call("PutLogs of no topic", func() error { return client.SendLogList(context.Background(), nowhere, tiny) })
	stranger := newClient("lz4", "wrong")
	call("PutLogs, a wrong secret", func() error { return stranger.SendLogList(context.Background(), topic, tiny) })
	background()
}

func newClient(compression string, secret string) *cls.SyncProducerClient {
	config := cls.GetDefaultSyncProducerClientConfig()
	config.Endpoint = endpoint
	config.AccessKeyID = keyID
	config.AccessKeySecret = secret
	config.CompressType = compression
	config.NeedSource = false
	config.HostName = "web-1"
	client, err := cls.NewSyncProducerClient(config)
	check(err)
	return client
}

// Tells what an operation answered, or which error.
func call(name string, action func() error) {
	var refusal *cls.CLSError
	if err := action(); errors.As(err, &refusal) {
		tell(name, map[string]any{"status": refusal.HTTPCode, "code": refusal.Code})
	} else {
		check(err)
		tell(name, nil)
	}
}

func tell(name string, answer any) {
	check(lines.Encode([]any{name, answer}))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
