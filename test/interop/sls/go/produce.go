package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	sls "github.com/aliyun/aliyun-log-go-sdk"
)

// Puts numbered records, and splits shard 0 half-way, as produce.py does it.
func produce() {
	groups, err := strconv.Atoi(os.Getenv("INTEROP_GROUPS"))
	check(err)
	recordsPerGroup, err := strconv.Atoi(os.Getenv("INTEROP_RECORDS_PER_GROUP"))
	check(err)
	keys := []string{}
	for _, digit := range []string{"0", "4", "8", "c"} {
		keys = append(keys, digit+strings.Repeat("0", 31))
	}
	client := newClient()
	for index := range groups {
		if index == groups/2 {
			_, err := client.SplitShard(project, logstore, 0, keys[1])
			check(err)
		}
		logs := []*sls.Log{}
		for n := index * recordsPerGroup; n < (index+1)*recordsPerGroup; n++ {
			logs = append(logs, record(uint32(time.Now().Unix()), "n", strconv.Itoa(n)))
		}
		check(client.PostLogStoreLogs(project, logstore, logGroup("", nil, logs...), &keys[index%len(keys)]))
	}
	tell(map[string]any{"records": groups * recordsPerGroup})
}
