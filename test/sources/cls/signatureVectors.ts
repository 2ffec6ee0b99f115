/** What the official Python SDK (1.0.9) signs, with its clock set. */
export const DATA_VECTORS = [
  {
    nowS: 1700000000,
    accessKeyId: 'AKIDEXAMPLE',
    accessKeySecret: 'SECRETEXAMPLE',
    method: 'POST',
    path: '/pull_log',
    query: {
      topic_id: '11111111-2222-3333-4444-555555555555',
    },
    headers: {
      Host: 'ap-guangzhou.cls.tencentcs.com',
      'Content-Type': 'application/json',
    },
    authorization:
      'q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE&q-sign-time=1699999940;1700000300&q-key-time=1699999940;1700000300&q-header-list=content-type;host&q-url-param-list=topic_id&q-signature=f887f7582b4b40751471fc77ca56a00966f14c5e',
  },
  {
    nowS: 1767225600,
    accessKeyId: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE',
    accessKeySecret: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE',
    method: 'POST',
    path: '/structuredlog',
    query: {
      topic_id: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
    },
    headers: {
      Host: '127.0.0.1:8080',
      'Content-Type': 'application/x-protobuf',
      'x-cls-compress-type': 'lz4',
    },
    authorization:
      'q-sign-algorithm=sha1&q-ak=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE&q-sign-time=1767225540;1767225900&q-key-time=1767225540;1767225900&q-header-list=content-type;host&q-url-param-list=topic_id&q-signature=3260def32502e7f2ae8d5dee0a8e7fedf00b3563',
  },
  {
    nowS: 999999999,
    accessKeyId: 'id',
    accessKeySecret: 's3cret/+=',
    method: 'GET',
    path: '/pulllogs',
    query: {
      topic_id: 't',
      cursor: 'MQ==+/ ~',
      count: '10',
    },
    headers: {
      Host: 'ap-singapore.cls.tencentyun.com',
      'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==',
    },
    authorization:
      'q-sign-algorithm=sha1&q-ak=id&q-sign-time=999999939;1000000299&q-key-time=999999939;1000000299&q-header-list=content-md5;host&q-url-param-list=count;cursor;topic_id&q-signature=f0ae07b8239500625f71293b4135a646d1ca5ee3',
  },
  {
    nowS: 1700000000,
    accessKeyId: 'id',
    accessKeySecret: 'secret',
    method: 'POST',
    path: '/pull_log',
    query: {},
    headers: {},
    authorization:
      'q-sign-algorithm=sha1&q-ak=id&q-sign-time=1699999940;1700000300&q-key-time=1699999940;1700000300&q-header-list=&q-url-param-list=&q-signature=d531689cef22a6ca3acd02af7ee0eb1e711a16dd',
  },
  {
    nowS: 1700000000,
    accessKeyId: 'id',
    accessKeySecret: '密钥',
    method: 'POST',
    path: '/pull_log',
    query: {
      topic_id: "it's (a) 'topic' *é!",
    },
    headers: {
      Host: 'localhost',
    },
    authorization:
      'q-sign-algorithm=sha1&q-ak=id&q-sign-time=1699999940;1700000300&q-key-time=1699999940;1700000300&q-header-list=host&q-url-param-list=topic_id&q-signature=18ef38bb31895fa957bc5af1378b2c20eefab115',
  },
] as const;

export const CONTROL_VECTORS = [
  {
    timestamp: 1700000000,
    accessKeyId: 'AKIDEXAMPLE',
    accessKeySecret: 'SECRETEXAMPLE',
    host: 'cls.ap-guangzhou.tencentcloudapi.com',
    contentType: 'application/json',
    body: '{"LogsetId": "aaaa", "ConsumerGroup": "g", "Consumer": "c1", "TopicPartitionsInfo": [{"TopicID": "t", "Partitions": []}], "PartitionStrategy": 2}',
    authorization:
      'TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2023-11-14/cls/tc3_request, SignedHeaders=content-type;host, Signature=a7b1c608aa48dbdd0827e276bf00945245b39b5523a967bed6fc642b9ae754d9',
  },
  {
    timestamp: 1767225599,
    accessKeyId: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE',
    accessKeySecret: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE',
    host: '127.0.0.1',
    contentType: 'application/json',
    body: '{}',
    authorization:
      'TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2025-12-31/cls/tc3_request, SignedHeaders=content-type;host, Signature=800c0873cc4a18613f89c6883f4a9ff837105d5828e9f93c6d4a4f34c1ad845d',
  },
  {
    timestamp: 0,
    accessKeyId: 'id',
    accessKeySecret: 's3cret',
    host: 'cls.tencentcloudapi.com',
    contentType: 'application/json',
    body: '',
    authorization:
      'TC3-HMAC-SHA256 Credential=id/1970-01-01/cls/tc3_request, SignedHeaders=content-type;host, Signature=fb83df9162e45712e00ba4a648b52c17914e79ababb1c8df4f0d2c4ac5675eb2',
  },
  {
    timestamp: 4102444800,
    accessKeyId: 'id',
    accessKeySecret: 's3cret',
    host: 'cls.internal.tencentcloudapi.com',
    contentType: 'application/json',
    body: '{"ConsumerGroup": "日志组"}',
    authorization:
      'TC3-HMAC-SHA256 Credential=id/2100-01-01/cls/tc3_request, SignedHeaders=content-type;host, Signature=5230943c2f5f0c5240c0aec6a905b54e3213640092732bdb92e023d0f4db79b7',
  },
] as const;
