import fc from 'fast-check';
import {
  isFinalChildState,
  jobStateOf,
  nextChildState,
  type ChildEvent,
  type ChildState,
} from '../../src/job/child-state';

const events: readonly ChildEvent[] = [
  'begun',
  'stopRequested',
  'wayLost',
  'wayBack',
  'endedWell',
  'endedBadly',
  'endedStopped',
];
const anyEvents = fc.array(fc.constantFrom(...events), { maxLength: 30 });

/** Where events lead, those that are illegal passed over. */
function walked(sequence: readonly ChildEvent[]): readonly ChildState[] {
  const states: ChildState[] = ['notStarted'];
  for (const event of sequence) {
    const next = nextChildState(states.at(-1) ?? 'notStarted', event);
    if (next !== undefined) states.push(next);
  }
  return states;
}

test('P70 P77: whatever happens to a child, it ends once, and nothing happens to it afterwards', () => {
  fc.assert(
    fc.property(anyEvents, (sequence) => {
      const states = walked(sequence);
      const finals = states.filter(isFinalChildState);
      expect(finals.length).toBeLessThanOrEqual(1);
      expect(states.slice(0, -1).some(isFinalChildState)).toBe(false);
    }),
  );
});

test('P77: a child that was asked to stop never runs again', () => {
  fc.assert(
    fc.property(anyEvents, (sequence) => {
      const states = walked(sequence);
      const stopping = states.indexOf('stopping');
      expect(stopping >= 0 && states.slice(stopping).some((state) => state === 'running')).toBe(false);
    }),
  );
});

test('P70 P77: a job is over when all its children are, and has failed where any has', () => {
  fc.assert(
    fc.property(
      fc.array(
        anyEvents.map((sequence) => walked(sequence).at(-1) ?? 'notStarted'),
        { minLength: 1 },
      ),
      (children) => {
        const state = jobStateOf(children, false);
        expect(isFinalChildState(state)).toBe(children.every(isFinalChildState));
        expect(state === 'failed').toBe(children.every(isFinalChildState) && children.includes('failed'));
      },
    ),
  );
});
