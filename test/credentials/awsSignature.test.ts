import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { signAwsRequest } from '../../lib/credentials/awsSignature.ts';
import { serve } from '../http/support.ts';

test('is that of the vector post-vanilla of the test suite of AWS', async () => {
  const request = {
    service: 'service',
    region: 'us-east-1',
    headers: { host: 'example.amazonaws.com' },
    body: '',
  };
  const credentials = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  };
  const signed = await signAwsRequest(request, credentials, Date.UTC(2015, 7, 30, 12, 36));
  expect(signed['x-amz-date']).toBe('20150830T123600Z');
  expect(signed.authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
      'SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  );
});

test('is that of the AWS SDK for the same request, with a session token', async () => {
  const server = await serve({ body: '{}' });
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'the token' };
  const client = new DynamoDBClient({ endpoint: server.url, region: 'eu-west-1', credentials });
  await client.send(new ListTablesCommand({ Limit: 7 }));
  client.destroy();

  const { headers, body } = server.received[0]!;
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')![1]!.split(';');
  const given = names.filter((name) => name !== 'x-amz-date' && name !== 'x-amz-security-token');
  const signed = await signAwsRequest(
    {
      service: 'dynamodb',
      region: 'eu-west-1',
      headers: Object.fromEntries(given.map((name) => [name, String(headers[name])])),
      body: body.toString(),
    },
    credentials,
    Date.parse(String(headers['x-amz-date']).replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')),
  );
  expect(names).toContain('x-amz-security-token');
  expect(signed.authorization).toBe(headers.authorization);
});
