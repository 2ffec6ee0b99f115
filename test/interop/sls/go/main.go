// Drives the official Go SDK against the service that the environment names. Every line on standard output is JSON.
package main

import (
	"encoding/json"
	"errors"
	"os"
	"sync"

	sls "github.com/aliyun/aliyun-log-go-sdk"
)

const region = "local"

var (
	endpoint  = os.Getenv("INTEROP_ENDPOINT")
	signature = sls.AuthVersionType(os.Getenv("INTEROP_SIGNATURE"))
	project   = os.Getenv("INTEROP_PROJECT")
	logstore  = os.Getenv("INTEROP_LOGSTORE")
	keyID     = os.Getenv("INTEROP_ACCESS_KEY_ID")
	keySecret = os.Getenv("INTEROP_ACCESS_KEY_SECRET")
)

var (
	printing sync.Mutex
	lines    = json.NewEncoder(os.Stdout)
)

func main() {
	// The SDK's consumer logs to what it finds there.
	os.Stdout = os.Stderr
	scenarios := map[string]func(){"calls": calls, "consume": consume, "produce": produce, "worker": worker}
	scenario, known := scenarios[os.Args[1]]
	if !known {
		panic("no scenario " + os.Args[1])
	}
	scenario()
}

func credentials() sls.CredentialsProvider {
	return sls.NewStaticCredentialsProvider(keyID, keySecret, "")
}

func newClient() sls.ClientInterface {
	client := sls.CreateNormalInterfaceV2(endpoint, credentials())
	client.SetAuthVersion(signature)
	client.SetRegion(region)
	return client
}

// Whole lines only, whichever goroutine speaks.
func tell(value any) {
	printing.Lock()
	defer printing.Unlock()
	check(lines.Encode(value))
}

// Tells what an operation answered, or which error.
func call(name string, action func() (any, error)) {
	answer, err := action()
	var refusal *sls.Error
	if errors.As(err, &refusal) {
		tell([]any{name, map[string]any{"status": refusal.HTTPCode, "code": refusal.Code}})
		return
	}
	check(err)
	tell([]any{name, answer})
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
