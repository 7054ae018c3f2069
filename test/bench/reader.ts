import type { Value } from '../../src/core/value';
import { readClixml } from '../../src/psrp/clixml/reader';
import { writeClixml } from '../../src/psrp/clixml/writer';
import { interleave, perSecond, Series, timed } from './measure';
import type { Part, Row, Setting } from './result';

const texts = 50_000;
const goalIntsPerSecond = 200_000;

const loads: readonly { readonly what: string; readonly value: (index: number) => Value }[] = [
  { what: 'ints', value: (index) => ({ type: 'int32', value: index }) },
  { what: 'small objects', value: smallObject },
];

/** Our CLIXML reader and writer, one text for each value, as output records have it. */
export const reader: Part = {
  name: 'reader',
  how: `CLIXML alone, from text to value and back, ${texts} texts a round; 5 rounds, 2 to warm up. No peer, no limit`,
  run: async ({ effort }: Setting) => {
    const rows: Row[] = [];
    for (const { what, value } of loads) {
      const values = Array.from({ length: texts }, (_, index) => value(index));
      const written = values.map(writeClixml);
      const reading = new Series(async () => [
        await rateOf(() => written.forEach((text) => readClixml(text))),
      ]);
      const writing = new Series(async () => [await rateOf(() => values.forEach(writeClixml))]);
      await interleave([reading, writing], { rounds: Math.ceil(5 * effort), warmUp: 2 });
      const isFast = reading.median >= goalIntsPerSecond;
      const goal = { text: `${goalIntsPerSecond} ints/s`, isMet: isFast };
      rows.push(
        {
          what: `read ${what}`,
          unit: 'records/s',
          ours: reading.median,
          goal: what === 'ints' ? goal : undefined,
        },
        { what: `write ${what}`, unit: 'records/s', ours: writing.median },
      );
    }
    return rows;
  },
};

async function rateOf(work: () => void): Promise<number> {
  return perSecond(texts, await timed(async () => work()));
}

function smallObject(index: number): Value {
  return {
    type: 'object',
    typeNames: ['System.Management.Automation.PSCustomObject', 'System.Object'],
    adapted: [],
    extended: [
      { name: 'Id', value: { type: 'int32', value: index } },
      { name: 'Name', value: { type: 'string', value: `name ${index}` } },
      { name: 'IsOn', value: { type: 'bool', value: true } },
    ],
  };
}
