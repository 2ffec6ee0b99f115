package main

import sls "github.com/aliyun/aliyun-log-go-sdk"

// Fields as key, value, key, value, …
func record(timeSec uint32, fields ...string) *sls.Log {
	log := &sls.Log{Time: &timeSec}
	for index := 0; index < len(fields); index += 2 {
		log.Contents = append(log.Contents, &sls.LogContent{Key: &fields[index], Value: &fields[index+1]})
	}
	return log
}

func logGroup(topic string, tags map[string]string, logs ...*sls.Log) *sls.LogGroup {
	source := "192.0.2.1"
	group := &sls.LogGroup{Topic: &topic, Source: &source, Logs: logs}
	for key, value := range tags {
		group.LogTags = append(group.LogTags, &sls.LogTag{Key: &key, Value: &value})
	}
	return group
}

func tagsOf(group *sls.LogGroup) map[string]string {
	tags := map[string]string{}
	for _, tag := range group.LogTags {
		tags[tag.GetKey()] = tag.GetValue()
	}
	return tags
}

func fieldsOf(log *sls.Log) map[string]string {
	fields := map[string]string{}
	for _, content := range log.Contents {
		fields[content.GetKey()] = content.GetValue()
	}
	return fields
}
