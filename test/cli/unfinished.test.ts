import { isUnfinished } from '../../clients/cli/unfinished';

describe('PowerShell', () => {
  test.each([
    'if ($true) {',
    '"open',
    "'open",
    '@"\nline',
    "@'",
    '1 +`',
    '1..3 |',
    '<# open',
    '@(1,',
    'f "a`"',
    '"$(1',
  ])('%p goes on', (text) => {
    expect(isUnfinished(text, 'powershell')).toBe(true);
  });

  test.each([
    '1',
    'if ($true) { 1 }',
    '"a ( b"',
    "'it''s ('",
    '# comment (',
    '"a`"b"',
    "@'\n( \"\n'@",
    '<# ( #> 1',
    '`(',
    'a#(b)',
    '1 ``',
  ])('%p does not', (text) => {
    expect(isUnfinished(text, 'powershell')).toBe(false);
  });
});

describe('JavaScript', () => {
  test.each(['function f() {', '`open', '/* open', '[1,', 'f(', '1 + \\'])('%p goes on', (text) => {
    expect(isUnfinished(text, 'javascript')).toBe(true);
  });

  test.each(['1', '({a: 1})', '"a ( b"', "'open", '// (', '`a\\`(`', '"a\\"("', '/* ( */ 1', '}'])(
    '%p does not',
    (text) => {
      expect(isUnfinished(text, 'javascript')).toBe(false);
    },
  );
});
