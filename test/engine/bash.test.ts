import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { StreamRecord } from '../../src/core/record';
import type { Value } from '../../src/core/value';
import type { Engine } from '../../src/engine/engine';
import type { BashSources } from '../../src/engine/bash/open';
import { bashSources, openBashEngine } from '../support/bash-engine';
import { invocation, items, NoticeList, recordsOf, run, shortForm } from '../support/script-engine';

let engine: Engine;
const notices = new NoticeList();

beforeAll(async () => {
  engine = await openBashEngine({ onNotice: notices.add });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

function text(value: string): Value {
  return { type: 'string', value };
}

describe('P113 an open bash engine', () => {
  test('P113 tells what it is', () => {
    expect(engine.info.engine).toBe('bash');
    expect(engine.info.version).toMatch(/^\d+\.\d+/);
    expect(engine.info.runspaceId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(engine.info.processId).toBeGreaterThan(1);
  });

  test('P113 runs one command at a time', async () => {
    const first = recordsOf(engine, 'read -t 0.05 < <(sleep 1)');
    await expect(recordsOf(engine, '1')).rejects.toMatchObject({ code: 'SESSION_BUSY' });
    await first;
  });
});

describe('P30 kept from command to command', () => {
  test.each([
    ['variables', 'kept=5', 'echo "$kept"', ['line "5"']],
    ['arrays', 'list=(a "b c"); declare -A map=([k]=v)', 'echo "${list[1]} ${map[k]}"', ['line "b c v"']],
    ['functions', 'greet() { echo "hello $1"; }', 'greet you', ['line "hello you"']],
    ['aliases', 'alias hey="echo hey"', 'hey', ['line "hey"']],
    [
      'options',
      'set -o pipefail; shopt -s extglob',
      'false | true; echo $?; shopt -q extglob && echo ext; set +o pipefail',
      ['line "1"', 'line "ext"'],
    ],
    [
      'the current directory',
      'cd /usr',
      'pwd; cd - >/dev/null; pwd',
      ['line "/usr"', `line ${JSON.stringify(tmpdir())}`],
    ],
    ['the environment', 'export FROM_HERE=yes', 'env | grep FROM_HERE', ['line "FROM_HERE=yes"']],
    ['umask', 'umask 027', 'umask; umask 022', ['line "0027"']],
    ['positional parameters', 'set -- a b', 'echo $# $2; set --', ['line "2 b"']],
    [
      'open descriptors',
      'exec 7<<<"from seven"',
      'read -u 7 line; echo "$line"; exec 7<&-',
      ['line "from seven"'],
    ],
    ['background jobs', 'sleep 60 & child=$!', 'kill "$!"; wait "$child"; echo $?', ['line "143"']],
    [
      'a trap',
      'trap "echo got" USR1',
      'kill -USR1 $$; trap -p USR1; trap - USR1',
      ['line "got"', `line "trap -- 'echo got' SIGUSR1"`],
    ],
  ])('P30 %s', async (...[, first, second, expected]) => {
    await run(engine, first);
    expect(await run(engine, second)).toEqual([...expected, expect.stringMatching(/^completed/)]);
  });

  test('P30 the exit code of the command before', async () => {
    expect(await run(engine, 'echo out; (exit 3)')).toEqual(['line "out"', 'completed 3']);
    expect(await run(engine, 'echo $?')).toEqual(['line "3"', 'completed 0']);
  });
});

describe('P30 what ends a command and not the session', () => {
  test.each([
    ['exit', 'exit 3; echo not', 'completed 3'],
    ['exit in a function', 'f() { local kept=local; exit 4; }; f; echo not', 'completed 4'],
    [
      'exit in nested functions with locals',
      'g() { local kept=1 only=2; exit 5; }; f() { local kept=3; g; }; f',
      'completed 5',
    ],
    ['exit that is no function', 'builtin exit 6; echo not', 'completed 6'],
    ['return', 'return 7; echo not', 'completed 7'],
    ['exec of what is not there', 'exec /nonexistent/program 2>/dev/null', 'completed 127'],
    ['exec of what is not there, then exit', 'exec /nonexistent/program 2>/dev/null; exit 8', 'completed 8'],
    ['a signal', 'kill -TERM $$; echo not', expect.stringMatching(/^completed/)],
  ])('P30 %s', async (_, script, final) => {
    await run(engine, 'kept=here; list=(1 "2 3"); unset only');
    expect(await run(engine, script)).toEqual([final]);
    expect(await run(engine, 'echo "$kept ${list[1]} ${only-unset}"')).toEqual([
      'line "here 2 3 unset"',
      'completed 0',
    ]);
  });

  test('P30 set -e, whose option stays', async () => {
    await run(engine, 'kept=before');
    expect(await run(engine, 'set -e; kept=after; false; echo not')).toEqual(['completed 1']);
    expect(await run(engine, 'echo "$kept"; [[ $- == *e* ]] && echo on')).toEqual([
      'line "after"',
      'line "on"',
      'completed 0',
    ]);
    expect(await run(engine, 'f() { false; echo not; }; f')).toEqual(['completed 1']);
    expect(await run(engine, 'false || echo "still running"; set +e')).toEqual([
      'line "still running"',
      'completed 0',
    ]);
  });

  test('P30 set -u, whose option stays', async () => {
    expect(await run(engine, 'set -u; echo "$never_set"; echo not')).toEqual([
      'err bash: line 1: never_set: unbound variable',
      'completed 1',
    ]);
    expect(await run(engine, '[[ $- == *u* ]] && echo on; set +u')).toEqual(['line "on"', 'completed 0']);
  });

  test('P30 everything is there afterwards: functions, aliases, options, traps, read-only and binary values', async () => {
    await run(
      engine,
      [
        "f() { echo 'in f'; }; alias g='echo in g'; shopt -s nullglob; set -o noglob",
        'trap "echo usr1" USR1; trap "" USR2; declare -r fixed_value=1; declare -i number=4; declare -a empty=()',
        "bytes=$'\\377\\001\\n'; declare -n ref=number; export EXPORTED='a b'; exec 8<<<eight; set -- x 'y z'",
      ].join('\n'),
    );
    await run(engine, 'exit 1');
    const script = [
      'f; g; shopt -q nullglob && echo nullglob; [[ $- == *f* ]] && echo noglob; kill -USR1 $$; kill -USR2 $$; ref=5; echo $number',
      'printf %s "$bytes" | od -An -tx1; env | grep ^EXPORTED; read -u 8 line; echo $line; echo "$2"; declare -p fixed_value empty',
      'trap - USR1 USR2; set +f; shopt -u nullglob; unset -n ref; set --',
    ].join('\n');
    expect(await run(engine, script)).toEqual([
      ...['in f', 'in g', 'nullglob', 'noglob', 'usr1', '5', ' ff 01 0a', 'EXPORTED=a b', 'eight', 'y z'].map(
        (line) => `line ${JSON.stringify(line)}`,
      ),
      'line "declare -r fixed_value=\\"1\\""',
      'line "declare -a empty=()"',
      'completed 0',
    ]);
  });
});

describe('traps', () => {
  test('on EXIT run when a command exits, with its locals, and may exit themselves', async () => {
    expect(await run(engine, 'f() { local file=x; trap \'echo "bye $? $file"\' EXIT; exit 9; }; f')).toEqual([
      'line "bye 9 x"',
      'completed 9',
    ]);
    expect(await run(engine, "trap 'code=$?; echo clean; exit $((code + 1))' EXIT; set -e; false")).toEqual([
      'line "clean"',
      'completed 2',
    ]);
    expect(await run(engine, 'set +e; trap -p EXIT')).toEqual(['completed 0']);
  });

  test('on EXIT run when the session is closed, but not at the end of a command', async () => {
    const told: string[] = [];
    const other = await openBashEngine({ onNotice: (record) => told.push(shortForm(record)) });
    expect(await run(other, "trap 'echo closing' EXIT; trap -p EXIT")).toEqual([
      `line "trap -- 'echo closing' EXIT"`,
      'completed 0',
    ]);
    expect(await run(other, '(trap "echo sub" EXIT); echo end')).toEqual([
      'line "sub"',
      'line "end"',
      'completed 0',
    ]);
    await other.close();
    expect(told).toEqual(['line "closing"']);
  });

  test("on ERR and DEBUG are the shell's own", async () => {
    expect(await run(engine, "trap 'echo error $?' ERR; (exit 3); false || true; (exit 4)")).toEqual([
      'line "error 3"',
      'line "error 4"',
      'completed 4',
    ]);
    expect(await run(engine, "trap - ERR; trap 'echo debug' DEBUG; :; trap - DEBUG")).toContain(
      'line "debug"',
    );
  });
});

describe('P60 streams', () => {
  test('P60 stdout is output lines, stderr information, each in its order', async () => {
    const records = await recordsOf(
      engine,
      'echo 1; echo a >&2; ls /nonexistent-folder; echo 2; printf "no line end"',
    );
    const output = records.filter(({ stream }) => stream === 'output');
    expect(output.map(shortForm)).toEqual(['line "1"', 'line "2"', 'line "no line end"']);
    const errors = records.filter(({ stream }) => stream === 'information');
    expect(errors.map(shortForm)).toEqual(['err a', expect.stringContaining('nonexistent-folder')]);
  });

  test('P68 no output is a final record alone, an empty line is an empty text', async () => {
    expect(await run(engine, '')).toEqual(['completed 0']);
    expect(await run(engine, '# nothing')).toEqual(['completed 0']);
    expect(await run(engine, 'echo')).toEqual(['line ""', 'completed 0']);
  });

  test('a script that is no bash is an error, and nothing of it runs', async () => {
    const records = await recordsOf(engine, 'echo first\necho )');
    expect(records).toMatchObject([
      { stream: 'error', category: 'ParserError', fullyQualifiedErrorId: 'SyntaxError' },
      { stream: 'final', state: 'failed', exitCode: 2, reason: { code: 'SCRIPT_FAILED' } },
    ]);
    expect(shortForm(records[0] as StreamRecord)).toMatch(/line 2: syntax error near unexpected token/);
    expect(await run(engine, "echo 'open")).toEqual([
      expect.stringContaining('error'),
      'failed 2 SCRIPT_FAILED',
    ]);
  });

  test.each([
    ['quotes', `echo 'it'"'"'s' "\\"x\\"" $'a\\tb'`, ['it\'s "x" a\tb']],
    ['a here-document', 'cat <<X\na $((1+1))\nX', ['a 2']],
    ['a comment at the end', 'echo a # comment', ['a']],
    ['a backslash at the end', 'echo a \\', ['a']],
    ['a process substitution', 'cat <(echo inner)', ['inner']],
    [
      'a co-process',
      'coproc cat; echo x >&"${COPROC[1]}"; read -u "${COPROC[0]}" y; echo "$y"; kill "$COPROC_PID"; wait "$COPROC_PID" 2>/dev/null; true',
      ['x'],
    ],
    [
      'options for what is parsed later',
      'shopt -u extglob\nshopt -s extglob\n[[ ab == +(a|b) ]] && echo matches',
      ['matches'],
    ],
    ['loops that are left', 'for x in 1 2; do break; done; echo $x', ['1']],
    ['letters of any alphabet', 'x="žluťoučký 🐎"; echo "${x}"', ['žluťoučký 🐎']],
    ['/dev/stderr and /dev/stdout', 'echo a >/dev/stdout; echo b | tee /dev/stdout', ['a', 'b', 'b']],
  ])('a script with %s', async (_, script, lines) => {
    expect(await run(engine, script)).toEqual([
      ...lines.map((line) => `line ${JSON.stringify(line)}`),
      'completed 0',
    ]);
  });

  test('a here-document without an end ends with the script, and bash says so', async () => {
    const records = await run(engine, 'cat <<X\nline');
    expect(records).toContain('line "line"');
    expect(records).toContainEqual(expect.stringMatching(/^err bash: .*here-document/));
    expect(records).toHaveLength(3);
  });

  test('bytes that are no text harm nothing', async () => {
    const records = await run(engine, "printf 'a\\377\\0b\\n'; head -c 100000 /dev/urandom; echo; echo end");
    expect(records[0]).toBe('line "a\uFFFD\\u0000b"');
    expect(records.slice(-2)).toEqual(['line "end"', 'completed 0']);
  });

  test('a script of a megabyte', async () => {
    expect(await run(engine, `x='${'y'.repeat(1_000_000)}'; echo \${#x}`)).toEqual([
      'line "1000000"',
      'completed 0',
    ]);
  });

  test('a flood of a native program comes whole', async () => {
    let size = 0;
    for await (const batch of engine.invoke(
      invocation(`head -c 20000000 /dev/zero | tr '\\0' x | fold -w 999`),
    ))
      for (const record of batch)
        if (record.stream === 'output' && record.value.type === 'string') size += record.value.value.length;
    expect(size).toBe(20_000_000);
  });

  test('what background jobs write later are notices', async () => {
    notices.clear();
    expect(await run(engine, '(read -t 0.3 < <(sleep 1); echo late; echo late too >&2) &')).toEqual([
      'completed 0',
    ]);
    expect((await notices.take(2)).toSorted()).toEqual(['err late too', 'line "late"']);
    await run(engine, 'wait');
  });
});

describe('P12 arguments and input', () => {
  test('P12 positional arguments are words of their own', async () => {
    const values: Value[] = [
      text("a b'c"),
      { type: 'int32', value: 5 },
      { type: 'bool', value: true },
      { type: 'null' },
      { type: 'list', items: [text('x'), text('y z')] },
      { type: 'double', value: 1.5 },
      { type: 'int64', value: 2n ** 60n },
      { type: 'bytes', value: new Uint8Array([0xff, 0x41]) },
    ];
    const given = { arguments: values.map((value) => ({ value })) };
    expect(await run(engine, 'printf "<%s>" "$@" | od -An -c -w100; echo $#', given)).toEqual([
      expect.stringContaining(
        "<   a       b   '   c   >   <   5   >   <   t   r   u   e   >   <   >   <   x   >   <   y       z   >",
      ),
      'line "9"',
      'completed 0',
    ]);
    expect(await run(engine, 'echo $#')).toEqual(['line "0"', 'completed 0']);
  });

  test('P12 named arguments are variables of the command, in its environment', async () => {
    await run(engine, 'given=session');
    const given = { arguments: [{ name: 'given', value: text('for this one') }, { value: text('first') }] };
    expect(await run(engine, 'echo "$given $1"; env | grep ^given=', given)).toEqual([
      'line "for this one first"',
      'line "given=for this one"',
      'completed 0',
    ]);
    expect(await run(engine, 'exit 2', given)).toEqual(['completed 2']);
    expect(await run(engine, 'echo $given')).toEqual(['line "session"', 'completed 0']);
  });

  test.each<[string, Value, string | undefined]>([
    ['a dictionary', { type: 'dictionary', entries: [] }, undefined],
    ['a secure string', { type: 'secureString', sealed: 'x' }, undefined],
    ['a NUL', text('a\0b'), undefined],
    ['a name that is none', text('a'), 'no-name'],
    ['a name that nobody can set', text('a'), 'UID'],
  ])('P12 %s is refused', async (_, value, name) => {
    const given = { arguments: [{ value, ...(name === undefined ? {} : { name }) }] };
    expect(await run(engine, 'echo not', given)).toEqual(['failed INVALID_ARGUMENT']);
    expect(await run(engine, 'echo ok')).toEqual(['line "ok"', 'completed 0']);
  });

  test('P12 input comes as lines on stdin', async () => {
    const input = items(text('one'), { type: 'int32', value: 2 }, { type: 'null' }, text('a b  '));
    expect(await run(engine, 'while IFS= read -r line; do echo "<$line>"; done', { input })).toEqual([
      ...['<one>', '<2>', '<>', '<a b  >'].map((line) => `line "${line}"`),
      'completed 0',
    ]);
    const big = items(text('x'.repeat(500_000)), { type: 'bytes', value: new Uint8Array([0, 1]) });
    expect(await run(engine, 'wc -c', { input: big })).toEqual(['line "500004"', 'completed 0']);
    expect(await run(engine, 'wait; cat', { input: items(text('after wait')) })).toEqual([
      'line "after wait"',
      'completed 0',
    ]);
    expect(await run(engine, 'cat; read -r nothing')).toEqual(['completed 1']);
  });

  test('P12 input is pulled only as it is read', async () => {
    let pulled = 0;
    let isOver = false;
    async function* endless(): AsyncGenerator<Value> {
      try {
        for (;;) {
          pulled += 1;
          yield text('x'.repeat(10_000));
        }
      } finally {
        isOver = true;
      }
    }
    expect(await run(engine, 'read -r line; echo ${#line}', { input: endless() })).toEqual([
      'line "10000"',
      'completed 0',
    ]);
    expect(isOver).toBe(true);
    expect(pulled).toBeLessThan(40);
    expect(await run(engine, 'cat', { input: items(text('next')) })).toEqual(['line "next"', 'completed 0']);
  });

  test('P12 input that is no text fails the command', async () => {
    const input = items(text('good'), { type: 'dictionary', entries: [] });
    const records = await run(engine, 'cat; echo not', { input });
    expect(records.at(-1)).toBe('failed INVALID_ARGUMENT');
    expect(await run(engine, 'echo ok')).toEqual(['line "ok"', 'completed 0']);
  });

  test('P01 a new scope keeps nothing', async () => {
    await run(engine, 'kept=1; cd /');
    expect(await run(engine, 'kept=2; inner=3; cd /usr; echo $kept; exit 5', { newScope: true })).toEqual([
      'line "2"',
      'completed 5',
    ]);
    expect(await run(engine, 'echo $kept ${inner-none} $PWD')).toEqual(['line "1 none /"', 'completed 0']);
  });
});

describe('what user code may do to the shell', () => {
  test.each([
    ['close its descriptors', 'exec 0<&- 1>&- 2>&-'],
    ['redirect its output', `exec >/dev/null 2>&1 </dev/null; echo hidden`],
    ['trace', 'set -x; true'],
    ['be verbose', 'set -v'],
    [
      'define functions like our builtins',
      'printf() { echo fake; }; read() { echo fake; }; eval() { echo fake; }; source() { echo fake; }; exec() { echo fake; }; trap() { echo fake; }; declare() { echo fake; }; set() { echo fake; }; shopt() { :; }; kill() { :; }; return() { :; }; unset() { :; }',
    ],
    ['define builtin', 'builtin() { echo fake; }'],
    [
      'define aliases like builtins',
      "alias printf='echo fake' source='echo fake' builtin='echo fake' if='echo fake' exit='echo fake' trap='echo fake'",
    ],
    ['change IFS', 'IFS=0123456789abcdef_:'],
    ['change the locale', 'export LC_ALL=C LANG=C'],
    ['fix what it likes', 'readonly IFS PATH LC_ALL PS4 REPLY'],
    ['set prompts', "PROMPT_COMMAND='echo prompt' PS1='$(echo prompt) ' PS4='x'"],
    ['set BASH_ENV', 'export BASH_ENV=/nonexistent'],
    ['use posix mode', 'set -o posix'],
    ['export its options', 'export SHELLOPTS BASHOPTS; set -e'],
    ['ignore case and unknown globs', 'shopt -s nocasematch failglob dotglob extdebug'],
    ['print our own names', 'declare -p; declare -f; set'],
    ['set off traps', 'trap : DEBUG RETURN ERR INT TERM USR1 CHLD'],
    ['signal its whole group', 'trap "" TERM; kill -TERM 0'],
    ['use job control', 'set -m; sleep 0.01 & wait'],
  ])('%s, and the session goes on, also after an exit', async (_, script) => {
    await using other = await openBashEngine();
    await recordsOf(other, script);
    expect(
      (await recordsOf(other, '\\builtin echo ok'))
        .filter(({ stream }) => stream !== 'information')
        .map(shortForm),
    ).toEqual(['line "ok"', 'completed 0']);
    expect((await run(other, '\\builtin exit 3')).at(-1)).toBe('completed 3');
    const after = await recordsOf(other, '\\builtin echo "$?"');
    expect(after.filter(({ stream }) => stream !== 'information').map(shortForm)).toEqual([
      'line "3"',
      'completed 0',
    ]);
  });

  test("its environment can't break the runner", async () => {
    const environment = {
      PATH: process.env['PATH'] ?? '',
      LC_ALL: 'C.UTF-8',
      TMOUT: '1',
      BASH_ENV: '/nonexistent',
      SHELLOPTS: 'xtrace:errexit',
      POSIXLY_CORRECT: 'y',
      IFS: 'x',
      'BASH_FUNC_read%%': '() { echo fake; }',
    };
    await using other = await openBashEngine({ environment });
    expect(
      (await run(other, 'echo "$LC_ALL $TMOUT"; x=é; echo ${#x}')).filter((line) => !line.startsWith('err')),
    ).toEqual(['line "C.UTF-8 1"', 'line "1"', 'completed 0']);
  });

  test('without cat its output comes all the same', async () => {
    await using other = await openBashEngine({ sources: withoutCat() });
    const lines = await run(other, "for ((n = 0; n < 2000; n += 1)); do echo line $n; done; printf 'a\\0b'");
    expect(lines).toHaveLength(2002);
    expect(lines.slice(-3)).toEqual(['line "line 1999"', 'line "a\\u0000b"', 'completed 0']);
  });
});

function withoutCat(): BashSources {
  return { ...bashSources, runner: bashSources.runner.replaceAll('type -P cat', 'false') };
}

describe('P113 a bash that is lost', () => {
  test.each([
    ['kill -9', 'echo before; kill -9 $$', /SIGKILL/],
    ['exec', 'echo before; exec true', /exit code 0/],
  ])('P113 by %s: its command fails with the reason, its records are there', async (_, script, why) => {
    await using other = await openBashEngine();
    const records = await recordsOf(other, script);
    expect(records.map(shortForm)).toEqual(['line "before"', 'failed ENGINE_LOST']);
    expect(records.at(-1)).toMatchObject({ reason: { message: expect.stringMatching(why) as string } });
    expect(await other.ended).toMatchObject({ is: 'lost' });
  });

  test('P113 a program that is no bash does not start', async () => {
    await expect(openBashEngine({ program: '/bin/false' })).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
    });
    await expect(openBashEngine({ environment: { PATH: '/nonexistent' } })).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
    });
  });

  test('P113 closing it ends what it started', async () => {
    const other = await openBashEngine();
    const [first] = await recordsOf(other, 'set -m; sleep 1000 & echo $!');
    await other.close();
    const child = first?.stream === 'output' && first.value.type === 'string' ? first.value.value : '';
    expect(child).toMatch(/^\d+$/);
    const commandLine = `/proc/${child}/cmdline`;
    // Where process 1 reaps nothing it stays as a zombie, without one.
    expect(existsSync(commandLine) ? readFileSync(commandLine, 'utf8') : '').toBe('');
  });
});
