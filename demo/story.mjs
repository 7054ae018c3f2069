/** The same story in each engine's own words. */
const scripts = {
  powershell: {
    set: '$p = 40',
    read: '$p',
    add: '$p + 2',
    processId: '[Environment]::ProcessId',
    long: '1..10 | ForEach-Object { "record $_"; [Threading.Thread]::Sleep(500) }',
  },
  javascript: {
    set: 'let p = 40',
    read: 'p',
    add: 'p + 2',
    processId: 'process.pid',
    long: 'for (let i = 1; i <= 10; i++) { console.log("record " + i); await new Promise((go) => setTimeout(go, 500)); }',
  },
};

/** The main job on one engine; returns the process id of the engine that did it. */
export async function tell(terminal, engine) {
  const script = scripts[engine];
  const session = `${engine}-work`;
  const invoke = (text) => terminal.run('runspace', 'invoke', session, '--', text);

  terminal.say(`${engine}: a session, and a variable that the next call still has`);
  await terminal.run('runspace', 'new', session, '--engine', engine);
  await invoke(script.set);
  terminal.check('another process reads the variable', (await invoke(script.add)) === '42');
  const processId = await invoke(script.processId);

  terminal.say(`${engine}: a long command, whose client is killed while it runs`);
  await terminal.runUntilKilled(2, 'runspace', 'invoke', session, '--', script.long);
  const listed = await terminal.run('runspace', 'ls');
  terminal.check('the session is still there', listed.includes(session));

  terminal.say(`${engine}: the daemon is killed too, and the command goes on`);
  await killDaemon(terminal);
  const received = await terminal.run('runspace', 'receive', session, '--after', '0');
  terminal.check('every record is there, once and in order', received === allRecords);

  terminal.say(`${engine}: it is the same engine, with what it knew`);
  terminal.check('the variable still is 40', (await invoke(script.read)) === '40');
  terminal.check('the engine is the same process', (await invoke(script.processId)) === processId);

  terminal.say(`${engine}: the session is removed`);
  await terminal.run('runspace', 'rm', session);
  const left = await terminal.run('runspace', 'ls');
  terminal.check('it is listed no more', !left.includes(session));
  return Number(processId);
}

const allRecords = Array.from({ length: 10 }, (_, index) => `record ${index + 1}`).join('\n');

async function killDaemon(terminal) {
  const { pid } = JSON.parse(await terminal.ask('runspaced', 'status', '-o', 'json'));
  process.kill(Number(pid), 'SIGKILL');
  console.log(`$ kill -9 ${pid}    # the daemon`);
}
