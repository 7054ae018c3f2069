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

describe('Python', () => {
  test.each([
    'if True:',
    'def f():  # comment',
    'def f():\n  return 1',
    '@cached',
    '"""open',
    "x = '''open\n",
    '[1,',
    'f(',
    '1 + \\',
  ])('%p goes on', (text) => {
    expect(isUnfinished(text, 'python')).toBe(true);
  });

  test.each([
    '1',
    '{"a": 1}',
    '"a ( b"',
    "'open",
    '# (',
    '# note:',
    '"""a\nb("""',
    "'''a\\''''",
    'x[1:]',
    'if True: f()',
  ])('%p does not', (text) => {
    expect(isUnfinished(text, 'python')).toBe(false);
  });
});

describe('bash', () => {
  test.each([
    'if true; then',
    'for x in 1 2; do\necho',
    'case x in\na) echo;;',
    'f() {',
    '"open',
    "'open",
    'cat <<X\nline',
    "cat <<-'X'",
    'echo $(',
    'a &&',
    'a |',
    'a \\',
    'while true; do if x; then y; fi',
  ])('%p goes on', (text) => {
    expect(isUnfinished(text, 'bash')).toBe(true);
  });

  test.each([
    'echo 1',
    'if true; then echo; fi',
    'for x in 1 2; do echo; done',
    'case x in a) echo;; esac',
    'f() { echo; }',
    '"a ( b"',
    '# comment (',
    'echo a#(b)',
    'cat <<X\n( "\nX',
    "cat <<-'X'; echo\n\tif\n\tX",
    'cat <<<"a"',
    'echo \\( \\"',
    'echo ${#x[@]}',
    'echo if',
    'echo case',
    "echo $'it\\'s'",
    'echo "a\\"("',
  ])('%p does not', (text) => {
    expect(isUnfinished(text, 'bash')).toBe(false);
  });
});
