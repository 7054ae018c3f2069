import * as fc from 'fast-check';
import { readClixmlDocument, writeClixmlDocument } from '../../src/psrp/clixml/document';
import { readClixml } from '../../src/psrp/clixml/reader';
import { writeClixml } from '../../src/psrp/clixml/writer';
import { anyValue } from '../support/value-arbitrary';

test('every canonical value is the same after it was written and read', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(readClixml(writeClixml(value))).toStrictEqual(value);
    }),
    { numRuns: 1000 },
  );
});

test('the items of a document are the same after it was written and read, streams included', () => {
  const item = fc.record(
    {
      value: fc.constantFrom('a', 'b').map((value) => ({ type: 'string' as const, value })),
      stream: fc.constantFrom('Output', 'Error'),
    },
    { requiredKeys: ['value'], noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(item), (items) => {
      expect(readClixmlDocument(writeClixmlDocument(items))).toStrictEqual(items);
    }),
  );
});
