import { readClixml } from '../../src/psrp/clixml/reader';
import { writeClixml } from '../../src/psrp/clixml/writer';
import { corpusRecords } from '../support/corpus';
import { answerTo, exactJson, isUnordered } from '../support/live-object';

interface LiveRecord {
  readonly expression: string;
  readonly clixml: string;
  readonly checks: readonly { readonly path: string; readonly json: string }[];
}

const records = corpusRecords('live-objects.jsonl') as readonly LiveRecord[];
const titled = records.map((record, index) => [`${String(index)} ${record.expression}`, record] as const);

test('the corpus is there', () => {
  expect(records.length).toBeGreaterThanOrEqual(52);
  expect(records.reduce((sum, record) => sum + record.checks.length, 0)).toBeGreaterThanOrEqual(1251);
});

test.each(titled)('is what PowerShell sees of it: %s', (_, record) => {
  const value = readClixml(record.clixml);
  for (const { path, json } of record.checks) {
    const [answer, wanted] = [answerTo(value, path), exactJson(json)];
    expect({ path, answer: inOrder(answer, path) }).toEqual({ path, answer: inOrder(wanted, path) });
  }
});

test.each(titled)('is the same when it was written and read again: %s', (_, record) => {
  const value = readClixml(record.clixml);
  expect(readClixml(writeClixml(value))).toStrictEqual(value);
});

function inOrder(answer: unknown, path: string): unknown {
  return isUnordered(path) && Array.isArray(answer) ? answer.map(String).sort() : answer;
}
