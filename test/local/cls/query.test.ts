import { expect, test } from 'vitest';
import { parseQuery } from '../../../local/cls/query.ts';

const LOG = new Map([
  ['status', '500'],
  ['level', 'error'],
  ['message', 'no "access" to \\\\disk'],
  ['seconds', '-0.25'],
  ['empty', ''],
  ['hex', '0x10'],
]);

test.each([
  ['op_eq(v("level"), "error")', true],
  ['op_eq(v("level"), "Error")', false],
  ['op_eq(v("status"), 500)', true],
  ['op_eq(v("status"), 500.0)', true],
  ['op_eq(v("status"), "500.0")', false],
  ['op_eq(v("none"), "")', false],
  ['op_gt(v("status"), 499)', true],
  ['op_gt(v("status"), 500)', false],
  ['op_ge(v("status"), 500)', true],
  ['op_ge(v("status"), 501)', false],
  ['op_lt(v("seconds"), -0.2)', true],
  ['op_lt(v("seconds"), -0.25)', false],
  ['op_le(v("seconds"), -0.25)', true],
  ['op_le(v("seconds"), -0.26)', false],
  // What is no number is neither more nor less.
  ['op_lt(v("level"), 1)', false],
  ['op_lt(v("empty"), 1)', false],
  ['op_le(v("none"), 1)', false],
  ['op_gt(v("hex"), 1)', false],
  ['str_exist(v("message"), "access")', true],
  ['str_exist(v("message"), "\\"access\\" to \\\\")', true],
  ['str_exist(v("message"), "Access")', false],
  ['str_exist(v("none"), "access")', false],
  ['op_and(op_gt(v("status"), 400), str_exist(v("message"), "access"))', true],
  ['op_and(op_gt(v("status"), 400), op_gt(v("status"), 500), op_gt(v("status"), 300))', false],
  ['op_or(op_gt(v("status"), 500), op_eq(v("level"), "error"))', true],
  ['op_or(op_gt(v("status"), 500), op_eq(v("level"), "warn"))', false],
  ['op_not(op_eq(v("level"), "error"))', false],
  ['  op_not ( op_eq( v( "none" ),"x" ) )  ', true],
])('%s: %s', (condition, expected) => {
  expect(parseQuery(` log_keep(${condition}) `)(LOG)).toBe(expected);
});

test.each([
  '',
  '*',
  'level:error',
  'log_drop(op_eq(v("level"), "error"))',
  'log_keep()',
  'log_keep(True)',
  'log_keep("error")',
  'log_keep(op_eq(v("a"), "b"), op_eq(v("a"), "c"))',
  'log_keep(op_eq(v("a"), "b")) log_keep(op_eq(v("a"), "c"))',
  'log_keep(op_eq(v("a"), "b")',
  'log_keep(op_eq(v("a") "b"))',
  'log_keep(op_eq(v("a") "b" "c"))',
  'log_keep(op_eq(w("a"), "b"))',
  'log_keep(op_gt(v("a"), 1.2.3))',
  'log_keep(op_eq(v("a")))',
  'log_keep(op_eq(v("a"), "b",))',
  'log_keep(op_eq(v("a"), v("b")))',
  'log_keep(op_eq("b", v("a")))',
  'log_keep(op_eq(v("a", "b"), "c"))',
  'log_keep(op_eq(v(1), "c"))',
  'log_keep(op_gt(v("a"), "1"))',
  'log_keep(op_gt(v("a"), 0x10))',
  'log_keep(op_ne(v("a"), "1"))',
  'log_keep(str_exist(v("a"), 1))',
  'log_keep(str_exist(v("a"), "b", True))',
  'log_keep(str_exist(v("a"), "b", "c"))',
  'log_keep(op_not(op_eq(v("a"), "b"), op_eq(v("a"), "c")))',
  'log_keep(op_and())',
  'log_keep(op_or())',
  'log_keep(op_not())',
  'log_keep(v("a"))',
  `log_keep(${'op_not('.repeat(60)}op_eq(v("a"), "b")${')'.repeat(60)})`,
])('is refused rather than understood by half: %s', (query) => {
  expect(() => parseQuery(query)).toThrow('does not understand');
});
