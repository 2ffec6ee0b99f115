import { expect } from 'vitest';
import type { Resource, Template } from './osls.ts';

export function resourcesOf(template: Template, type: string): Resource[] {
  return Object.values(template.Resources).filter(({ Type }) => Type === type);
}

export function only(template: Template, type: string): Resource {
  const found = resourcesOf(template, type);
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** The function of a group. */
export function functionOf(template: Template, group: string): Resource['Properties'] {
  const functions = resourcesOf(template, 'AWS::Lambda::Function').map(({ Properties }) => Properties);
  const found = functions.filter(({ FunctionName }) => FunctionName.endsWith(`-shardbeat-${group}`));
  expect(found).toHaveLength(1);
  return found[0]!;
}

export const schedulesOf = (template: Template): Resource['Properties'][] =>
  resourcesOf(template, 'AWS::Scheduler::Schedule').map(({ Properties }) => Properties);

export const arnOf = (logicalId: string): object => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** What a role allows, without the names of the statements. */
export function statementsOf(template: Template, role: string): object[] {
  const { Properties } = template.Resources[role]!;
  expect(Properties.ManagedPolicyArns).toBeUndefined();
  return Properties.Policies.flatMap(({ PolicyDocument }: { PolicyDocument: { Statement: object[] } }) =>
    PolicyDocument.Statement.map((statement) => {
      const { Sid: _sid, ...rest } = statement as { Sid?: string };
      return rest;
    }),
  );
}

/** The one table as it must be: its keys are the protocol's, and it outlives its stack. */
export const tableResource = (
  name: string,
  { tags, isProtected }: { tags?: object[]; isProtected?: boolean } = {},
): object => ({
  Type: 'AWS::DynamoDB::Table',
  DeletionPolicy: isProtected ? 'Retain' : 'RetainExceptOnCreate',
  UpdateReplacePolicy: 'Retain',
  Properties: {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    ...(isProtected !== undefined && { DeletionProtectionEnabled: isProtected }),
    ...(tags !== undefined && { Tags: tags }),
  },
});
